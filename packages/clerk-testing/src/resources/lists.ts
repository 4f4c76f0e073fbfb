import type { ApiCall } from '../server/api.js'
import type { Fields } from '../server/check.js'
import { invalidParameter } from '../server/errors.js'
import { resolve } from '../server/operation.js'

type Comparable = string | number | boolean | null | undefined
/** How what a list is ordered by is read, where that is no field of the entry. */
export type Reads<T> = Readonly<Record<string, (entry: T) => Comparable>>

/** The page a request asks for, in the form the table gives its answer: a bare list, or one with its `total_count`. */
export function answerList<T>(
  { query, operation }: Pick<ApiCall, 'query' | 'operation'>,
  all: readonly T[],
  json: (entry: T) => unknown = (entry) => entry,
): unknown {
  const { properties = {} } = operation.query ?? {}
  const offset = Number(query.offset ?? 0)
  const limit = Number(query.limit ?? properties.limit?.default ?? (properties.limit ? 10 : all.length))
  const data = all.slice(offset, offset + limit).map(json)
  const { properties: shape, type } = resolve(operation.response ?? {})
  if (type === 'array') return query.paginated === true ? { data, total_count: all.length } : data
  const name = Object.entries(shape ?? {}).find(([, one]) => resolve(one).type === 'array')?.[0] ?? 'data'
  return { [name]: data, total_count: all.length }
}

/** `order_by=+field`, `field` or `-field`. Equal ones keep the order in which they were made. @throws {BackendError} 422 */
export function order<T>(
  all: readonly T[],
  { query, operation }: Pick<ApiCall, 'query' | 'operation'>,
  reads: Reads<T>,
  fallback = '-created_at',
): T[] {
  // An unescaped "+" arrives as a space.
  const given = String(query.order_by ?? operation.query?.properties?.order_by?.default ?? fallback)
  const [, sign, name = ''] = /^([ +-]?)(\w+)$/.exec(given) ?? []
  const allowed = new Set([...(operation.order ?? []), ...Object.keys(reads), 'created_at'])
  if (!allowed.has(name)) throw invalidParameter('order_by', `one of ${[...allowed].join(', ')} after + or -`)
  const read = reads[name] ?? ((entry: T) => (entry as unknown as Fields)[name] as Comparable)
  const keys = all.map((entry) => read(entry) ?? '')
  const compare = (a: Comparable, b: Comparable) => (a === b ? 0 : (a ?? '') < (b ?? '') ? -1 : 1)
  const positions = Array.from(keys.keys())
  // The usual order is the one in which they were made.
  if (keys.some((key, index) => index > 0 && compare(keys[index - 1], key) > 0)) {
    positions.sort((a, b) => compare(keys[a], keys[b]) || a - b)
  }
  if (sign === '-') positions.reverse()
  return positions.map((position) => all[position] as T)
}

/** Tests of a `…_before`, `…_after` and `…_since` filter, the first two exclusive, by the field they are about. */
export function timeTests<T>(
  query: Fields,
  read: (entry: T, field: string) => number | null,
): ((entry: T) => boolean)[] {
  const compare: Readonly<Record<string, (ms: number, limit: number) => boolean>> = {
    before: (ms, limit) => ms < limit,
    after: (ms, limit) => ms > limit,
    since: (ms, limit) => ms >= limit,
  }
  return Object.entries(query).flatMap(([name, limit]) => {
    const [, field = '', which = ''] = /^(\w+_at)_(before|after|since)$/.exec(name) ?? []
    const passes = compare[which]
    if (!passes || typeof limit !== 'number') return []
    return [
      (entry: T) => {
        const ms = read(entry, field)
        return ms !== null && passes(ms, limit)
      },
    ]
  })
}

/** An id is found by its beginning: in the middle of a random text, any short word stands by chance. */
export const isIdOf = ({ id }: { id: string }, needle: string): boolean => id.toLowerCase().startsWith(needle)
