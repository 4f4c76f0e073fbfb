import { StoreInputError } from '@acme/clerk-core'

/** Longer than any id of Clerk's, and than any e-mail address (RFC 5321 §4.5.3.1). */
const MAX_LENGTH = 320

/**
 * An object for an id is how queries are injected (`{ "$ne": null }`).
 *
 * @throws {StoreInputError}
 */
export function checkText(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_LENGTH) {
    throw new StoreInputError(`${name} must be a string of 1 to ${MAX_LENGTH} characters.`)
  }
}

/** @param value milliseconds @throws {StoreInputError} */
export function checkTime(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || Math.abs(value) > 8.64e15) {
    throw new StoreInputError(`${name} must be a time in whole milliseconds.`)
  }
}

/** @throws {StoreInputError} */
export function checkVersion(value: unknown): asserts value is number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new StoreInputError('version must be a whole number of milliseconds, 0 or more.')
  }
}

/**
 * A value of `_id`: text, a number, or one of the driver's types. Parsed JSON can claim to be such a type (`_bsontype`),
 * but only as a plain object.
 *
 * @throws {StoreInputError}
 */
export function checkId(value: unknown): void {
  if (typeof value === 'number' || typeof value === 'bigint') return
  if (typeof value === 'string') {
    checkText(value, 'id')
    return
  }
  const isBson =
    typeof value === 'object' && value !== null && !Object.hasOwn(value, '_bsontype') && '_bsontype' in value
  if (!isBson)
    throw new StoreInputError('id must be a value that MongoDB uses for ids, as the rows carry it.')
}
