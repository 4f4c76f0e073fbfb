import type { Command } from '../command.js'
import { createAdministrator } from './administrators.js'
import { doctor } from './doctor.js'
import { offline } from './offline.js'
import { discardWebhooks, listWebhooks, pruneWebhooks, replayWebhooks, showWebhook } from './webhooks.js'

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  doctor,
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
  webhooks: 'the inbox: stored webhook events',
  administrators: 'local users with an own login',
}
