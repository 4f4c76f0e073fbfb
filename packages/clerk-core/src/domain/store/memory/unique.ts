import { emptied, givesWay, type Holder } from '../rules/uniqueness.js'

/**
 * Resolves who of all `rows` holds the unique values of `row`, before it is stored. `empty` takes columns from a holder
 * that gives them up.
 *
 * @returns the row, without the values that it may not have
 */
export function resolveConflicts<R extends Holder & { readonly id: string }>(
  row: R,
  rows: Iterable<R>,
  columns: readonly (keyof R & string)[],
  empty: (holder: R, fields: Partial<R>) => void,
): R {
  if (row.deletedAt !== null) return { ...row, ...emptied(columns) }
  const conceded: string[] = []
  if (columns.length > 0) {
    for (const other of rows) {
      for (const column of columns) {
        if (other.id === row.id || row[column] === null || other[column] !== row[column]) continue
        if (givesWay(column, other, row)) empty(other, emptied([column]) as Partial<R>)
        else conceded.push(column)
      }
    }
  }
  return conceded.length === 0 ? row : { ...row, ...emptied(conceded) }
}
