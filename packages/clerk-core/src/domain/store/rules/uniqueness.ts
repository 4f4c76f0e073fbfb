/** A row that holds a unique value which another row is about to take. */
export interface Holder {
  /** `null`: the row is the application's own. */
  readonly clerkId: string | null
  readonly version: number
  readonly deletedAt: Date | null
  /** Whether its owner has proved the value. Counts for e-mail addresses only; absent is no. */
  readonly emailVerified?: boolean
}

/** The row from Clerk, not deleted, that is about to be written with the value. */
export interface Contender {
  readonly version: number
  readonly emailVerified?: boolean
}

/** One reason for a holder from Clerk to give a value up. All that is named must be true of the holder. */
export interface Concession {
  readonly deleted?: true
  /** Its version is lower than this. */
  readonly versionBelow?: number
  readonly verified?: false
}

/**
 * When a row from Clerk gives a unique value up, each reason by itself: as data, so that a store can make it the condition
 * of its write.
 *
 * - A deleted row holds no unique value.
 * - An unverified e-mail address gives way to a verified one whatever the versions: a newer row that only claims an
 *   address must not take it from its owner.
 * - Else the lower version gives way. Of equal versions the holder keeps the value.
 *
 * A row without `clerkId` is the application's and never gives a value up, not even a deleted one: see {@link givesWay}.
 */
export function concessions(
  column: string,
  { version, emailVerified = false }: Contender,
): readonly Concession[] {
  if (column !== 'email') return [{ deleted: true }, { versionBelow: version }]
  return emailVerified
    ? [{ deleted: true }, { verified: false }, { versionBelow: version }]
    : [{ deleted: true }, { verified: false, versionBelow: version }]
}

/** Whether the holder of a unique value gives it up. Else the contender is stored without the value. */
export function givesWay(column: string, holder: Holder, contender: Contender): boolean {
  if (holder.clerkId === null) return false
  return concessions(column, contender).some(
    ({ deleted, versionBelow, verified }) =>
      (deleted === undefined || holder.deletedAt !== null) &&
      (versionBelow === undefined || holder.version < versionBelow) &&
      (verified === undefined || (holder.emailVerified ?? false) === verified),
  )
}

/** What a row holds in columns that it may not have. A row never says that it has verified an address it does not hold. */
export function emptied(columns: Iterable<string>): Readonly<Record<string, null | false>> {
  const fields: Record<string, null | false> = {}
  for (const column of columns) {
    fields[column] = null
    if (column === 'email') fields.emailVerified = false
  }
  return fields
}
