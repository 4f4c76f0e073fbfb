import { ERASED_VERSION, type UserSnapshot } from '@acme/clerk-core/store'
import type { Row } from '../client/prisma-client.js'
import type { Table, Values } from '../table/table.js'

export const ACTIVITY = ['lastSignInAt', 'lastActiveAt'] as const

/** When a user was last seen: no part of what a version says, since Clerk gives a sign-in none. */
export function activityOf(told: Pick<UserSnapshot, (typeof ACTIVITY)[number]>): Values {
  const times = ACTIVITY.map((field) => [field, told[field]] as const)
  return Object.fromEntries(times.flatMap(([field, ms]) => (ms == null ? [] : [[field, new Date(ms)]])))
}

/** Those that are later than what the row has. */
export function laterThan(row: Row, times: Values): Values {
  return Object.fromEntries(
    Object.entries(times).filter(
      ([field, at]) => !(row[field] instanceof Date && row[field] >= (at as Date)),
    ),
  )
}

/**
 * Raises each time that is earlier, or empty, by one conditional statement: of two writers the later time stays, whoever is
 * first. A purged row stays empty.
 *
 * @returns those that were raised
 */
export async function raiseTimes(table: Table, clerkId: string, times: Values): Promise<Values> {
  const raised: Values = {}
  for (const [field, at] of Object.entries(times)) {
    if (!table.has(field)) continue
    const earlier = [{ [field]: null }, { [field]: { lt: at } }]
    const where = { clerkId, version: { lt: ERASED_VERSION }, OR: earlier }
    if ((await table.updateMany(where, { [field]: at })) > 0) raised[field] = at
  }
  return raised
}
