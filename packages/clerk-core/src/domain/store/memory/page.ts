import type { RowPage } from '../rules/batch.js'

/** Pages of a table that rows are never taken from, in the order of their Clerk ids. */
export function createPages<T>(byClerkId: ReadonlyMap<string, T>): (page: RowPage) => T[] {
  let sorted: string[] = []
  return ({ after, limit }) => {
    if (sorted.length !== byClerkId.size) sorted = [...byClerkId.keys()].sort()
    const from = after === null ? 0 : sorted.findIndex((clerkId) => clerkId > after)
    if (from === -1) return []
    return sorted.slice(from, from + limit).flatMap((clerkId) => byClerkId.get(clerkId) ?? [])
  }
}
