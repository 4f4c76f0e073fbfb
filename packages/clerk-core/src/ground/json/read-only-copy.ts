import { types } from 'node:util'

/**
 * A copy of a row that many requests share, which none of them can change for the others: plain objects and lists are copied
 * and frozen, at every depth, and a `Date` becomes one whose setters throw. The original stays as it is, since a store may
 * keep it. Instances of other classes cannot be copied without knowing them (an `ObjectId`, a `Decimal`, a `Buffer`, a whole
 * Mongoose document): they are passed on as they are.
 */
export function readOnlyCopy<T>(value: T): T {
  return copyOf(value, new Map()) as T
}

/** @param copies of what has been met: a value in two places is copied once, and a circle ends */
function copyOf(value: unknown, copies: Map<object, object>): unknown {
  if (typeof value !== 'object' || value === null) return value
  const known = copies.get(value)
  if (known !== undefined) return known
  if (Array.isArray(value)) {
    const list: unknown[] = []
    copies.set(value, list)
    for (const entry of value) list.push(copyOf(entry, copies))
    return Object.freeze(list)
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return copyOfPlain(value, prototype, copies)
  if (types.isDate(value) && prototype === Date.prototype) return readOnlyDate(value)
  return value
}

function copyOfPlain(value: object, prototype: object | null, copies: Map<object, object>): object {
  const copy: Record<PropertyKey, unknown> = prototype === null ? Object.create(null) : {}
  copies.set(value, copy)
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor
    if ('value' in descriptor && descriptor.enumerable === true && key !== '__proto__') {
      copy[key] = copyOf(descriptor.value, copies)
    } else {
      // A computed column stays one: to ask for its value here could cost a query, or throw.
      if ('value' in descriptor) descriptor.value = copyOf(descriptor.value, copies)
      Object.defineProperty(copy, key, descriptor)
    }
  }
  return Object.freeze(copy)
}

/** `Object.freeze` does not stop `setHours()`: the time of a `Date` is no property. */
const READ_ONLY_DATE: object = Object.create(
  Date.prototype,
  Object.fromEntries(
    Object.getOwnPropertyNames(Date.prototype)
      .filter((name) => name.startsWith('set'))
      .map((name) => [name, { value: refuse, configurable: true, writable: true }]),
  ),
)

/** Its `constructor` is `Date`, so that date libraries copy it as what it is. */
function readOnlyDate(date: Date): Date {
  return Object.freeze(Object.setPrototypeOf(new Date(date.getTime()), READ_ONLY_DATE) as Date)
}

function refuse(): never {
  throw new TypeError(
    'This date belongs to a row that many requests share. Copy it first: new Date(auth.user.clerkCreatedAt).',
  )
}
