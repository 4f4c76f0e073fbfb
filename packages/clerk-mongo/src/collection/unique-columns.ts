import type { Collection } from 'mongodb'

/** `NamespaceNotFound`: a collection that has no document yet has no indexes either. */
const isNoCollection = (error: unknown) => error instanceof Error && 'code' in error && error.code === 26

/**
 * Which columns hold unique values, by the database's own indexes: options do not have to repeat what it knows. Read
 * once, and again when a write fails on an index that was not there then.
 */
export interface UniqueColumns {
  /** The synced columns that are unique. */
  columns(): Promise<readonly string[]>
  /** The column behind this index, `'clerkId'` too; `null`: the index is not on a synced column. */
  columnOf(index: string): Promise<string | null>
}

/** @param synced fields by which an index makes a column unique, and the column: `emailLower` makes `email` unique. */
export function uniqueColumns(
  collection: Collection,
  synced: Readonly<Record<string, string>> = {},
): UniqueColumns {
  let known: Promise<Map<string, string>> | undefined

  async function read(): Promise<Map<string, string>> {
    const indexes = await collection.indexes().catch((error: unknown) => {
      if (isNoCollection(error)) return []
      throw error
    })
    const found = new Map<string, string>()
    for (const { name, key, unique } of indexes) {
      const [field = '', ...others] = Object.keys(key)
      const column = field === 'clerkId' ? field : synced[field]
      if (unique === true && others.length === 0 && name !== undefined && column !== undefined) {
        found.set(name, column)
      }
    }
    return found
  }

  function look(): Promise<Map<string, string>> {
    const reading = read()
    known = reading
    reading.catch(() => {
      if (known === reading) known = undefined
    })
    return reading
  }

  return {
    columns: async () =>
      [...new Set((await (known ?? look())).values())].filter((column) => column !== 'clerkId'),
    columnOf: async (index) => (await (known ?? look())).get(index) ?? (await look()).get(index) ?? null,
  }
}
