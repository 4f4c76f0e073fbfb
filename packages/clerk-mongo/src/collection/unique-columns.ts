import { type ExistingIndex, indexesOf } from './indexes-of.js'
import type { MappedCollection } from './mapped-collection.js'

/** An index that makes a synced column unique. */
export interface UniqueIndex extends ExistingIndex {
  readonly column: string
}

/**
 * Which columns hold unique values, by the database's own indexes: options do not have to repeat what it knows. Read
 * once, and again when a write fails on an index that was not there then.
 */
export interface UniqueColumns {
  /** The synced columns that are unique. */
  columns(): Promise<readonly string[]>
  /** This index and the column behind it, `'clerkId'` too; `null`: the index is not on a synced column. */
  indexOf(name: string): Promise<UniqueIndex | null>
}

/** @param synced fields by which an index makes a column unique, and the column: `emailLower` makes `email` unique. */
export function uniqueColumns(
  collection: MappedCollection,
  synced: Readonly<Record<string, string>> = {},
): UniqueColumns {
  let known: Promise<Map<string, UniqueIndex>> | undefined

  async function read(): Promise<Map<string, UniqueIndex>> {
    const found = new Map<string, UniqueIndex>()
    for (const index of await indexesOf(collection)) {
      const [field = '', ...others] = index.fields
      const column = field === 'clerkId' ? field : synced[field]
      if (index.isUnique && others.length === 0 && column !== undefined)
        found.set(index.name, { ...index, column })
    }
    return found
  }

  function look(): Promise<Map<string, UniqueIndex>> {
    const reading = read()
    known = reading
    reading.catch(() => {
      if (known === reading) known = undefined
    })
    return reading
  }

  return {
    columns: async () =>
      [...new Set([...(await (known ?? look())).values()].map(({ column }) => column))].filter(
        (column) => column !== 'clerkId',
      ),
    indexOf: async (name) => (await (known ?? look())).get(name) ?? (await look()).get(name) ?? null,
  }
}
