interface Versioned {
  readonly id: string
  readonly clerkId: string | null
  readonly version: number
  readonly deletedAt: Date | null
}

/**
 * Settles who of all `rows` holds a unique value, before `row` is stored: a deleted row holds none and takes none; a row that Clerk
 * does not know never gives one up; else the row with the lower version does.
 *
 * @returns the columns that `row` may not have
 */
export function settleUnique<R extends Versioned, C extends keyof R>(
  row: R,
  rows: Iterable<R>,
  columns: readonly C[],
  giveUp: (holder: R, column: C) => void,
): readonly C[] {
  if (columns.length === 0) return []
  if (row.deletedAt !== null) return columns
  const lost: C[] = []
  for (const other of rows) {
    if (other.id === row.id) continue
    for (const column of columns) {
      if (row[column] === null || other[column] !== row[column]) continue
      if (other.clerkId !== null && other.version < row.version) giveUp(other, column)
      else lost.push(column)
    }
  }
  return lost
}
