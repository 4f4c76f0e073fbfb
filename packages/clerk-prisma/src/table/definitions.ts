/**
 * How a field is stored. `json` and `list` are `Json` columns (a `list` may be `String[]` where the database has it). A
 * `number` is one of milliseconds, a `moment` too, and may be empty; a `count` is any column of whole numbers.
 */
export type Kind = 'id' | 'text' | 'boolean' | 'number' | 'moment' | 'count' | 'date' | 'json' | 'list'

export interface FieldDefinition {
  readonly kind: Kind
  /** `optional`: may be mapped to `null`, then it is not stored. `extra`: is stored only when it is mapped. */
  readonly presence: 'required' | 'optional' | 'extra'
}

export interface TableDefinition {
  /** Name of the option, and what the model is called unless the option says otherwise. */
  readonly option: string
  readonly model: string
  readonly fields: Readonly<Record<string, FieldDefinition>>
  /** Fields that always have a value; every other one is `null` at times, in the row of a deletion at least. */
  readonly filled: readonly string[]
  /** By what rows are looked for. */
  readonly indexes: readonly (readonly string[])[]
  /** Synced fields that a schema may declare unique. */
  readonly mayBeUnique: readonly string[]
  /** Whether a row may be built from claims (version 0), which overwrite nothing. */
  readonly fromClaims?: true
  /** Written and read by SQL of its own, which extensions of the client do not see. */
  readonly raw?: true
}

const required = (kind: Kind) => ({ kind, presence: 'required' }) as const
const optional = (kind: Kind) => ({ kind, presence: 'optional' }) as const
const extra = (kind: Kind) => ({ kind, presence: 'extra' }) as const

export const USERS = {
  option: 'users',
  model: 'user',
  fields: {
    id: required('id'),
    clerkId: required('text'),
    email: required('text'),
    emailVerified: required('boolean'),
    username: optional('text'),
    phone: optional('text'),
    firstName: optional('text'),
    lastName: optional('text'),
    imageUrl: optional('text'),
    externalId: optional('text'),
    publicMetadata: optional('json'),
    banned: required('boolean'),
    deprovisioned: required('boolean'),
    isActive: required('boolean'),
    clerkCreatedAt: optional('date'),
    lastSignInAt: optional('date'),
    lastActiveAt: optional('date'),
    version: required('number'),
    deletedAt: required('date'),
    privateMetadata: extra('json'),
    locked: extra('boolean'),
  },
  filled: ['id', 'clerkId', 'emailVerified', 'banned', 'deprovisioned', 'isActive', 'version', 'locked'],
  indexes: [['deletedAt']],
  mayBeUnique: ['email', 'username', 'phone', 'externalId'],
  fromClaims: true,
} as const satisfies TableDefinition

export const ORGANIZATIONS = {
  option: 'organizations',
  model: 'organization',
  fields: {
    id: required('id'),
    clerkId: required('text'),
    name: required('text'),
    slug: optional('text'),
    imageUrl: optional('text'),
    publicMetadata: optional('json'),
    version: required('number'),
    deletedAt: required('date'),
    privateMetadata: extra('json'),
    membersCount: extra('count'),
    clerkCreatedAt: extra('date'),
  },
  filled: ['id', 'clerkId', 'version'],
  indexes: [],
  mayBeUnique: ['slug'],
} as const satisfies TableDefinition

export const MEMBERSHIPS = {
  option: 'memberships',
  model: 'membership',
  fields: {
    id: required('id'),
    clerkId: required('text'),
    orgId: required('text'),
    userId: required('text'),
    role: required('text'),
    permissions: required('list'),
    publicMetadata: optional('json'),
    createdAt: required('date'),
    version: required('number'),
    deletedAt: required('date'),
  },
  filled: ['id', 'clerkId', 'orgId', 'userId', 'permissions', 'createdAt', 'version'],
  indexes: [
    ['orgId', 'userId', 'createdAt'],
    ['orgId', 'createdAt'],
    ['userId', 'createdAt'],
  ],
  mayBeUnique: [],
} as const satisfies TableDefinition

/** Not `role`: that is what many applications call a model of their own. */
export const ROLES = {
  option: 'roles',
  model: 'clerkRole',
  fields: {
    id: required('id'),
    clerkId: required('text'),
    key: required('text'),
    name: optional('text'),
    permissions: required('list'),
    version: required('number'),
    deletedAt: required('date'),
  },
  filled: ['id', 'clerkId', 'permissions', 'version'],
  indexes: [['key']],
  mayBeUnique: [],
} as const satisfies TableDefinition

export const INVITATIONS = {
  option: 'invitations',
  model: 'invitation',
  fields: {
    id: required('id'),
    clerkId: required('text'),
    orgId: required('text'),
    email: required('text'),
    role: required('text'),
    status: required('text'),
    publicMetadata: optional('json'),
    expiresAt: required('date'),
    version: required('number'),
  },
  filled: ['id', 'clerkId', 'orgId', 'status', 'version'],
  indexes: [],
  mayBeUnique: [],
} as const satisfies TableDefinition

/** Written by SQL of its own: `src/stores/inbox.ts`. */
export const INBOX = {
  option: 'inbox',
  model: 'webhookEvent',
  fields: {
    id: required('id'),
    type: required('text'),
    timestamp: required('number'),
    subjects: required('text'),
    body: required('text'),
    status: required('text'),
    attempts: required('count'),
    succeeded: required('text'),
    error: required('text'),
    reason: required('text'),
    receivedAt: required('number'),
    dueAt: required('number'),
    leaseUntil: required('moment'),
    owner: required('text'),
    finishedAt: required('moment'),
  },
  filled: [
    'id',
    'type',
    'timestamp',
    'subjects',
    'body',
    'status',
    'attempts',
    'succeeded',
    'receivedAt',
    'dueAt',
  ],
  indexes: [['status', 'dueAt'], ['receivedAt'], ['finishedAt']],
  mayBeUnique: [],
  raw: true,
} as const satisfies TableDefinition

/** Written by SQL of its own: `src/stores/log.ts`. */
export const LOG = {
  option: 'changes',
  model: 'clerkChange',
  fields: {
    position: required('count'),
    at: required('number'),
    id: required('text'),
    type: required('text'),
    subjects: required('text'),
    narrows: required('text'),
    version: required('moment'),
  },
  filled: ['position', 'at', 'id', 'type', 'subjects'],
  indexes: [['at'], ['narrows', 'position']],
  mayBeUnique: [],
  raw: true,
} as const satisfies TableDefinition

type Fields<D extends TableDefinition, P> = {
  [F in keyof D['fields'] & string]: D['fields'][F]['presence'] extends P ? F : never
}[keyof D['fields'] & string]

/** Field of ours → field of the model; `null`: the model has none, and the record always says `null`. */
export type FieldMap<D extends TableDefinition, Column extends string = string> = {
  readonly [F in Fields<D, 'required' | 'extra'>]?: Column
} & { readonly [F in Fields<D, 'optional'>]?: Column | null }
