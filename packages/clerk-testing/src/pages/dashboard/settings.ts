import type { OfflineClerk } from '../../options.js'
import { invalidParameter } from '../../server/errors.js'
import type { Call, Route } from '../../server/route.js'
import { copyScriptPath, copySlot } from '../copy.js'
import { html, type Markup } from '../html.js'
import { action, choice, dashboardPage, field, table } from './forms.js'
import { type Dashboard, get, given, id, post } from './routes.js'

const faultKinds = {
  down: { down: true },
  hang: { hang: true },
  'slow (3 s)': { slowMs: 3000 },
  '429': { status: 429, headers: { 'retry-after': '5' } },
  '500': { status: 500 },
} as const

/** Tokens name the origin of the page they were made for, so the application is told the one a developer really uses. */
function environment({ env, tokens }: OfflineClerk, app: string | null): Markup {
  const known = env.CLERK_AUTHORIZED_PARTIES ?? ''
  const isOrigin = app !== null && URL.canParse(app) && /^https?:$/.test(new URL(app).protocol)
  const origin = isOrigin ? new URL(app).origin : known
  const variables: [string, string][] = [
    ...Object.entries({ ...env, CLERK_AUTHORIZED_PARTIES: origin }),
    ['CLERK_JWT_KEY', JSON.stringify(tokens.pem)],
  ]
  const text = variables.map(([name, value]) => `${name}=${value}`).join('\n')
  return html`<section><div class="title"><h2>Environment</h2>${copySlot('dotenv', 'the environment')}</div>
<form class="inline" method="get" action="/dashboard/settings">${field('app', 'Your application is at', app ?? origin)}<button>Show</button></form>
${app !== null && !isOrigin ? html`<p role="alert">That is no address like http://localhost:3000.</p>` : ''}
<pre id="dotenv">${text}</pre>
<details><summary>One by one</summary>${table(
    ['Variable', 'Value', 'Actions'],
    variables.map(([name, value]) => [
      html`<code>${name}</code>`,
      html`<code class="value" id="${name}">${value}</code>`,
      copySlot(name, name),
    ]),
  )}</details></section>`
}

export function settingsPages({ offline }: Dashboard): Route[] {
  const settings = ({ query }: Call) => {
    const { tokens, faults } = offline()
    return dashboardPage(
      'Settings',
      '/dashboard/settings',
      html`<h1>Settings</h1>${environment(offline(), query.get('app')?.trim() || null)}
<section><h2>Signing keys</h2>${table(
        ['Key', 'Actions'],
        tokens
          .jwks()
          .keys.map(({ kid }) => [
            html`<code>${kid}</code>`,
            kid === tokens.kid ? 'signs now' : action(`/dashboard/keys/${kid}/revoke`, 'Revoke', 'danger'),
          ]),
      )}${action('/dashboard/keys', 'Rotate')}</section>
<section><h2>Faults</h2>${table(
        ['Route', 'Fault'],
        [...faults.active].map(([route, fault]) => [route, JSON.stringify(fault)]),
      )}
<form class="inline" method="post" action="/dashboard/faults">${field('route', 'Route (* for all)', '*')}${choice('fault', 'Fault', Object.keys(faultKinds))}<button>Set</button></form>
${action('/dashboard/faults/clear', 'Clear all faults')}</section>`,
      { script: copyScriptPath },
    )
  }

  const toSettings = () => '/dashboard/settings'

  return [
    get('/dashboard/settings', settings),
    post('/dashboard/keys', () => offline().tokens.rotate(), toSettings),
    post('/dashboard/keys/:id/revoke', (call) => offline().tokens.revokeKey(id(call)), toSettings),
    post(
      '/dashboard/faults',
      (call) => {
        const kind = given(call, 'fault') ?? ''
        if (!Object.hasOwn(faultKinds, kind)) throw invalidParameter('fault', 'one of the list')
        offline().faults.set(given(call, 'route') ?? '', faultKinds[kind as keyof typeof faultKinds])
      },
      toSettings,
    ),
    post('/dashboard/faults/clear', () => offline().faults.clear(), toSettings),
  ]
}
