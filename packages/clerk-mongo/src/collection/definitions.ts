/** How a field is stored, and what an erased row holds in it: `false` for a boolean, else nothing. */
type Kind = 'text' | 'boolean' | 'number' | 'date' | 'json' | 'list'

export interface FieldDefinition {
  readonly kind: Kind
  /** `optional`: may be mapped to `null`, then it is not stored. */
  readonly presence: 'required' | 'optional'
}

export interface CollectionDefinition {
  /** Name of the option. */
  readonly option: string
  /** Every field that the stores write. A write of any other is refused before it is sent. */
  readonly fields: Readonly<Record<string, FieldDefinition>>
}

const required = (kind: Kind) => ({ kind, presence: 'required' }) as const
const optional = (kind: Kind) => ({ kind, presence: 'optional' }) as const

export const USERS = {
  option: 'users',
  fields: {
    clerkId: required('text'),
    email: required('text'),
    emailLower: required('text'),
    emailVerified: required('boolean'),
    username: optional('text'),
    phone: optional('text'),
    firstName: optional('text'),
    lastName: optional('text'),
    imageUrl: optional('text'),
    externalId: optional('text'),
    publicMetadata: optional('json'),
    privateMetadata: optional('json'),
    banned: required('boolean'),
    deprovisioned: required('boolean'),
    locked: optional('boolean'),
    isActive: required('boolean'),
    clerkCreatedAt: optional('date'),
    lastSignInAt: optional('date'),
    lastActiveAt: optional('date'),
    version: required('number'),
    deletedAt: required('date'),
  },
} as const satisfies CollectionDefinition

export const ORGANIZATIONS = {
  option: 'organizations',
  fields: {
    clerkId: required('text'),
    name: required('text'),
    slug: optional('text'),
    imageUrl: optional('text'),
    publicMetadata: optional('json'),
    privateMetadata: optional('json'),
    membersCount: optional('number'),
    clerkCreatedAt: optional('date'),
    version: required('number'),
    deletedAt: required('date'),
  },
} as const satisfies CollectionDefinition

export const MEMBERSHIPS = {
  option: 'memberships',
  fields: {
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
} as const satisfies CollectionDefinition

export const ROLES = {
  option: 'roles',
  fields: {
    clerkId: required('text'),
    key: required('text'),
    name: optional('text'),
    permissions: required('list'),
    version: required('number'),
    deletedAt: required('date'),
  },
} as const satisfies CollectionDefinition

export const INVITATIONS = {
  option: 'invitations',
  fields: {
    clerkId: required('text'),
    orgId: required('text'),
    email: required('text'),
    role: required('text'),
    status: required('text'),
    publicMetadata: optional('json'),
    clerkCreatedAt: optional('date'),
    expiresAt: required('date'),
    version: required('number'),
    deletedAt: required('date'),
  },
} as const satisfies CollectionDefinition

export const INBOX = {
  option: 'inbox',
  fields: {
    type: required('text'),
    timestamp: required('number'),
    subjects: required('list'),
    body: required('text'),
    status: required('text'),
    owner: required('text'),
    attempts: required('number'),
    succeeded: required('list'),
    error: required('text'),
    reason: required('text'),
    receivedAt: required('date'),
    dueAt: required('date'),
    leaseUntil: required('date'),
    finishedAt: required('date'),
  },
} as const satisfies CollectionDefinition

/** The last two are the counter's, which is a document among the entries. */
export const CHANGES = {
  option: 'changes',
  fields: {
    eventId: required('text'),
    type: required('text'),
    subjects: required('list'),
    narrows: required('text'),
    narrowing: required('boolean'),
    version: required('number'),
    at: required('date'),
    given: required('number'),
    givenAt: required('date'),
  },
} as const satisfies CollectionDefinition

export const DEFINITIONS = {
  users: USERS,
  organizations: ORGANIZATIONS,
  memberships: MEMBERSHIPS,
  roles: ROLES,
  invitations: INVITATIONS,
  inbox: INBOX,
  changes: CHANGES,
} as const satisfies Record<string, CollectionDefinition>

type Fields<D extends CollectionDefinition, P> = {
  [F in keyof D['fields'] & string]: D['fields'][F]['presence'] extends P ? F : never
}[keyof D['fields'] & string]

/** Field of ours → field of the documents; `null`: not stored, and the row always says `null` (or `false`). */
export type FieldMap<D extends CollectionDefinition> = {
  readonly [F in Fields<D, 'required'>]?: string
} & { readonly [F in Fields<D, 'optional'>]?: string | null }
