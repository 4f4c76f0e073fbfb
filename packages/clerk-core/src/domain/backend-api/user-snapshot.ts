import { type JsonReader, readJson } from '../../ground/json/json-reader.js'
import type { UserSnapshot } from '../store/user.js'

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
  const email = primary(user, 'email_addresses', 'primary_email_address_id')
  const phone = primary(user, 'phone_numbers', 'primary_phone_number_id')
  return {
    clerkId: user.id('id'),
    email: email?.optionalString('email_address') ?? null,
    emailVerified: email?.optionalObject('verification')?.optionalString('status') === 'verified',
    username: user.optionalString('username'),
    phone: phone?.optionalString('phone_number') ?? null,
    firstName: user.optionalString('first_name'),
    lastName: user.optionalString('last_name'),
    imageUrl: user.optionalString('image_url'),
    externalId: user.optionalString('external_id'),
    publicMetadata: user.metadata('public_metadata'),
    ...(privateMetadata ? { privateMetadata: user.metadata('private_metadata') } : {}),
    banned: user.flag('banned'),
    deprovisioned: user.flag('deprovisioned'),
    locked: user.flag('locked'),
    createdAt: user.optionalTime('created_at'),
    updatedAt,
    lastSignInAt: user.optionalTime('last_sign_in_at'),
    lastActiveAt: user.optionalTime('last_active_at'),
    version: updatedAt ?? version,
  }
}

function primary(user: JsonReader, list: string, idField: string): JsonReader | undefined {
  const id = user.optionalString(idField)
  const entries = user.objects(list)
  return id === null ? undefined : entries.find((entry) => entry.id('id') === id)
}
