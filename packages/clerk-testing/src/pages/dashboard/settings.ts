import { invalidParameter } from '../../server/errors.js'
import type { Route } from '../../server/route.js'
import { html } from '../html.js'
import { action, choice, dashboardPage, field, table } from './forms.js'
import { type Dashboard, get, given, id, post } from './routes.js'

const faultKinds = {
  down: { down: true },
  hang: { hang: true },
  'slow (3 s)': { slowMs: 3000 },
  '429': { status: 429, headers: { 'retry-after': '5' } },
  '500': { status: 500 },
} as const

export function settingsPages({ offline }: Dashboard): Route[] {
  const settings = () => {
    const { dotenv, tokens, faults } = offline()
    return dashboardPage(
      'Settings',
      '/dashboard/settings',
      html`<h1>Settings</h1><section><h2>Environment</h2><pre>${dotenv}</pre></section>
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
