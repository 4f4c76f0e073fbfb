import { StoreUnavailableError } from '@acme/clerk-core'

/** Errors of the driver that mean that no server answered; those of the server are told by their codes. */
const UNREACHABLE = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoTopologyClosedError',
  'MongoNotConnectedError',
  'MongoClientClosedError',
  'MongoClientBulkWriteExecutionError',
  'MongoOperationTimeoutError',
  'MongoPoolClosedError',
  'MongoPoolClearedError',
  'MongoWaitQueueTimeoutError',
  'MongoServerClosedError',
  'MongoStalePrimaryError',
  'MongoCryptConnectionError',
  'MongoExpiredSessionError',
  'PoolClosedError',
  'PoolClearedError',
  'WaitQueueTimeoutError',
])

/**
 * A server that answers, but not this: not primary (10058, 10107, 13435, 13436, 189), shutting down (91, 11600, 11602),
 * out of time or interrupted (50, 262, 11601), unreachable behind a proxy (6, 7, 89, 9001), not letting us in (13, 18).
 */
const UNAVAILABLE_CODES = new Set([
  6, 7, 13, 18, 50, 89, 91, 189, 262, 9001, 10058, 10107, 11600, 11601, 11602, 13435, 13436,
])

function isUnavailable(error: Error): boolean {
  if (UNREACHABLE.has(error.name)) return true
  return 'code' in error && typeof error.code === 'number' && UNAVAILABLE_CODES.has(error.code)
}

/**
 * Runs operations of the driver. What means that the database cannot be asked becomes a {@link StoreUnavailableError};
 * everything else is thrown as it is.
 */
export async function reach<T>(operations: () => Promise<T>): Promise<T> {
  try {
    return await operations()
  } catch (error) {
    if (error instanceof Error && isUnavailable(error)) {
      throw new StoreUnavailableError('MongoDB cannot be reached.', { cause: error })
    }
    throw error
  }
}

export const isDuplicateKey = (error: unknown): error is Error & { code: 11000 } =>
  error instanceof Error && 'code' in error && error.code === 11000

/** The driver's message carries the value that is taken, an e-mail address: only the index's name may be looked at. */
export function duplicateKeyIndex(error: unknown): string | null {
  if (!isDuplicateKey(error)) return null
  return /\bindex: (\S+)/.exec(error.message)?.[1] ?? ''
}
