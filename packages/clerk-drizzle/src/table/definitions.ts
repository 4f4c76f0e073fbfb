/** A `number` is one of milliseconds, a `count` any whole number. */
export type Kind = 'id' | 'text' | 'boolean' | 'number' | 'count' | 'date' | 'json' | 'list'

type Fields = Readonly<Record<string, Kind>>

export interface TableDefinition {
  /** Its key among the tables and the options, and the name that the ready table is exported under. */
  readonly option: string
  readonly required: Fields
  /** Stored where the table has the column. */
  readonly optional: Fields
  /** Stored only where `fields` names the column. */
  readonly extra: Fields
  /** Fields that always have a value; every other one is `null` at times, in the row of a deletion at least. */
  readonly filled: readonly string[]
  /** By what rows are looked for. */
  readonly indexes: readonly (readonly string[])[]
  /** Synced fields that a schema may declare unique. */
  readonly mayBeUnique: readonly string[]
  /** By which a row is written, unique by itself. */
  readonly key: string
  /** Texts in which upper and lower case differ. */
  readonly exact: readonly string[]
  /** Whether a row may be built from claims (version 0), which overwrite nothing. */
  readonly fromClaims?: true
}

export const USERS = {
  option: 'users',
  required: {
    ...({ id: 'id', clerkId: 'text', email: 'text', emailVerified: 'boolean', banned: 'boolean' } as const),
    ...({ deprovisioned: 'boolean', isActive: 'boolean', version: 'number', deletedAt: 'date' } as const),
  },
  optional: {
    ...({ username: 'text', phone: 'text', firstName: 'text', lastName: 'text', imageUrl: 'text' } as const),
    ...({ externalId: 'text', publicMetadata: 'json', clerkCreatedAt: 'date' } as const),
    ...({ lastSignInAt: 'date', lastActiveAt: 'date' } as const),
  },
  extra: { privateMetadata: 'json', locked: 'boolean' },
  filled: ['id', 'clerkId', 'emailVerified', 'banned', 'deprovisioned', 'isActive', 'version', 'locked'],
  indexes: [['email'], ['deletedAt']],
  mayBeUnique: ['email', 'username', 'phone', 'externalId'],
  key: 'clerkId',
  exact: ['clerkId'],
  fromClaims: true,
} as const satisfies TableDefinition

export const ORGANIZATIONS = {
  option: 'organizations',
  required: { id: 'id', clerkId: 'text', name: 'text', version: 'number', deletedAt: 'date' },
  optional: { slug: 'text', imageUrl: 'text', publicMetadata: 'json' },
  extra: { privateMetadata: 'json', membersCount: 'count', clerkCreatedAt: 'date' },
  filled: ['id', 'clerkId', 'version'],
  indexes: [],
  mayBeUnique: ['slug'],
  key: 'clerkId',
  exact: ['clerkId'],
} as const satisfies TableDefinition

export const MEMBERSHIPS = {
  option: 'memberships',
  required: {
    ...({ id: 'id', clerkId: 'text', orgId: 'text', userId: 'text', role: 'text' } as const),
    ...({ permissions: 'list', createdAt: 'date', version: 'number', deletedAt: 'date' } as const),
  },
  optional: { publicMetadata: 'json' },
  extra: {},
  filled: ['id', 'clerkId', 'orgId', 'userId', 'permissions', 'createdAt', 'version'],
  indexes: [
    ['orgId', 'userId', 'createdAt'],
    ['orgId', 'createdAt'],
    ['userId', 'createdAt'],
  ],
  mayBeUnique: [],
  key: 'clerkId',
  exact: ['clerkId', 'orgId', 'userId'],
} as const satisfies TableDefinition

export const INVITATIONS = {
  option: 'invitations',
  required: {
    ...({ id: 'id', clerkId: 'text', orgId: 'text', email: 'text', role: 'text', status: 'text' } as const),
    ...({ expiresAt: 'date', version: 'number' } as const),
  },
  optional: { publicMetadata: 'json' },
  extra: {},
  filled: ['id', 'clerkId', 'orgId', 'status', 'version'],
  indexes: [],
  mayBeUnique: [],
  key: 'clerkId',
  exact: ['clerkId', 'orgId'],
} as const satisfies TableDefinition

export const ROLES = {
  option: 'clerkRoles',
  required: {
    ...({ id: 'id', clerkId: 'text', key: 'text', permissions: 'list' } as const),
    ...({ version: 'number', deletedAt: 'date' } as const),
  },
  optional: { name: 'text' },
  extra: {},
  filled: ['id', 'clerkId', 'permissions', 'version'],
  indexes: [['key']],
  mayBeUnique: [],
  key: 'clerkId',
  exact: ['clerkId', 'key'],
} as const satisfies TableDefinition

export const INBOX = {
  option: 'clerkInbox',
  required: {
    ...({ id: 'text', type: 'text', timestamp: 'number', subjects: 'text', body: 'text' } as const),
    ...({ status: 'text', attempts: 'count', succeeded: 'text', error: 'text', reason: 'text' } as const),
    ...({ receivedAt: 'number', dueAt: 'number', leaseUntil: 'number', owner: 'text' } as const),
    ...({ finishedAt: 'number' } as const),
  },
  optional: {},
  extra: {},
  filled: [
    ...(['id', 'type', 'timestamp', 'subjects', 'body', 'status', 'attempts', 'succeeded'] as const),
    ...(['receivedAt', 'dueAt'] as const),
  ],
  indexes: [['status', 'dueAt'], ['receivedAt'], ['finishedAt']],
  mayBeUnique: [],
  key: 'id',
  exact: ['id', 'subjects'],
} as const satisfies TableDefinition

export const LOG = {
  option: 'clerkChanges',
  required: {
    ...({ position: 'count', at: 'number', id: 'text', type: 'text', subjects: 'text' } as const),
    ...({ narrows: 'text', version: 'number' } as const),
  },
  optional: {},
  extra: {},
  filled: ['position', 'at', 'id', 'type', 'subjects'],
  indexes: [['at'], ['narrows', 'position']],
  mayBeUnique: [],
  key: 'position',
  exact: ['narrows'],
} as const satisfies TableDefinition

/** Names of the fields that `fields` may give another column. */
export type FieldOf<D extends TableDefinition> = keyof (D['required'] & D['optional'] & D['extra']) & string

export const TABLES: readonly TableDefinition[] = [
  ...[USERS, ORGANIZATIONS, MEMBERSHIPS, INVITATIONS, ROLES, INBOX, LOG],
]
