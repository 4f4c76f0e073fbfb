import { webhookFixture, webhookTypes } from '../../fixtures/webhook-fixture.js'
import { invalidParameter, notFound } from '../../server/errors.js'
import type { Call, Route } from '../../server/route.js'
import type { Attempt, Breakage, Delivery, Forged } from '../../webhooks/delivery.js'
import type { Refusal } from '../../webhooks/refusal.js'
import { html, type Markup } from '../html.js'
import { action, area, check, choice, dashboardPage, field, moment } from './forms.js'
import { list } from './list.js'
import { live } from './live.js'
import { revisionOf } from './live-routes.js'
import { type Dashboard, get, given, givenJson, id, pageAt, post } from './routes.js'

/** Each way to break a delivery: its button, and what an application should do. */
const breakages: Readonly<Record<Breakage, { label: string; expected: string }>> = {
  'wrong-signature': {
    label: 'Wrong signature',
    expected: 'Signed with another secret: the application should answer 400.',
  },
  late: { label: 'Late', expected: 'Signed ten minutes ago: the application should answer 400.' },
  twice: {
    label: 'Twice',
    expected: 'Two copies at the same time: the application should take both and act once.',
  },
  'out-of-order': {
    label: 'Out of order',
    expected:
      'The newer of two events about one object goes first: the application should end as the newer one says.',
  },
}

const isBreakage = (given: string): given is Breakage => Object.hasOwn(breakages, given)

export function webhookPages(dashboard: Dashboard): Route[] {
  const { offline } = dashboard

  const webhooks = (call: Call) => {
    const { webhooks: own } = offline()
    const { chaos } = own
    return dashboardPage(
      'Webhooks',
      '/dashboard/webhooks',
      html`<h1>Webhooks</h1>
<section><h2>Endpoint</h2>${own.disabled ? html`<p role="alert">Disabled after five days of failure. Saving enables it.</p>` : ''}
<form class="inline" method="post" action="/dashboard/webhooks/endpoint">${field('url', 'URL', own.url ?? '', 'url')}<button>Save</button></form>
<form class="inline" method="post" action="/dashboard/webhooks/test">${choice('type', 'Test event', webhookTypes, 'user.created')}<button>Send</button></form></section>
${live('last-refusal', lastRefusal(own.deliveries))}
<section><h2>Chaos</h2><form class="inline" method="post" action="/dashboard/webhooks/chaos">
${check('duplicate', 'Duplicate', Boolean(chaos.active.duplicate))}${check('reorder', 'Reorder', Boolean(chaos.active.reorder))}${check('drop', 'Drop', Boolean(chaos.active.drop))}${check('concurrent', 'Concurrent', Boolean(chaos.active.concurrent))}
${field('delayMs', 'Delay (ms)', chaos.active.delayMs ?? 0, 'number')}<button>Apply</button></form></section>
<section><h2>Deliveries</h2>${list<Delivery>(call, {
        name: 'deliveries',
        one: 'delivery',
        all: own.deliveries,
        matches: (one, needle) =>
          one.status === needle ||
          one.type.toLowerCase().includes(needle) ||
          one.id.toLowerCase().startsWith(needle) ||
          one.body.toLowerCase().includes(needle),
        headings: ['Event', 'Status', 'Attempts', 'Sent', 'Actions'],
        key: (one) => one.id,
        row: (one) => [
          html`<a href="${pageAt('webhooks', one.id)}">${one.type}</a>`,
          statusOf(one),
          one.attempts.length,
          moment(one.event.timestamp),
          action(`${pageAt('webhooks', one.id)}/replay`, 'Replay', '', { of: one.type }),
        ],
      })}</section>`,
      { revision: revisionOf(dashboard) },
    )
  }

  const delivery = (call: Call) => {
    const found = deliveryAt(call)
    const path = pageAt('webhooks', found.id)
    return dashboardPage(
      found.type,
      '/dashboard/webhooks',
      html`<h1>${found.type}</h1><section>${live(
        'delivery-state',
        html`<p><code>${found.id}</code> · ${statusOf(found)}${found.nextAttemptAt === null ? '' : html` · next attempt ${moment(found.nextAttemptAt)}`}</p>`,
      )}
${action(`${path}/replay`, 'Replay', 'primary')}</section>
<section><h2>Break it</h2><dl class="choices">${Object.entries(breakages).map(
        ([how, { label, expected }]) =>
          html`<dt>${action(`${path}/break/${how}`, label)}</dt><dd class="soft">${expected}</dd>`,
      )}</dl></section>
${live('attempts', html`${found.attempts.map(attemptSection).reverse()}`)}
<section><h2>Edit and send</h2><form method="post" action="${path}/edit">${field('type', 'Type', found.type)}${area('data', 'Data', found.event.data)}
<button class="primary">Send as a new event</button></form></section>
<section><details><summary>The whole body</summary><pre>${JSON.stringify(found.event, null, 2)}</pre></details></section>`,
      { revision: revisionOf(dashboard) },
    )
  }

  const deliveryAt = (call: Call): Delivery => {
    const found = offline().webhooks.deliveries.find((one) => one.id === id(call))
    if (!found) throw notFound('delivery')
    return found
  }

  const toWebhooks = () => '/dashboard/webhooks'
  const toMade = (call: Call, made?: Delivery) => pageAt('webhooks', made?.id ?? id(call))

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
    post('/dashboard/webhooks/:id/replay', (call) => offline().webhooks.replay(deliveryAt(call).id), toMade),
    post(
      '/dashboard/webhooks/:id/break/:how',
      (call) => {
        const how = call.param('how')
        if (!isBreakage(how)) throw invalidParameter('how', `one of ${Object.keys(breakages).join(', ')}`)
        return offline().webhooks.replay(deliveryAt(call).id, how)
      },
      toMade,
    ),
    post(
      '/dashboard/webhooks/:id/edit',
      async (call) => {
        deliveryAt(call)
        const type = given(call, 'type')
        if (type === null) throw invalidParameter('type', 'the type of an event, like user.updated')
        const sent = offline().webhooks.send(type, givenJson(call, 'data'))
        await offline().webhooks.settled()
        return sent
      },
      toMade,
    ),
  ]
}

const colours: Readonly<Partial<Record<Delivery['status'], string>>> = { succeeded: 'good', failed: 'bad' }
const statusOf = ({ status }: Delivery) => html`<span class="${colours[status] ?? ''}">${status}</span>`

function attemptSection({ at, response, error, refusal, broken }: Attempt, index: number): Markup {
  return html`<section><h2>Attempt ${index + 1}, ${moment(at)}${broken === undefined ? '' : ` (${breakages[broken].label.toLowerCase()})`}</h2>
<p>${response ? `Answered ${response.status}` : `No answer: ${error ?? ''}`}</p>${broken === undefined ? '' : verdict(broken, response)}${refusal ? explained(refusal) : ''}<pre>${response?.body}</pre></section>`
}

/** Of an attempt that should be refused. */
const verdict = (broken: Forged, response: Attempt['response']) => {
  if (!response) return ''
  return response.status >= 200 && response.status < 300
    ? html`<p role="alert">The application took it: ${wrong[broken]}.</p>`
    : html`<p class="good">The application did not take it, as it should be.</p>`
}

const wrong: Readonly<Record<Forged, string>> = {
  'wrong-signature': 'anybody can send it events',
  late: 'an event that somebody has recorded can be sent to it again',
}

/** Of the latest attempt: a table of "failed" says nothing. */
function lastRefusal(deliveries: readonly Delivery[]): Markup {
  const attempt = deliveries
    .flatMap(({ attempts }) => attempts)
    .filter(({ broken }) => broken === undefined)
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
