/** An id as a driver's own class holds it: an ObjectId, a UUID. */
interface HexId {
  toHexString(): unknown
}

const isHexId = (value: unknown): value is HexId =>
  typeof value === 'object' &&
  value !== null &&
  'toHexString' in value &&
  typeof value.toHexString === 'function'

/**
 * The one text that stands for a stored id at Clerk, as `external_id`: text is itself, a whole number has no sign but `-`,
 * no leading zero and no fraction, an ObjectId or a UUID of a driver is lower-case. `null`: the value is no id.
 */
export function externalIdOf(stored: unknown): string | null {
  if (typeof stored === 'string') return stored
  if (typeof stored === 'bigint' || Number.isSafeInteger(stored)) return String(stored)
  if (!isHexId(stored)) return null
  const text = stored.toHexString()
  return typeof text === 'string' ? text : null
}

/**
 * Whether a stored id is the one that an `external_id` names: exactly, by their texts. "007" is not 7, case counts, nothing
 * is trimmed. What a database found is compared again by this: it may take "7 " or "7abc" for 7, and `a` for `A`.
 */
export function isSameExternalId(stored: unknown, externalId: string): boolean {
  return externalId !== '' && externalIdOf(stored) === externalId
}

const WHOLE_NUMBER = /^(?:0|-?[1-9]\d{0,18})$/

/**
 * The whole number that an `external_id` names, for a column of numbers with so many bits. `null`: it names none, or none
 * that the column can hold, so no row has it and the database need not be asked.
 */
export function wholeExternalId(externalId: string, bits: 32 | 64): bigint | null {
  if (!WHOLE_NUMBER.test(externalId)) return null
  const value = BigInt(externalId)
  return BigInt.asIntN(bits, value) === value ? value : null
}
