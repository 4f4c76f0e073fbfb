import { type StoreFault, StoreFaultError } from '@acme/clerk-core/store'
import { failingPaths } from './validation-failure.js'

interface Refusal {
  fault: StoreFault
  /** What to do about it. */
  remedy: string
}

const DUPLICATE: Refusal = {
  fault: 'unique',
  remedy:
    'Another document has the value already, and Clerk does not sync the field: look at what `create` returns, or make the index not unique.',
}
const TOO_LARGE: Refusal = {
  fault: 'value',
  remedy:
    'The document would be larger than MongoDB takes, 16 MB: keep what your application adds to it elsewhere.',
}
const WRONG_NAME: Refusal = {
  fault: 'value',
  remedy: 'A field has a name or a path that MongoDB does not take: look at what `create` returns.',
}
const WRONG_VALUE: Refusal = {
  fault: 'value',
  remedy: 'MongoDB does not take a value: look at what `create` returns.',
}
const IMMUTABLE: Refusal = {
  fault: 'other',
  remedy: 'A field that cannot change would be written: `_id`, or a key by which the collection is sharded.',
}
const NO_SHARD_KEY: Refusal = {
  fault: 'other',
  remedy:
    'The collection is sharded by a key that the store does not know: shard it by `clerkId`, or not at all.',
}
const OTHER_INDEX: Refusal = {
  fault: 'other',
  remedy:
    'There is an index with this name or key and other options: drop it, then call ensureIndexes() again.',
}
const NO_INDEX: Refusal = { fault: 'other', remedy: 'The server does not take an index with these options.' }
const NOT_THERE: Refusal = { fault: 'missing', remedy: 'Call ensureIndexes() once, when you deploy.' }
const WRONG_COLLECTION: Refusal = {
  fault: 'missing',
  remedy:
    'The name is not one of a collection that documents can be written to: see the option `collections`.',
}
const NOT_ALLOWED: Refusal = {
  fault: 'other',
  remedy: 'The database user may not do this: grant it the role `readWrite` on the database.',
}
const UNSUPPORTED: Refusal = { fault: 'other', remedy: 'The server cannot do what the store asks of it.' }
const UNKNOWN: Refusal = { fault: 'other', remedy: 'The server’s documentation says what the code means.' }

/** Codes of the server by which asking again does not help. Those that mean an outage are told before. */
const REFUSALS: ReadonlyMap<unknown, Refusal> = new Map<unknown, Refusal>([
  ...[11000, 11001, 12582].map((code) => [code, DUPLICATE] as const),
  ...[10334, 17419, 17420, 17280, 17282].map((code) => [code, TOO_LARGE] as const),
  ...[28, 40, 52, 55, 56, 57].map((code) => [code, WRONG_NAME] as const),
  ...[2, 9, 14, 22].map((code) => [code, WRONG_VALUE] as const),
  [66, IMMUTABLE],
  ...[61, 31025].map((code) => [code, NO_SHARD_KEY] as const),
  ...[68, 85, 86].map((code) => [code, OTHER_INDEX] as const),
  ...[67, 197].map((code) => [code, NO_INDEX] as const),
  ...[26, 27].map((code) => [code, NOT_THERE] as const),
  ...[48, 73, 166].map((code) => [code, WRONG_COLLECTION] as const),
  [13, NOT_ALLOWED],
  ...[20, 59, 79, 115, 303].map((code) => [code, UNSUPPORTED] as const),
])

const VALIDATION_FAILURE = 121

/** Of an error, what may be told: nothing here looks at a value. */
function partsOf(error: unknown): {
  code: unknown
  driverCode: string
  message: string
  info: unknown
  key: object
} {
  const fields: {
    code?: unknown
    name?: unknown
    message?: unknown
    errInfo?: unknown
    keyPattern?: unknown
  } = typeof error === 'object' && error !== null ? error : {}
  const { code, name, message, errInfo, keyPattern } = fields
  return {
    code,
    driverCode: typeof code === 'number' ? String(code) : typeof name === 'string' ? name : 'unknown',
    message: typeof message === 'string' ? message : '',
    info: errInfo,
    key: typeof keyPattern === 'object' && keyPattern !== null ? keyPattern : {},
  }
}

/** The message of a duplicate key goes on with the value, an e-mail address: only the index's name is taken from it. */
const indexIn = (message: string): string | undefined =>
  (/\bindex: (.+?) (?:collation|dup key): /.exec(message) ?? /\bindex: (\S+)/.exec(message))?.[1]

/** The driver says in words of its own that the server takes no retryable writes (20). */
const original = (error: unknown): unknown =>
  error instanceof Error && !('code' in error && error.code !== undefined) && 'originalError' in error
    ? error.originalError
    : error

/** An error of the driver that is no outage. @param index that the operation was about */
export function faultOf(error: unknown, model: string, index?: string): StoreFaultError {
  const { code, driverCode, message, info, key } = partsOf(original(error))
  if (code === VALIDATION_FAILURE) {
    const { paths, isMissing } = failingPaths(info)
    const named = paths.length === 0 ? 'what the store writes' : paths.map((path) => `\`${path}\``).join(', ')
    return new StoreFaultError({
      ...{ fault: isMissing ? 'required' : 'value', driverCode, model, field: paths[0] },
      remedy: `The collection’s validator refuses ${named}: let it accept what Clerk has, and give fields of your own a value in \`create\`.`,
    })
  }
  // The driver refuses to send what is too large, before a server could.
  const refusal =
    REFUSALS.get(code) ?? (error instanceof RangeError || code === 'ERR_OUT_OF_RANGE' ? TOO_LARGE : UNKNOWN)
  const isUnique = refusal.fault === 'unique'
  const fields = isUnique ? Object.keys(key).join(', ') : ''
  return new StoreFaultError({
    ...{ fault: refusal.fault, driverCode, model, index: index ?? (isUnique ? indexIn(message) : undefined) },
    field: fields === '' ? undefined : fields,
    remedy:
      isUnique && index !== undefined
        ? 'Several documents have the same value already: mend them, then call ensureIndexes() again.'
        : refusal.remedy,
  })
}
