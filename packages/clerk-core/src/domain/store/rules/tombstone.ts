import { StoreInputError } from '../../../ground/errors.js'
import { checkTime } from './input.js'

/** Of several deletions the earliest counts. */
export function earliestDeletion(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other
  return one <= other ? one : other
}

/** The synced fields of a user of whom nothing is known: what the record of a deletion holds, and an erased row. */
export const EMPTY_USER = {
  email: null,
  emailVerified: false,
  username: null,
  phone: null,
  firstName: null,
  lastName: null,
  imageUrl: null,
  externalId: null,
  publicMetadata: null,
  privateMetadata: null,
  banned: false,
  deprovisioned: false,
  locked: false,
  clerkCreatedAt: null,
  lastSignInAt: null,
  lastActiveAt: null,
} as const

/** The same for an organisation. */
export const EMPTY_ORGANIZATION = {
  name: null,
  slug: null,
  imageUrl: null,
  publicMetadata: null,
  privateMetadata: null,
  membersCount: null,
  createdAt: null,
} as const

/** The same for a membership, whose identity is known. */
export const EMPTY_MEMBERSHIP = { role: null, permissions: [], publicMetadata: null } as const

/** The same for a role. */
export const EMPTY_ROLE = { key: null, name: null, permissions: [] } as const

/** What an invitation has where Clerk says nothing. */
export const EMPTY_INVITATION = { role: null, publicMetadata: null, expiresAt: null } as const

/**
 * Whether a row holds nothing from Clerk but its id and, maybe, a deletion. An absent field counts as empty: rows that the
 * application made may lack any.
 */
export function isBareUser(row: Readonly<Record<string, unknown>>): boolean {
  const isEmpty = (value: unknown) => value === undefined || value === null || value === false
  return (row.version ?? 0) === 0 && Object.keys(EMPTY_USER).every((field) => isEmpty(row[field]))
}

/** The version of an erased row: nothing outbids it, so that no late event fills the row again. */
export const ERASED_VERSION = Number.MAX_SAFE_INTEGER

const DAY_MS = 24 * 3600 * 1000

/** Svix repeats a delivery for about a day and a half; a week leaves room for an outage. */
const ERASED_AFTER_MS = 7 * DAY_MS

/**
 * Rows may be erased a week after their deletion at the earliest: until then late events have to find their versions.
 *
 * @param before milliseconds @param now milliseconds @throws {StoreInputError}
 */
export function checkPurge(before: unknown, now: unknown): void {
  checkTime(before, 'before')
  checkTime(now, 'now')
  if (before > now - ERASED_AFTER_MS)
    throw new StoreInputError('before must be at least 7 days ago: late events have to find what is stored.')
}
