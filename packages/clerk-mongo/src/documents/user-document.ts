import {
  carried,
  EMPTY_USER,
  ERASED_VERSION,
  emptied,
  foldAddress,
  hasVerifiedAddress,
  storable,
  type UserSnapshot,
} from '@acme/clerk-core/store'
import type { Document } from 'mongodb'
import type { MongoUser } from '../rows.js'
import { dateOf, dateOrNull, textOrNull } from './fields.js'
import { decodeMetadata, encodeCarried } from './metadata.js'

/** Text columns of a user that Clerk fills, empty ones being absent from the document. */
const TEXTS = ['email', 'username', 'phone', 'firstName', 'lastName', 'imageUrl', 'externalId'] as const
const DATES = ['createdAt', 'lastSignInAt', 'lastActiveAt'] as const

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
    createdAt: dateOf(snapshot.createdAt),
    emailLower: typeof email === 'string' ? foldAddress(email) : email,
    emailVerified: hasVerifiedAddress(snapshot),
    publicMetadata: encodeCarried(publicMetadata),
    privateMetadata: encodeCarried(privateMetadata),
    banned,
    deprovisioned,
    locked,
  })
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

/** That a row is bare, as the condition of a write. */
export const WHILE_BARE = {
  $and: [
    { version: { $not: { $gt: 0 } } },
    ...Object.keys(EMPTY_USER).map((field) => ({ [field]: { $in: [null, false] } })),
  ],
}

export const ERASED: Document = { ...EMPTY_USER, emailLower: null, version: ERASED_VERSION }
