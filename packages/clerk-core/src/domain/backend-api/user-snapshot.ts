import { type JsonReader, readJson } from '../../ground/json/json-reader.js'
import type { UserSnapshot } from '../store/user.js'
import { carriedFields } from './carried-fields.js'

/** How Clerk's JSON becomes a snapshot. */
export interface SnapshotOptions {
  /** Version to use where Clerk gives no `updated_at`: the event's timestamp. Milliseconds. */
  readonly version: number
  /** Whether `private_metadata` is carried along. */
  readonly privateMetadata: boolean
}

/**
 * A user as the Backend API and the webhooks describe it (the same shape).
 *
 * @throws {WebhookDataError} naming the field that is not what Clerk documents, never its value
 */
export function userSnapshotFromClerk(
  json: unknown,
  { version, privateMetadata }: SnapshotOptions,
): UserSnapshot {
  const user = readJson(json, 'user')
  const updatedAt = user.optionalTime('updated_at')
  const email = primary(user, 'email_addresses', 'primary_email_address_id', first)
  const phone = primary(user, 'phone_numbers', 'primary_phone_number_id')
  return {
    clerkId: user.id('id'),
    ...(email !== undefined && {
      email: email?.optionalString('email_address') ?? null,
      emailVerified: email?.optionalObject('verification')?.optionalString('status') === 'verified',
    }),
    ...(phone !== undefined && { phone: phone?.optionalString('phone_number') ?? null }),
    ...carriedFields(user, FIELDS),
    ...(privateMetadata ? carriedFields(user, PRIVATE_FIELDS) : {}),
    updatedAt,
    version: updatedAt ?? version,
  }
}

const FIELDS = {
  username: ['username', 'optionalString'],
  firstName: ['first_name', 'optionalString'],
  lastName: ['last_name', 'optionalString'],
  imageUrl: ['image_url', 'optionalString'],
  externalId: ['external_id', 'optionalString'],
  publicMetadata: ['public_metadata', 'metadata'],
  banned: ['banned', 'flag'],
  deprovisioned: ['deprovisioned', 'flag'],
  locked: ['locked', 'flag'],
  createdAt: ['created_at', 'optionalTime'],
  lastSignInAt: ['last_sign_in_at', 'optionalTime'],
  lastActiveAt: ['last_active_at', 'optionalTime'],
} as const

const PRIVATE_FIELDS = { privateMetadata: ['private_metadata', 'metadata'] } as const

/** Where no address is the primary one, the first: its own verification status says what it is worth. */
const first = ([entry]: readonly JsonReader[]): JsonReader | null => entry ?? null
const none = () => null

/**
 * The entry that is the user's primary one, or what stands in for it. `null`: the user has none. `undefined`: the data does
 * not say, since it takes both the list and the id to know; an empty list says that there is none, and so does an empty id where nothing stands in.
 */
function primary(
  user: JsonReader,
  list: string,
  idField: string,
  otherwise: (entries: readonly JsonReader[]) => JsonReader | null = none,
): JsonReader | null | undefined {
  const id = user.optionalString(idField)
  const entries = user.objects(list)
  if (user.has(list) && entries.length === 0) return null
  if (user.has(idField) && id === null && otherwise === none) return null
  if (!user.has(list) || !user.has(idField)) return undefined
  return entries.find((entry) => entry.id('id') === id) ?? otherwise(entries)
}
