import { StoreInputError } from '../../../ground/errors.js'
import type { UserSnapshot } from '../user.js'
import { checkText, checkUser } from './input.js'

/** As many rows go into one call of `applyMany` and `findMany`, and onto one page of a list. */
export const MAX_BATCH = 500

/** What `list` and `listOrganizations` are asked for. `after`: the Clerk id of the last row of the page before. */
export interface RowPage {
  readonly after: string | null
  readonly limit: number
}

/** @throws {StoreInputError} */
export function checkRowPage({ after, limit }: RowPage): void {
  if (after !== null) checkText(after, 'after')
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_BATCH) {
    throw new StoreInputError(`limit must be a whole number from 1 to ${MAX_BATCH}.`)
  }
}

/** Before any of them is written: a batch that has one that is none is refused whole. @throws {StoreInputError} */
export function checkUsers(snapshots: readonly UserSnapshot[]): void {
  checkSize(snapshots)
  for (const snapshot of snapshots) checkUser(snapshot)
}

/** @throws {StoreInputError} */
export function checkIds(clerkIds: readonly string[]): void {
  checkSize(clerkIds)
  for (const clerkId of clerkIds) checkText(clerkId, 'clerkId')
}

function checkSize(batch: readonly unknown[]): void {
  if (batch.length > MAX_BATCH) throw new StoreInputError(`At most ${MAX_BATCH} rows go into one call.`)
}
