import { StoreInputError } from '../../../ground/errors.js'
import { UNSTORABLE } from '../../../ground/json/json.js'
import type { NewChange } from '../inbox.js'
import type {
  InvitationSnapshot,
  MembershipIdentity,
  MembershipReference,
  MembershipSnapshot,
  OrganizationSnapshot,
  RoleSnapshot,
} from '../organization.js'
import type { UserActivity, UserSnapshot } from '../user.js'

/** Longer than any id of Clerk's, and than any e-mail address (RFC 5321 §4.5.3.1). */
const MAX_LENGTH = 320

/** The furthest moment a `Date` can hold, in milliseconds (ECMA-262 §21.4.1.1). */
const MAX_TIME_MS = 8.64e15

/** Whether a value passes {@link checkText}. */
export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH && !UNSTORABLE.test(value)

/**
 * An id or an e-mail address. An object in its place is how queries are injected (`{ $ne: null }`, `{ not: null }`), and
 * a store that looks it up as text finds another row than the caller meant.
 *
 * @throws {StoreInputError}
 */
export function checkText(value: unknown, name: string): asserts value is string {
  if (!isText(value)) {
    throw new StoreInputError(`${name} must be a string of 1 to ${MAX_LENGTH} characters, without U+0000.`)
  }
}

/**
 * The store's own id of a row: text, a whole number, or an object of a type that the store names.
 *
 * @throws {StoreInputError}
 */
export function checkLocalId(id: unknown, isOwnType: (id: object) => boolean = () => false): void {
  if (typeof id === 'bigint' || Number.isSafeInteger(id)) return
  if (typeof id === 'object' && id !== null && isOwnType(id)) return
  checkText(id, 'id')
}

/** @param value milliseconds @throws {StoreInputError} */
export function checkTime(value: unknown, name: string): asserts value is number {
  if (!isWhole(value) || Math.abs(value) > MAX_TIME_MS)
    throw new StoreInputError(`${name} must be a time in whole milliseconds.`)
}

/** @throws {StoreInputError} */
export function checkVersion(value: unknown): asserts value is number {
  if (!isWhole(value) || value < 0)
    throw new StoreInputError('version must be a whole number of milliseconds, 0 or more.')
}

/** How many rows are asked for. @throws {StoreInputError} */
export function checkLimit(value: unknown): asserts value is number {
  if (!isWhole(value) || value < 0) throw new StoreInputError('limit must be a whole number, 0 or more.')
}

/** How many entries a page may hold. @throws {StoreInputError} */
export function checkPage(value: unknown): asserts value is number {
  if (!isWhole(value) || value < 1) throw new StoreInputError('limit must be a whole number, 1 or more.')
}

/** The longest duration that is taken: with the time of now it is still a time. A thousand years. */
const MAX_DURATION_MS = 1000 * 365 * 24 * 3600 * 1000

/** @param value milliseconds @throws {StoreInputError} */
export function checkDuration(value: unknown, name: string): asserts value is number {
  if (!isWhole(value) || value < 0 || value > MAX_DURATION_MS)
    throw new StoreInputError(`${name} must be whole milliseconds, 0 or more.`)
}

/** What is appended to the log. @throws {StoreInputError} */
export function checkChange({ id, type, subjects, narrows, version }: NewChange): void {
  checkText(id, 'id')
  checkText(type, 'type')
  for (const subject of subjects) checkText(subject, 'subject')
  if (narrows !== null) checkText(narrows, 'narrows')
  if (version !== null) checkVersion(version)
}

/** @throws {StoreInputError} */
export function checkUser(snapshot: UserSnapshot): void {
  checkVersioned(snapshot)
  checkTimes(snapshot, ['createdAt', 'lastSignInAt', 'lastActiveAt'])
}

/** @throws {StoreInputError} */
export function checkActivity({ lastSignInAt, lastActiveAt }: UserActivity): void {
  checkTime(lastSignInAt, 'lastSignInAt')
  checkTime(lastActiveAt, 'lastActiveAt')
}

/** @throws {StoreInputError} */
export function checkOrganization(snapshot: OrganizationSnapshot): void {
  checkVersioned(snapshot)
  checkTimes(snapshot, ['createdAt'])
}

/** @throws {StoreInputError} */
export function checkMembershipIdentity({ clerkId, orgId, userId, createdAt }: MembershipIdentity): void {
  checkText(clerkId, 'clerkId')
  checkText(orgId, 'orgId')
  checkText(userId, 'userId')
  checkTime(createdAt, 'createdAt')
}

/** An id alone, or all that identifies a membership. @throws {StoreInputError} */
export function checkMembershipReference(reference: MembershipReference): void {
  if (Object.keys(reference).some((field) => field !== 'clerkId'))
    checkMembershipIdentity(reference as MembershipIdentity)
  else checkText(reference.clerkId, 'clerkId')
}

/** @throws {StoreInputError} */
export function checkMembership(snapshot: MembershipSnapshot): void {
  checkMembershipIdentity(snapshot)
  checkVersion(snapshot.version)
}

/** @throws {StoreInputError} */
export function checkRole(snapshot: RoleSnapshot): void {
  checkVersioned(snapshot)
  checkText(snapshot.key, 'key')
}

/** @throws {StoreInputError} */
export function checkInvitation(snapshot: InvitationSnapshot): void {
  checkVersioned(snapshot)
  checkText(snapshot.orgId, 'orgId')
  checkTimes(snapshot, ['createdAt', 'expiresAt'])
}

/** The column that a list of memberships is asked for by, and the id. @throws {StoreInputError} */
export function membershipKey(
  of: { readonly userId: string } | { readonly orgId: string },
): readonly ['userId' | 'orgId', string] {
  const key = 'userId' in of ? (['userId', of.userId] as const) : (['orgId', of.orgId] as const)
  checkText(key[1], key[0])
  return key
}

function checkVersioned({ clerkId, version }: { readonly clerkId: string; readonly version: number }): void {
  checkText(clerkId, 'clerkId')
  checkVersion(version)
}

/** Times that may be unknown. Anything else would be stored as a date that is none, or fail in the database. */
function checkTimes<F extends string>(
  snapshot: { readonly [Field in F]?: number | null },
  fields: readonly F[],
): void {
  for (const field of fields) if (snapshot[field] != null) checkTime(snapshot[field], field)
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value)

/**
 * What of a synced value can be stored everywhere: U+0000 and halves of surrogate pairs are dropped or replaced, at any
 * depth, in keys too. People write them into their own names, and an event that no database takes would fail for ever.
 */
export function storable<T>(value: T): T
export function storable(value: unknown): unknown {
  return isStorableJson(value) ? value : storableJson(value)
}

/** Nearly everything is storable: looking takes half of what a text of it takes, and makes nothing. */
function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value)
  if (Array.isArray(value)) return value.every(isStorableJson)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, nested]) => isStorable(key) && isStorableJson(nested))
}

function storableJson(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(storableJson)
  if (typeof value !== 'object' || value === null) return value
  // fromEntries defines `__proto__` as the key it was, where an assignment would set the prototype.
  return Object.fromEntries(
    Object.entries(value).map(([key, nested]) => [storableText(key), storableJson(nested)]),
  )
}

/** Whether a text can be stored as it is. */
export const isStorable = (text: string): boolean => !UNSTORABLE.test(text)

const storableText = (text: string) => text.replaceAll('\0', '').replaceAll(/\p{Surrogate}/gu, '\ufffd')
