import { invalidParameter } from '../server/errors.js'
import type { Page } from './json.js'

/** `limit` 1–500 (default 10) and `offset` from 0. @throws {BackendError} 422 */
export function paginate<T>(all: readonly T[], query: URLSearchParams): Page<T> {
  const limit = count(query, 'limit', 10, 1, 500)
  const offset = count(query, 'offset', 0, 0, Number.MAX_SAFE_INTEGER)
  return { data: all.slice(offset, offset + limit), total_count: all.length }
}

function count(query: URLSearchParams, name: string, fallback: number, least: number, most: number): number {
  const given = query.get(name)
  if (given === null) return fallback
  const value = Number(given)
  if (!/^\d+$/.test(given) || value < least || value > most) {
    throw invalidParameter(name, `a whole number from ${least} to ${most}`)
  }
  return value
}

type Comparable = string | number | boolean | null | undefined

/** `order_by=+field` or `-field`, descending without a sign. Equal ones keep the order in which they were made. */
export function order<T>(
  all: readonly T[],
  query: URLSearchParams,
  fields: Readonly<Record<string, (entry: T) => Comparable>>,
  fallback = '-created_at',
): T[] {
  // An unescaped "+" arrives as a space.
  const given = (query.get('order_by') ?? fallback).replace(/^ /, '+')
  const [, sign, name = ''] = /^([+-]?)(\w+)$/.exec(given) ?? []
  const read = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (!read) throw invalidParameter('order_by', `one of ${Object.keys(fields).join(', ')} after + or -`)
  const sorted = all.map((entry, index) => ({ entry, index, key: read(entry) ?? '' }))
  sorted.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index))
  if (sign !== '+') sorted.reverse()
  return sorted.map(({ entry }) => entry)
}

/** Milliseconds of a `…_before` or `…_after` filter. @throws {BackendError} 422 */
function timeFilter(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name)
  if (given === null) return undefined
  const ms = /^-?\d+$/.test(given) ? Number(given) : Number.NaN
  if (!Number.isSafeInteger(ms)) throw invalidParameter(name, 'a time in milliseconds')
  return ms
}

/** Whether a time lies between `<field>_after` and `<field>_before`, both exclusive. */
export function between(query: URLSearchParams, field: string): (ms: number | null) => boolean {
  const after = timeFilter(query, `${field}_after`)
  const before = timeFilter(query, `${field}_before`)
  if (after === undefined && before === undefined) return () => true
  return (ms) => ms !== null && (after === undefined || ms > after) && (before === undefined || ms < before)
}

/** Values of a repeated parameter, also in the forms `name[]=a` and `name=a,b`. */
export function values(query: URLSearchParams, name: string): string[] {
  return [...query.getAll(name), ...query.getAll(`${name}[]`)]
    .flatMap((value) => value.split(','))
    .filter(Boolean)
}
