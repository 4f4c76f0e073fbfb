import type { UserSnapshot } from '@acme/clerk-core/store'
import type { Document } from 'mongodb'
import type { MongoUser } from '../rows.js'
import { dateOf, dateOrNull, textOrNull } from './fields.js'
import { decodeMetadata, encodeMetadata } from './metadata.js'

/** Text columns of a user that Clerk fills, empty ones being absent from the document. */
const TEXTS = ['email', 'username', 'phone', 'firstName', 'lastName', 'imageUrl', 'externalId'] as const
const DATES = ['createdAt', 'lastSignInAt', 'lastActiveAt'] as const

/** Every field of a user's document that a sync writes and an erasure empties. */
export const SYNCED_USER_FIELDS = [
  ...TEXTS,
  ...DATES,
  'emailLower',
  'emailVerified',
  'publicMetadata',
  'privateMetadata',
  'banned',
  'locked',
] as const

/** Fields by which a unique index makes a column unique. */
export const UNIQUE_USER_FIELDS = {
  email: 'email',
  emailLower: 'email',
  username: 'username',
  phone: 'phone',
  externalId: 'externalId',
} as const

/** A row without a column's value, and without what says something about that value. */
export function emptyUserColumn(column: string): Document {
  return column === 'email' ? { email: null, emailLower: null, emailVerified: false } : { [column]: null }
}

export function userDocument(snapshot: UserSnapshot): Document {
  const { email, publicMetadata, privateMetadata, banned, locked } = snapshot
  return {
    ...Object.fromEntries(TEXTS.map((column) => [column, snapshot[column]])),
    ...Object.fromEntries(DATES.map((column) => [column, dateOf(snapshot[column])])),
    emailLower: email?.toLowerCase() ?? null,
    emailVerified: email !== null && snapshot.emailVerified,
    publicMetadata: encodeMetadata(publicMetadata),
    ...(privateMetadata === undefined ? {} : { privateMetadata: encodeMetadata(privateMetadata) }),
    banned,
    locked,
  }
}

/** A document as a row. The application's own rows may lack any of it. */
export function userRow<U extends MongoUser<unknown>>({ emailLower: _, ...document }: Document): U {
  const deletedAt = dateOrNull(document.deletedAt)
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
    locked: document.locked === true,
    isActive: deletedAt === null && document.isActive !== false,
    version: typeof document.version === 'number' ? document.version : 0,
    deletedAt,
  }
  return row as unknown as U
}

/** Whether nothing from Clerk is in the document but its id and, maybe, a deletion. */
export function isBareUser(document: Document): boolean {
  const isEmpty = (value: unknown) => value === undefined || value === null || value === false
  return (document.version ?? 0) === 0 && SYNCED_USER_FIELDS.every((field) => isEmpty(document[field]))
}

/** The same, as the condition of a write. */
export const BARE_USER = {
  $and: [
    { version: { $not: { $gt: 0 } } },
    ...SYNCED_USER_FIELDS.map((field) => ({ [field]: { $in: [null, false] } })),
  ],
}
