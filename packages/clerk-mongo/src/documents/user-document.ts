import {
  carried,
  ERASED_VERSION,
  emptied,
  foldAddress,
  hasVerifiedAddress,
  storable,
  type UserSnapshot,
} from '@acme/clerk-core/store'
import type { Document } from 'mongodb'
import { present } from '../collection/changes.js'
import { USERS } from '../collection/definitions.js'
import type { MongoUser } from '../rows.js'
import { dateOf, dateOrNull, textOrNull } from './fields.js'
import { decodeMetadata, encodeCarried } from './metadata.js'

/** Text columns of a user that Clerk fills, empty ones being absent from the document. */
const TEXTS = ['email', 'username', 'phone', 'firstName', 'lastName', 'imageUrl', 'externalId'] as const
/** Times that only grow: a session says when its user signed in, whatever version of the user it saw. */
const GROWING = ['lastSignInAt', 'lastActiveAt'] as const
const DATES = ['clerkCreatedAt', ...GROWING] as const

/** Fields by which a unique index makes a column unique. */
export const UNIQUE_USER_FIELDS = {
  email: 'email',
  emailLower: 'email',
  username: 'username',
  phone: 'phone',
  externalId: 'externalId',
} as const

/** What a row holds in columns that it may not have. */
export function emptiedUser(columns: Iterable<string>): Document {
  const fields = emptied(columns)
  return 'email' in fields ? { ...fields, emailLower: null } : fields
}

export function userDocument(snapshot: UserSnapshot): Document {
  const { publicMetadata, privateMetadata, banned, deprovisioned, locked } = snapshot
  const email = storable(snapshot.email)
  return carried({
    ...Object.fromEntries(TEXTS.map((column) => [column, storable(snapshot[column])])),
    clerkCreatedAt: dateOf(snapshot.createdAt),
    emailLower: typeof email === 'string' ? foldAddress(email) : email,
    emailVerified: hasVerifiedAddress(snapshot),
    publicMetadata: encodeCarried(publicMetadata),
    privateMetadata: encodeCarried(privateMetadata),
    banned,
    deprovisioned,
    locked,
  })
}

/** The times of a snapshot by which the row's are raised, whatever the versions. */
export function growingTimes(snapshot: UserSnapshot): Document {
  return present(Object.fromEntries(GROWING.map((field) => [field, dateOf(snapshot[field])])))
}

/** Flags that a new document has, where the snapshot does not say. */
export const NEW_USER = {
  ...{ emailVerified: false, banned: false, deprovisioned: false, locked: false },
  isActive: true,
} as const

/** A document as a row. The application's own rows may lack any of it. */
export function userRow<U extends MongoUser<unknown>>({ emailLower: _, ...document }: Document): U {
  const row = {
    ...document,
    ...Object.fromEntries(TEXTS.map((column) => [column, textOrNull(document[column])])),
    ...Object.fromEntries(DATES.map((column) => [column, dateOrNull(document[column])])),
    id: document._id,
    clerkId: textOrNull(document.clerkId),
    emailVerified: document.emailVerified === true,
    publicMetadata: decodeMetadata(document.publicMetadata),
    privateMetadata: decodeMetadata(document.privateMetadata),
    banned: document.banned === true,
    deprovisioned: document.deprovisioned === true,
    locked: document.locked === true,
    isActive: document.isActive !== false,
    version: typeof document.version === 'number' ? document.version : 0,
    deletedAt: dateOrNull(document.deletedAt),
  }
  return row as unknown as U
}

/** What stays of an erased row, and what the application's switch says. */
const NOT_ERASED = new Set(['clerkId', 'isActive', 'version', 'deletedAt'])

const ERASABLE = Object.entries(USERS.fields).filter(([field]) => !NOT_ERASED.has(field))

/** That a row is bare, as the condition of a write. @param has whether the documents have a field */
export const whileBare = (has: (field: string) => boolean) => ({
  $and: [
    { version: { $not: { $gt: 0 } } },
    ...ERASABLE.filter(([field]) => has(field)).map(([field]) => ({ [field]: { $in: [null, false] } })),
  ],
})

export const ERASED: Document = {
  ...Object.fromEntries(ERASABLE.map(([field, { kind }]) => [field, kind === 'boolean' ? false : null])),
  version: ERASED_VERSION,
}
