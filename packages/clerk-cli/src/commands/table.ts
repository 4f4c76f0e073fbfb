import type { Command } from '../command.js'
import { createAdministrator } from './administrators.js'
import { doctor } from './doctor.js'
import { init } from './init.js'
import { migrateUsers } from './migrate.js'
import { offline } from './offline.js'
import { reconcile } from './reconcile.js'
import { syncOrganizations, syncUsers } from './sync.js'
import { discardWebhooks, listWebhooks, pruneWebhooks, replayWebhooks, showWebhook } from './webhooks.js'

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  init,
  doctor,
  syncUsers,
  syncOrganizations,
  reconcile,
  migrateUsers,
  listWebhooks,
  showWebhook,
  replayWebhooks,
  discardWebhooks,
  pruneWebhooks,
  createAdministrator,
  offline,
]

/** What the first word of two says. */
export const GROUPS: Readonly<Record<string, string>> = {
  sync: 'Applies what Clerk has to the local rows.',
  migrate: 'Creates at Clerk what the application has.',
  webhooks: 'The inbox: lists, shows, replays, discards and prunes stored events.',
  administrators: 'Local users with an own login.',
}
