/**
 * Every pair of a row and a column once, its store in turn: as in a Latin square every row and every column then meets
 * every store, where there are at least as many of them. `full`: with every store.
 */
export function cover<R, C, S>(
  rows: readonly R[],
  columns: readonly C[],
  stores: readonly S[],
  full: boolean,
): readonly { readonly row: R; readonly column: C; readonly store: S; readonly turn: number }[] {
  return rows.flatMap((row, r) =>
    columns.flatMap((column, c) => {
      const chosen = full ? stores : [stores[(r + c) % stores.length]!]
      return chosen.map((store, s) => ({ row, column, store, turn: r + Math.floor(c / 2) + s }))
    }),
  )
}
