import type { Instance } from '../../resources/instance.js'
import { allSessions, endSession } from '../../resources/sessions.js'
import type { Route } from '../../server/route.js'
import { html, type Markup } from '../html.js'
import { action, dashboardPage, moment, table } from './forms.js'
import { organizationLink, shown, userLink } from './links.js'
import { type Dashboard, get, id, post } from './routes.js'

export const sessionTable = (instance: Instance, wanted: (session: { user_id: string }) => boolean): Markup =>
  table(
    ['Session', 'User', 'Status', 'Organisation', 'Started', 'Actions'],
    allSessions(instance)
      .filter(wanted)
      .reverse()
      .slice(0, shown)
      .map((session) => [
        html`<code>${session.id}</code>`,
        userLink(instance, session.user_id),
        session.status,
        session.last_active_organization_id
          ? organizationLink(instance, session.last_active_organization_id)
          : '–',
        moment(session.created_at),
        session.status === 'active'
          ? html`<div class="row">${action(`/dashboard/sessions/${session.id}/end`, 'End')}${action(`/dashboard/sessions/${session.id}/revoke`, 'Revoke', 'danger')}</div>`
          : '',
      ]),
  )

export function sessionPages({ instance, offline }: Dashboard): Route[] {
  const toSessions = () => '/dashboard/sessions'
  return [
    get('/dashboard/sessions', () =>
      dashboardPage(
        'Sessions',
        '/dashboard/sessions',
        html`<h1>Sessions</h1><section>${sessionTable(instance, () => true)}</section>`,
      ),
    ),
    post('/dashboard/sessions/:id/end', (call) => endSession(instance, id(call), 'ended'), toSessions),
    post('/dashboard/sessions/:id/revoke', (call) => offline().revokeSession(id(call)), toSessions),
  ]
}
