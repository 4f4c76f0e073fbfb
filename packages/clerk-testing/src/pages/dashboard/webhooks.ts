import { webhookFixture, webhookTypes } from '../../fixtures/webhook-fixture.js'
import { invalidParameter, notFound } from '../../server/errors.js'
import type { Call, Route } from '../../server/route.js'
import type { Attempt, Delivery } from '../../webhooks/delivery.js'
import type { Refusal } from '../../webhooks/refusal.js'
import { html, type Markup } from '../html.js'
import { action, check, choice, dashboardPage, field, moment, table } from './forms.js'
import { shown } from './links.js'
import { type Dashboard, get, id, post } from './routes.js'

export function webhookPages({ offline }: Dashboard): Route[] {
  const webhooks = () => {
    const { webhooks: own } = offline()
    const { chaos } = own
    return dashboardPage(
      'Webhooks',
      '/dashboard/webhooks',
      html`<h1>Webhooks</h1>
<section><h2>Endpoint</h2>${own.disabled ? html`<p role="alert">Disabled after five days of failure. Saving enables it.</p>` : ''}
<form class="inline" method="post" action="/dashboard/webhooks/endpoint">${field('url', 'URL', own.url ?? '', 'url')}<button>Save</button></form>
<form class="inline" method="post" action="/dashboard/webhooks/test">${choice('type', 'Test event', webhookTypes, 'user.created')}<button>Send</button></form></section>
${lastRefusal(own.deliveries)}
<section><h2>Chaos</h2><form class="inline" method="post" action="/dashboard/webhooks/chaos">
${check('duplicate', 'Duplicate', Boolean(chaos.active.duplicate))}${check('reorder', 'Reorder', Boolean(chaos.active.reorder))}${check('drop', 'Drop', Boolean(chaos.active.drop))}${check('concurrent', 'Concurrent', Boolean(chaos.active.concurrent))}
${field('delayMs', 'Delay (ms)', chaos.active.delayMs ?? 0, 'number')}<button>Apply</button></form></section>
<section><h2>Deliveries</h2>${table(
        ['Event', 'Status', 'Attempts', 'Sent', 'Actions'],
        [...own.deliveries]
          .reverse()
          .slice(0, shown)
          .map((delivery) => [
            html`<a href="/dashboard/webhooks/${delivery.id}">${delivery.type}</a>`,
            html`<span class="${delivery.status === 'succeeded' ? 'good' : delivery.status === 'failed' ? 'bad' : ''}">${delivery.status}</span>`,
            delivery.attempts.length,
            moment(delivery.event.timestamp),
            action(`/dashboard/webhooks/${delivery.id}/replay`, 'Replay'),
          ]),
      )}</section>`,
    )
  }

  const delivery = (call: Call) => {
    const found = offline().webhooks.deliveries.find((one) => one.id === id(call))
    if (!found) throw notFound('delivery')
    return dashboardPage(
      found.type,
      '/dashboard/webhooks',
      html`<h1>${found.type}</h1><section><p><code>${found.id}</code> · ${found.status}${found.nextAttemptAt === null ? '' : ` · next attempt ${moment(found.nextAttemptAt)}`}</p>
${action(`/dashboard/webhooks/${found.id}/replay`, 'Replay', 'primary')}</section>
${found.attempts.map(
  ({ at, response, error, refusal }, index) => html`<section><h2>Attempt ${index + 1}, ${moment(at)}</h2>
<p>${response ? `Answered ${response.status}` : `No answer: ${error ?? ''}`}</p>${refusal ? explained(refusal) : ''}<pre>${response?.body}</pre></section>`,
)}
<section><h2>Body</h2><pre>${JSON.stringify(found.event, null, 2)}</pre></section>`,
    )
  }

  const toWebhooks = () => '/dashboard/webhooks'

  return [
    get('/dashboard/webhooks', webhooks),
    get('/dashboard/webhooks/:id', delivery),
    post(
      '/dashboard/webhooks/endpoint',
      (call) => offline().webhooks.sendTo(endpointUrl(call.form.get('url'))),
      toWebhooks,
    ),
    post(
      '/dashboard/webhooks/test',
      (call) => {
        const type = webhookTypes.find((one) => one === call.form.get('type')) ?? 'user.created'
        offline().webhooks.send(type, webhookFixture(type).data)
      },
      toWebhooks,
    ),
    post(
      '/dashboard/webhooks/chaos',
      ({ form }) =>
        offline().webhooks.chaos({
          duplicate: form.has('duplicate'),
          reorder: form.has('reorder'),
          drop: form.has('drop'),
          concurrent: form.has('concurrent'),
          delayMs: Math.max(0, Number(form.get('delayMs')) || 0),
        }),
      toWebhooks,
    ),
    post(
      '/dashboard/webhooks/:id/replay',
      (call) => offline().webhooks.replay(id(call)),
      (call) => `/dashboard/webhooks/${id(call)}`,
    ),
  ]
}

/** Of the latest attempt: a table of "failed" says nothing. */
function lastRefusal(deliveries: readonly Delivery[]): Markup {
  const attempt = deliveries
    .flatMap(({ attempts }) => attempts)
    .reduce<Attempt | undefined>((last, one) => (last && last.at > one.at ? last : one), undefined)
  if (attempt?.refusal === undefined) return html``
  return html`<section><h2>The last delivery was not taken</h2>${explained(attempt.refusal)}</section>`
}

/** Why an endpoint did not take an event, and what to do, as in the log. */
const explained = ({ meaning, expected, remedy, link }: Refusal) =>
  html`<div role="alert"><p>${meaning} Expected: ${expected}.</p><p>${remedy} <a href="${link}">Read on</a></p></div>`

function endpointUrl(given: string | null): string | undefined {
  const url = given?.trim()
  if (!url) return undefined
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw invalidParameter('url', 'an http(s) URL')
  return url
}
