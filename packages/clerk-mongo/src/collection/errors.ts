import { StoreUnavailableError } from '@acme/clerk-core'
import { StoreFaultError } from '@acme/clerk-core/store'
import { faultOf } from './faults.js'

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

/** What a server or the driver says of an error that it would try again itself. */
const PASSING = [
  'RetryableWriteError',
  'TransientTransactionError',
  'RetryableError',
  'SystemOverloadedError',
]

/**
 * A server that answers, but not this, not now: not primary, or no member to read from (133, 134, 189, 10058, 10107, 13435,
 * 13436), shutting down (91, 11600, 11602), out of time, interrupted or its cursor lost (43, 50, 175, 202, 237, 262, 290,
 * 11601), unreachable behind a proxy (6, 7, 89, 9001), in other writers' way (24, 46, 112), unable to tell enough members
 * (64, 100), moving the data (63, 150, 13388), out of disk or memory, or limiting the rate (146, 365, 14031, 16500),
 * letting nobody in with these credentials (18; Atlas, 8000; 391). Credentials are changed while processes run.
 *
 * Not 13: the credentials are right, and their role may not do this until someone grants it.
 */
const UNAVAILABLE_CODES = new Set<unknown>([
  ...[6, 7, 18, 24, 43, 46, 50, 63, 64, 89, 91, 100, 112, 133, 134, 146, 150, 175, 189, 202, 237, 262, 290],
  ...[365, 391, 8000, 9001, 10058, 10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031, 16500],
])

const labelsOf = (error: Error): readonly unknown[] =>
  'errorLabels' in error && Array.isArray(error.errorLabels) ? error.errorLabels : []

function isUnavailable(error: Error): boolean {
  if (UNREACHABLE.has(error.name)) return true
  if (labelsOf(error).some((label) => PASSING.some((passing) => passing === label))) return true
  return 'code' in error && UNAVAILABLE_CODES.has(error.code)
}

const isOurs = (error: unknown): boolean =>
  error instanceof StoreUnavailableError || error instanceof StoreFaultError

const isOfDriver = (error: unknown): boolean =>
  error instanceof Error && (UNREACHABLE.has(error.name) || /^(Mongo|BSON)/.test(error.name))

const UNREACHED =
  'MongoDB cannot be reached. Check that it runs, and that the address and the password that the client was given are right.'

function toStoreError(error: unknown, collection: string, index?: string): Error {
  if (error instanceof Error && isUnavailable(error)) {
    return new StoreUnavailableError(UNREACHED, { cause: error })
  }
  return faultOf(error, collection, index)
}

/**
 * Runs one operation of the driver. Whatever it throws becomes a {@link StoreUnavailableError}, when asking again may help,
 * or a {@link StoreFaultError}: the driver's messages carry values, and leave the store in no case.
 *
 * @param index that the operation is about
 */
export async function fromDriver<T>(
  operation: () => Promise<T>,
  collection: string,
  index?: string,
): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    throw isOurs(error) ? error : toStoreError(error, collection, index)
  }
}

/** The same for several operations: what is no error of the driver is thrown as it is. */
export async function reach<T>(operations: () => Promise<T>): Promise<T> {
  try {
    return await operations()
  } catch (error) {
    throw isOfDriver(error) ? toStoreError(error, 'the database') : error
  }
}

export const isDuplicateKey = (error: unknown): error is StoreFaultError =>
  error instanceof StoreFaultError && error.fault === 'unique'

/** There is a document with this `_id`: another unique index, which is the application's, is none of the stores' business. */
export const isTakenId = (error: unknown): boolean =>
  isDuplicateKey(error) && (error.index ?? '_id_') === '_id_'
