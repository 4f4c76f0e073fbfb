import type { Instance } from '../../resources/instance.js'
import type { SessionJSON } from '../../resources/json.js'
import { allSessions, endSession } from '../../resources/sessions.js'
import { matches } from '../../resources/user-list.js'
import type { Call, Route } from '../../server/route.js'
import { html, type Markup } from '../html.js'
import { action, dashboardPage, moment } from './forms.js'
import { fromUser, organizationLink, userLink } from './links.js'
import { list } from './list.js'
import { revisionOf } from './live-routes.js'
import { backToUser, type Dashboard, get, id, post } from './routes.js'

export const sessionList = (
  instance: Instance,
  call: Call,
  all: readonly SessionJSON[],
  at: { prefix?: string; userId?: string } = {},
): Markup => {
  const hidden = at.userId === undefined ? undefined : fromUser(at.userId)
  return list(call, {
    name: 'sessions',
    one: 'session',
    ...(at.prefix === undefined ? {} : { prefix: at.prefix }),
    all,
    matches: (session, needle) => {
      const user = instance.state.users.get(session.user_id)
      return (
        session.status === needle ||
        session.id.toLowerCase().startsWith(needle) ||
        (user !== undefined && matches(user, needle))
      )
    },
    headings: ['Session', 'User', 'Status', 'Organisation', 'Started', 'Actions'],
    key: (session) => session.id,
    row: (session) => [
      html`<code>${session.id}</code>`,
      userLink(instance, session.user_id),
      session.status,
      session.last_active_organization_id
        ? organizationLink(instance, session.last_active_organization_id)
        : '–',
      moment(session.created_at),
      session.status === 'active' || session.status === 'pending'
        ? html`<div class="row">${action(`/dashboard/sessions/${session.id}/end`, 'End', '', { of: session.id, hidden })}${action(`/dashboard/sessions/${session.id}/revoke`, 'Revoke', 'danger', { of: session.id, hidden })}</div>`
        : '',
    ],
  })
}

export function sessionPages(dashboard: Dashboard): Route[] {
  const { instance, offline } = dashboard
  const next = backToUser(() => '/dashboard/sessions')
  return [
    get('/dashboard/sessions', (call) =>
      dashboardPage(
        'Sessions',
        '/dashboard/sessions',
        html`<h1>Sessions</h1><section>${sessionList(instance, call, allSessions(instance))}</section>`,
        { revision: revisionOf(dashboard) },
      ),
    ),
    post('/dashboard/sessions/:id/end', (call) => endSession(instance, id(call), 'ended'), next),
    post('/dashboard/sessions/:id/revoke', (call) => offline().revokeSession(id(call)), next),
  ]
}
