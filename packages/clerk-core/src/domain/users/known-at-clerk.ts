import type { ClerkApi, UserFilter } from '../backend-api/clerk-api.js'
import { foldAddress } from '../store/rules/email.js'
import type { UserSnapshot } from '../store/user.js'
import type { MigrationOutcome } from './bulk.js'
import type { Identifiers } from './migration-row.js'

type MatchedBy = NonNullable<MigrationOutcome['matchedBy']>

/** A user at Clerk who has an identifier of a row. `isOther`: with another external id, so somebody else. */
export interface KnownUser {
  readonly userId: string
  readonly matchedBy: MatchedBy
  readonly isOther: boolean
}

type ReadUsers = Pick<ClerkApi, 'listUsers'>

/** In the order of what says most. Clerk reads a `+` or `-` before an external id as "with" or "without". */
const WAYS: readonly (readonly [
  by: MatchedBy,
  values: (row: Identifiers) => readonly string[],
  filter: (values: readonly string[]) => UserFilter,
  held: (user: UserSnapshot) => string | null | undefined,
])[] = [
  [
    'external_id',
    ({ externalId }) => (externalId === null ? [] : [externalId]),
    (ids) => ({ externalId: ids.map((id) => `+${id}`) }),
    ({ externalId }) => externalId,
  ],
  ['email_address', ({ emails }) => emails, (emailAddress) => ({ emailAddress }), ({ email }) => email],
  ['phone_number', ({ phones }) => phones, (phoneNumber) => ({ phoneNumber }), ({ phone }) => phone],
  [
    'username',
    ({ username }) => (username === null ? [] : [username]),
    (username) => ({ username }),
    ({ username }) => username,
  ],
]

const MOST = 100

/** Who of Clerk's users has an identifier of this row, secondary ones included. */
export async function findAtClerk(api: ReadUsers, row: Identifiers): Promise<KnownUser | null> {
  for (const [by, valuesOf, filter, held] of WAYS) {
    const values = valuesOf(row)
    if (values.length === 0) continue
    const users = await api.listUsers(filter(values), { limit: MOST })
    // An address may be a secondary one, which the answer does not show; an external id is compared exactly.
    const user = by === 'external_id' ? users.find((one) => held(one) === row.externalId) : users[0]
    if (user !== undefined) return knownAs(user, by, row)
  }
  return null
}

/**
 * The same for many rows in few questions. A user who has an identifier only as a secondary one is not found: Clerk refuses
 * the row then, and {@link findAtClerk} says why.
 *
 * @param thorough asks by every identifier. Else by the first of each row
 */
export async function findManyAtClerk(
  api: ReadUsers,
  rows: readonly Identifiers[],
  thorough: boolean,
): Promise<readonly (KnownUser | null)[]> {
  const found: (KnownUser | null)[] = rows.map(() => null)
  const asked: boolean[] = rows.map(() => false)
  for (const [by, valuesOf, filter, held] of WAYS) {
    const places = new Map<string, number[]>()
    const values: string[] = []
    for (const [index, row] of rows.entries()) {
      if (found[index] !== null || (asked[index] === true && !thorough)) continue
      for (const value of valuesOf(row)) {
        asked[index] = true
        values.push(value)
        places.set(folded(by, value), [...(places.get(folded(by, value)) ?? []), index])
      }
    }
    for (let from = 0; from < values.length; from += MOST) {
      for (const user of await api.listUsers(filter(values.slice(from, from + MOST)), { limit: 5 * MOST })) {
        for (const index of places.get(folded(by, held(user) ?? '')) ?? []) {
          const row = rows[index]
          if (row !== undefined) found[index] ??= knownAs(user, by, row)
        }
      }
    }
  }
  return found
}

const folded = (by: MatchedBy, value: string) => (by === 'external_id' ? value : foldAddress(value))

function knownAs(user: UserSnapshot, matchedBy: MatchedBy, { externalId }: Identifiers): KnownUser {
  const theirs = user.externalId ?? null
  return {
    userId: user.clerkId,
    matchedBy,
    isOther: externalId !== null && theirs !== null && externalId !== theirs,
  }
}
