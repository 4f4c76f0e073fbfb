import { OrganizationScopeError } from './models.js'

export type Args = Record<string, unknown>

/**
 * A plain object. Prisma reads inherited fields and calls `toJSON`, so of any other object this package would look at
 * another value than the one that is sent.
 */
export const isArgs = (value: unknown): value is Args => {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // An object literal of another realm has another `Object.prototype`, which inherits from nothing either.
  const isPlain = prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value))
  return isPlain && !('toJSON' in value && typeof value.toJSON === 'function')
}

/** @throws {OrganizationScopeError} for what is no plain object */
export function argsOf(value: unknown, what: string): Args {
  if (isArgs(value)) return value
  throw new OrganizationScopeError(`${what} must be a plain object: it cannot be confined.`)
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

/** The entries that say something: Prisma takes `undefined` for absent. */
export const entriesOf = (args: Args): [string, unknown][] =>
  Object.entries(args).filter(([, value]) => value !== undefined)
