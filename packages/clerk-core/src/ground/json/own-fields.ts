import { types } from 'node:util'

/** The fields of a plain object, read once each, or what the value is instead (`a promise`, `an array`). */
export type OwnFields =
  | { readonly fields: ReadonlyMap<string, unknown>; readonly what: null }
  | { readonly fields: null; readonly what: string }

/**
 * Reads an object that an application wrote as `{ … }`. Such an object decides about access, so that nothing is read that
 * is not written in it: nothing inherited (a polluted `Object.prototype`), nothing that a getter or a proxy could answer
 * differently the next time, nothing that a `Map`, a promise or an array keeps elsewhere and that would read as `{}`.
 *
 * Never throws.
 */
export function ownFields(value: unknown): OwnFields {
  const what = notPlain(value)
  if (what !== null) return { fields: null, what }
  const fields = new Map<string, unknown>()
  for (const key of Reflect.ownKeys(value as object)) {
    if (typeof key === 'symbol') return { fields: null, what: 'an object with a symbol as a key' }
    const descriptor = Object.getOwnPropertyDescriptor(value, key)
    if (descriptor === undefined || !('value' in descriptor) || descriptor.enumerable !== true)
      return { fields: null, what: `an object whose \`${key}\` is a getter or hidden` }
    fields.set(key, descriptor.value)
  }
  return { fields, what: null }
}

/** `null` for a plain object; else what the value is, in words for a message. Quotes nothing of it. */
export function notPlain(value: unknown): string | null {
  if (value === undefined || value === null) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  if (types.isProxy(value)) return 'a proxy'
  if (Array.isArray(value)) return 'an array'
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return null
  if (types.isPromise(value)) return 'a promise'
  if (types.isMap(value)) return 'a Map'
  if (types.isSet(value)) return 'a Set'
  return 'an object of a class, or one that inherits keys'
}
