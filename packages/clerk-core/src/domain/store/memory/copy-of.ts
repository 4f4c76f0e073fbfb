/**
 * A copy that shares nothing with the value. Rows hold texts, numbers, dates and JSON: for those `structuredClone` takes ten
 * times as long. Whatever else an application has put there, circles among it, is left to it.
 */
export function copyOf<T>(value: T): T {
  return isSimple(value, 0) ? (copied(value) as T) : structuredClone(value)
}

/** Deeper than any row: what is deeper may be a circle. */
const DEEPEST = 100

function isSimple(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null)
    return typeof value !== 'function' && typeof value !== 'symbol'
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return true
  if (prototype !== Object.prototype && prototype !== Array.prototype) return false
  if (depth > DEEPEST || Object.hasOwn(value, '__proto__')) return false
  // Of which a copy has none.
  if (Object.getOwnPropertySymbols(value).length > 0) return false
  for (const key of Object.keys(value))
    if (!isSimple((value as Record<string, unknown>)[key], depth + 1)) return false
  return true
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return new Date(value.getTime())
  if (Array.isArray(value)) return value.map(copied)
  // A spread keeps the form of the object, where fields that are added by computed names make a slow dictionary of it.
  const copy: Record<string, unknown> = { ...value }
  for (const key of Object.keys(copy)) {
    const field = copy[key]
    if (typeof field === 'object' && field !== null) copy[key] = copied(field)
  }
  return copy
}
