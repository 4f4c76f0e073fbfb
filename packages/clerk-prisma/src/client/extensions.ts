import { isDeepStrictEqual } from 'node:util'
import type { ClientInternals, Delegate, Row } from './prisma-client.js'

/** What extensions do to a model. `changed`: another condition reaches the database, or another row comes back. */
export type ExtensionEffect = 'none' | 'changed' | { readonly threw: string }

type Hook = (call: { readonly operation: string; readonly args: unknown }) => Promise<unknown>
interface Extensible {
  $extends(extension: { query: { $allModels: { $allOperations: Hook } } }): ClientInternals
}

/**
 * Asks an extended client what its extensions do to the rows of a model, without the database: an extension that is added
 * last stands nearest to it, sees the arguments as it would get them, and answers with a row of its own. A filter for rows
 * that are not deleted (soft deletion, a tenant) shows there before it has hidden anything.
 *
 * @param row as the database would answer it, its key among it
 */
export async function effectOfExtensions(
  client: ClientInternals,
  model: string,
  key: Row,
  row: Row,
): Promise<ExtensionEffect> {
  // A client of a transaction cannot be extended; the one that it came from could be asked.
  if (typeof (client as Partial<Extensible>).$extends !== 'function') return 'none'
  const arrived: unknown[] = []
  const answers: Readonly<Record<string, unknown>> = {
    findUnique: row,
    findMany: [row],
    updateMany: { count: 1 },
  }
  const asked = (client as unknown as Extensible).$extends({
    query: {
      $allModels: {
        async $allOperations({ operation, args }) {
          arrived.push(args)
          return answers[operation]
        },
      },
    },
  })
  const delegate = (asked as Record<string, unknown>)[model] as Delegate
  const isSame = (answer: Row | null | undefined) =>
    answer != null && Object.keys(row).every((column) => isDeepStrictEqual(answer[column], row[column]))
  const isAsGiven = (where: unknown) =>
    arrived.length === 1 &&
    isDeepStrictEqual((arrived.pop() as { where?: unknown } | undefined)?.where, where)
  try {
    const where = { ...key }
    if (!isSame(await delegate.findUnique({ where })) || !isAsGiven(where)) return 'changed'
    const rows = await delegate.findMany({ where })
    if (rows.length !== 1 || !isSame(rows[0]) || !isAsGiven(where)) return 'changed'
    // Nothing is written: no extension hands it on to the database but through the one above.
    const { count } = await delegate.updateMany({ where, data: { ...key } })
    return count === 1 && isAsGiven(where) ? 'none' : 'changed'
  } catch (error) {
    return { threw: error instanceof Error ? error.constructor.name : typeof error }
  }
}
