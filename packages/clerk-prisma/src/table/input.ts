import { StoreInputError } from '@acme/clerk-core'

/** Longer than any id of Clerk's, and than any e-mail address (RFC 5321 §4.5.3.1). */
const MAX_LENGTH = 320

/**
 * A value that is not text could be an operator (`{ not: null }`) to Prisma.
 *
 * @throws {StoreInputError}
 */
export function checkText(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_LENGTH || value.includes('\0')) {
    throw new StoreInputError(`${name} must be a string of 1 to ${MAX_LENGTH} characters, without U+0000.`)
  }
}

/** Local ids are whatever the schema says, but never an object. @throws {StoreInputError} */
export function checkLocalId(value: unknown): asserts value is string | number | bigint {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return
  checkText(value, 'id')
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
