import type { OfflineClerk } from '../options.js'
import type { Instance } from '../resources/instance.js'
import type { Route } from '../server/route.js'
import { liveRoutes } from './dashboard/live-routes.js'
import { machinePages } from './dashboard/machines.js'
import { oauthPages } from './dashboard/oauth.js'
import { organizationPages } from './dashboard/organizations.js'
import { rolePages } from './dashboard/roles.js'
import { get } from './dashboard/routes.js'
import { sessionPages } from './dashboard/sessions.js'
import { settingsPages } from './dashboard/settings.js'
import { userPages } from './dashboard/users.js'
import { webhookPages } from './dashboard/webhooks.js'
import { redirect } from './html.js'

/** Pages to see and change what the offline Clerk holds. They do nothing that {@link OfflineClerk} cannot. */
export function dashboardRoutes(instance: Instance, offline: () => OfflineClerk): Route[] {
  const dashboard = { instance, offline }
  return [
    get('/', () => redirect('/dashboard')),
    ...userPages(dashboard),
    ...organizationPages(dashboard),
    ...sessionPages(dashboard),
    ...webhookPages(dashboard),
    ...machinePages(dashboard),
    ...oauthPages(dashboard),
    ...rolePages(dashboard),
    ...settingsPages(dashboard),
    ...liveRoutes(dashboard),
  ]
}
