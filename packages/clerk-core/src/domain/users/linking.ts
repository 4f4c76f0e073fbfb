import { foldAddress, isSameAddress } from '../store/rules/email.js'
import { isStorable } from '../store/rules/input.js'
import { maySignIn } from '../store/rules/sign-in.js'
import type { UserRecord, UserSnapshot } from '../store/user.js'

/**
 * The one local row that a Clerk user may take over, before the application is asked: never by username, never by an
 * address that Clerk has not verified, never a row that has a `clerkId` or is deleted, and never one of several.
 *
 * `candidates` come from the store, whose collation may hold `é` and `e`, or `_` and any letter, for the same: they are
 * compared again here, exactly, but for the case of ASCII letters.
 */
export function linkCandidate<U extends UserRecord>(
  snapshot: UserSnapshot,
  candidates: readonly U[],
): U | null {
  const address = linkAddress(snapshot)
  if (address === null) return null
  const [only, another] = candidates.filter(
    ({ clerkId, deletedAt, email }) =>
      clerkId === null && deletedAt === null && isSameAddress(email, address),
  )
  return only !== undefined && another === undefined ? only : null
}

/** The address by which a snapshot may be linked, lower-cased; `null` when it may not be linked at all. */
export function linkAddress({ version, email, emailVerified }: UserSnapshot): string | null {
  // An address with U+0000 is stored without it: no row may be found by what the user did not prove.
  // Version 0 was built from claims, which the application's own template wrote: no word of Clerk's on the address.
  return version > 0 && emailVerified && email != null && isStorable(email) ? foldAddress(email) : null
}

/**
 * Default `canLink`: the row may sign in, and the person who registered it locally has proved the address there too. A row
 * that the application has switched off would lock its new owner out, or be switched on by a person it was closed to.
 */
export function rowIsVerified(row: UserRecord): boolean {
  return maySignIn(row) && row.emailVerified === true
}
