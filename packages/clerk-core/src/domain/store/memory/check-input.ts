import { StoreInputError } from '../../../ground/errors.js'

/** Longer than any id of Clerk's, and than any e-mail address (RFC 5321 §4.5.3.1). */
const MAX_LENGTH = 320

/**
 * An object for an id is how queries are injected, and a store that looks it up as text finds another row than meant.
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
