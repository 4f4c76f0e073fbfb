import type { UserRecord, UserStore } from '../store/user.js'

/** Rows by their Clerk ids, deleted ones too; one by one where the store has no other way. */
export async function findUsers<U extends UserRecord>(
  store: Pick<UserStore<U>, 'findMany' | 'findByClerkId'>,
  clerkIds: readonly string[],
): Promise<ReadonlyMap<string, U>> {
  const rows = (await store.findMany?.(clerkIds)) ?? (await oneByOne(store, clerkIds))
  return new Map(rows.flatMap((row) => (row.clerkId === null ? [] : [[row.clerkId, row] as const])))
}

async function oneByOne<U extends UserRecord>(
  store: Pick<UserStore<U>, 'findByClerkId'>,
  clerkIds: readonly string[],
): Promise<readonly U[]> {
  const rows: U[] = []
  for (const clerkId of clerkIds) {
    const row = await store.findByClerkId(clerkId)
    if (row !== null) rows.push(row)
  }
  return rows
}
