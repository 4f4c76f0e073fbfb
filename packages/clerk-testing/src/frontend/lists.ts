import type { Fields } from '../server/check.js'
import { parameter } from './operation.js'

/** Parameters of a list. */
export const paging = { limit: parameter.number, offset: parameter.number, paginated: parameter.flag }

/** The part of a list that a page asks for. */
export function pageOf<T>(all: readonly T[], { limit, offset }: Fields, json: (entry: T) => unknown): object {
  const start = Number(offset ?? 0)
  return { data: all.slice(start, start + Number(limit ?? 10)).map(json), total_count: all.length }
}

/** Whether a list parameter leaves the value in; none is no filter. */
export const among = (wanted: unknown, value: string): boolean =>
  !Array.isArray(wanted) || wanted.length === 0 || wanted.includes(value)
