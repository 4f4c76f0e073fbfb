import { foldAddress, isSameAddress } from '../store/rules/email.js'
import { isStorable, isText } from '../store/rules/input.js'
import { maySignIn } from '../store/rules/sign-in.js'
import type { LinkBy, LinkKey, UserRecord, UserSnapshot } from '../store/user.js'

/**
 * The one local row that a Clerk user may take over, before the application is asked: never by username, never by an
 * address that Clerk has not verified, never a row that has a `clerkId` or is deleted, and never one of several.
 *
 * `candidates` come from the store, whose collation may hold `é` and `e`, or `_` and any letter, for the same. Addresses are
 * compared again here, exactly, but for the case of ASCII letters. External ids are compared by the store, which alone knows
 * the column that they are kept in.
 */
export function linkCandidate<U extends UserRecord>(key: LinkKey, candidates: readonly U[]): U | null {
  const [only, another] = candidates.filter(
    ({ clerkId, deletedAt, email }) =>
      clerkId === null && deletedAt === null && (!('email' in key) || isSameAddress(email, key.email)),
  )
  return only !== undefined && another === undefined ? only : null
}

/** What a snapshot may be linked by, one entry per way; `null`: not this way. */
export const LINK_KEYS: Readonly<Record<LinkBy, (snapshot: UserSnapshot) => LinkKey | null>> = {
  'verified-email': ({ version, email, emailVerified }) =>
    // An address with U+0000 is stored without it: no row may be found by what the user did not prove.
    isClerks(version) && emailVerified && email != null && isStorable(email)
      ? { email: foldAddress(email) }
      : null,
  // Only a holder of the secret key writes it. What no store takes for an id is the id of no row.
  'external-id': ({ version, externalId }) =>
    isClerks(version) && isText(externalId) ? { externalId } : null,
}

/** Version 0 was built from claims, which the application's own template wrote: that is no word of Clerk's. */
const isClerks = (version: number) => version > 0

/**
 * Default `canLink`: the row may sign in, and the person who registered it locally has proved an address by which it is
 * linked there too. A row that the application has switched off would lock its new owner out, or be switched on by a person
 * it was closed to.
 */
export function mayBeLinked(row: UserRecord, _snapshot: UserSnapshot, by: LinkBy): boolean {
  return maySignIn(row) && (by === 'external-id' || row.emailVerified === true)
}
