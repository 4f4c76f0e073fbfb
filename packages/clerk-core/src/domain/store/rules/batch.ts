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

/** Columns of users that a schema may declare unique. */
const MAY_BE_UNIQUE = ['email', 'username', 'phone', 'externalId'] as const

type UniqueValues = { readonly [Column in (typeof MAY_BE_UNIQUE)[number]]?: string | null }

/**
 * Parts of a batch that may be written in any order within themselves, in the order of the batch. A snapshot that another
 * one of the batch has to do with stands alone: of the same user, or with a value that another one brings or whose row holds
 * it. Values are compared without case, as a collation may.
 *
 * @param rows of the users of the batch, as they are before it
 */
export function planBatch<S extends UniqueValues & { readonly clerkId: string }>(
  snapshots: readonly S[],
  rows: readonly (UniqueValues & { readonly clerkId: string | null })[],
): readonly (readonly S[])[] {
  const usersOf = new Map<string, Set<string | null>>()
  const times = new Map<string, number>()
  const note = (value: string, clerkId: string | null) => {
    const users = usersOf.get(value) ?? new Set()
    users.add(clerkId)
    usersOf.set(value, users)
  }
  for (const one of [...snapshots, ...rows]) for (const value of uniqueValues(one)) note(value, one.clerkId)
  for (const { clerkId } of snapshots) times.set(clerkId, (times.get(clerkId) ?? 0) + 1)
  const isAlone = (snapshot: S) =>
    (times.get(snapshot.clerkId) ?? 0) > 1 ||
    uniqueValues(snapshot).some((value) => (usersOf.get(value)?.size ?? 0) > 1)

  const parts: S[][] = []
  let open: S[] | null = null
  for (const snapshot of snapshots) {
    if (isAlone(snapshot)) {
      parts.push([snapshot])
      open = null
    } else if (open === null) {
      open = [snapshot]
      parts.push(open)
    } else {
      open.push(snapshot)
    }
  }
  return parts
}

const uniqueValues = (of: UniqueValues): readonly string[] =>
  MAY_BE_UNIQUE.flatMap((column) => {
    const value = of[column]
    return value == null ? [] : [`${column} ${value.toLowerCase()}`]
  })
