import type { Inbox, NewChange, OrganizationStore, UserRecord, UserStore } from '@acme/clerk-core/store'

/**
 * What a store says of itself. What it does not declare is reported as not declared, and the kit makes sure that it is
 * really absent: a capability cannot be hidden to get around its cases.
 */
export const capabilities = {
  users: 'implements UserStore',
  organizations: 'implements OrganizationStore',
  roles: 'organizations.findRole, listRoles, applyRole and removeRole',
  inbox: 'implements Inbox',
  linking: 'users.findLinkable and users.link',
  purge: 'users.purge',
  activity: 'users.touch',
  bulk: 'users.applyMany',
  listing: 'users.list and findMany, organizations.listOrganizations',
  'unique-email': 'the e-mail addresses of users are unique',
  'unique-username': 'the usernames of users are unique',
  'unique-phone': 'the phone numbers of users are unique',
  'unique-external-id': 'the external ids of users are unique',
  'unique-slug': 'the slugs of organisations are unique',
  'custom-columns': "user rows have columns of the application's own",
  outage: 'the connection to the database can be broken',
  contention: 'another writer can be put ahead of every write to a user',
  'late-commits': 'an entry of the log can be committed later than one that was appended after it',
  'multi-process': 'several processes can use one database',
} as const

export type Capability = keyof typeof capabilities

/** The parts of {@link Stores} under test; none is mandatory. */
export interface ConformanceStores {
  readonly users?: UserStore
  readonly organizations?: OrganizationStore
  readonly inbox?: Inbox
}

/** A row under the names of the record types of `@acme/clerk-core`; further columns do no harm. */
export type ProbedRow<Names extends string> = { readonly [Name in Names]: unknown }

/**
 * Reads the database **around** the store: with the bare driver, never through the code under test. Every method
 * answers all rows of its table; those that were emptied and those of the application's own included.
 */
export interface Probe {
  users?(): Promise<readonly ProbedRow<keyof UserRecord>[]>
  organizations?(): Promise<
    readonly ProbedRow<'id' | 'clerkId' | 'name' | 'slug' | 'version' | 'deletedAt'>[]
  >
  memberships?(): Promise<
    readonly ProbedRow<
      'id' | 'clerkId' | 'orgId' | 'userId' | 'role' | 'createdAt' | 'version' | 'deletedAt'
    >[]
  >
  /** With 'roles'. */
  roles?(): Promise<readonly ProbedRow<'id' | 'clerkId' | 'key' | 'name' | 'version' | 'deletedAt'>[]>
  invitations?(): Promise<readonly ProbedRow<'id' | 'clerkId' | 'orgId' | 'status' | 'version'>[]>
  /** `body` is `null` or empty once dropped. */
  inbox?(): Promise<readonly { readonly id: string; readonly body: string | null }[]>
  /** The entries of the log, in the order of their positions. */
  log?(): Promise<readonly { readonly id: string }[]>
}

/** A row as the application itself makes one: without `clerkId`. */
export interface LocalUser {
  readonly email?: string | null
  readonly emailVerified?: boolean
  readonly username?: string | null
  /** With 'unique-phone'. */
  readonly phone?: string | null
  /** With 'unique-external-id'. */
  readonly externalId?: string | null
  readonly deletedAt?: Date | null
}

/** A column of user rows that no store of ours knows. */
export interface CustomColumn {
  write(rowId: unknown, value: string): Promise<void>
  read(rowId: unknown): Promise<string | null>
}

/** How a further process opens the same database: a module that exports {@link OpenStores} as `openStores`. */
export interface RaceProcesses {
  /** `file:` URL. */
  readonly module: string | URL
  /** Handed to `openStores`; JSON. */
  readonly data?: unknown
  /** Of Node, `['--import', 'tsx']` for a module in TypeScript. Default: none. */
  readonly execArgv?: readonly string[]
  /** Default 4. */
  readonly workers?: number
}

export type OpenStores = (data: unknown) => Promise<{
  readonly stores: ConformanceStores
  close?(): Promise<void>
}>

/** A store on an empty database, and what the kit needs around it. */
export interface StoreHarness {
  readonly stores: ConformanceStores
  readonly probe: Probe
  /** Empties every table. Called before each case. */
  reset(): Promise<void>
  /** With 'users': creates a row the way the application does, and answers its id as the store's rows hold it. */
  createLocalUser?(fields: LocalUser): Promise<unknown>
  /** With 'users': sets `isActive` of a row the way the application does, around the store. */
  setActive?(rowId: unknown, isActive: boolean): Promise<void>
  /** With 'custom-columns'. */
  readonly customColumn?: CustomColumn
  /** With 'outage': makes the driver fail until the function answered is called. */
  breakConnection?(): Promise<() => Promise<void>>
  /**
   * With 'inbox': makes so much time pass for it. A store whose clock can be set sets it on; for any other every time in the
   * tables of events and of the log is moved back by as much, around the store.
   */
  elapse?(ms: number): Promise<void>
  /**
   * With 'late-commits': appends the entry in a transaction of its own, around the store, and answers the function that
   * commits it. Where a position is given apart from the write (a counter), it is given at once, and the write is late.
   */
  appendLate?(change: NewChange): Promise<() => Promise<void>>
  /** With 'contention': the stores, but before each write to a user another writer changes that row in the database. */
  readonly contended?: ConformanceStores
  /** With 'multi-process'. */
  readonly processes?: RaceProcesses
  /** No race has more rounds than these. Default: each its own number, up to 40. Fewer rounds find a rare fault less often. */
  readonly raceRounds?: number
  close?(): Promise<void>
}
