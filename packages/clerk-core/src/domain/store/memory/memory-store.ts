import { type OptionRules, readOptions, rule } from '../../../ground/options/read-options.js'
import type { Stores } from '../stores.js'
import { type MemoryInbox, memoryInbox } from './memory-inbox.js'
import {
  type MemoryMembership,
  type MemoryOrganization,
  type MemoryOrganizationStore,
  memoryOrganizations,
} from './memory-organizations.js'
import { type MemoryUser, type MemoryUserStore, memoryUsers, type UniqueUserColumn } from './memory-users.js'

export interface MemoryStoreOptions {
  /** Columns whose values are unique, as they would be in a database. Default: none. */
  readonly unique?: readonly (UniqueUserColumn | 'slug')[]
  /** For `linking: 'external-id'`: the column of users that Clerk's `external_id` is compared with. Default `id`. */
  readonly externalIdColumn?: string
  /** The clock of the inbox, in milliseconds. Default: `Date.now`. */
  readonly now?: () => number
}

const OPTIONS: OptionRules<MemoryStoreOptions> = {
  unique: rule.texts,
  externalIdColumn: rule.text,
  now: rule.code,
}

export interface MemoryStores extends Stores<MemoryUser, MemoryMembership, MemoryOrganization> {
  users: MemoryUserStore
  organizations: MemoryOrganizationStore
  inbox: MemoryInbox
}

/**
 * The three stores in memory: to try things out, for tests, and as the reference of what a store does. It is gone with
 * the process and grows with every event.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function memoryStore(options?: MemoryStoreOptions): MemoryStores {
  const { unique = [], externalIdColumn, now } = readOptions('memoryStore', options, OPTIONS)
  return {
    users: memoryUsers(
      unique.filter((column) => column !== 'slug'),
      externalIdColumn,
    ),
    organizations: memoryOrganizations(unique.includes('slug')),
    inbox: memoryInbox(now === undefined ? {} : { now }),
  }
}
