/** What an entry of the log takes from its subject, and where it stands in the log. */
export interface Narrowed {
  readonly place: number
  /** As in {@link NewChange}: `null` is a revocation for good. */
  readonly version: number | null
}

/**
 * Whether an entry says all that an earlier one of the same subject says, so that who reads the past needs the one alone. A
 * revocation says more than any version, and a version more than a lower one. Events come late: a later entry may say less.
 */
export function covers(one: Narrowed, other: Narrowed): boolean {
  if (one.place <= other.place) return false
  return one.version === null || (other.version !== null && one.version >= other.version)
}
