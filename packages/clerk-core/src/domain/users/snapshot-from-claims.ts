import { readJson } from '../../ground/json/json-reader.js'
import type { UserSnapshot } from '../store/user.js'
import type { SessionClaims } from '../tokens/session-claims.js'
import type { ClaimsToUser } from './policy.js'

/**
 * A user built from verified claims: version 0, so that any snapshot from Clerk replaces it, and never
 * trusted enough to be linked.
 *
 * @throws {WebhookDataError} when `claimsToUser` returns a value that does not fit its field
 */
export function userSnapshotFromClaims(
  claims: SessionClaims,
  claimsToUser: ClaimsToUser | undefined,
): UserSnapshot {
  const fields = readJson({ ...claimsToUser?.(claims) }, 'claimsToUser()')
  const email = fields.optionalString('email')
  return {
    clerkId: claims.sub,
    email,
    emailVerified: email !== null && fields.flag('emailVerified'),
    username: fields.optionalString('username'),
    phone: fields.optionalString('phone'),
    firstName: fields.optionalString('firstName'),
    lastName: fields.optionalString('lastName'),
    imageUrl: fields.optionalString('imageUrl'),
    externalId: fields.optionalString('externalId'),
    publicMetadata: fields.metadata('publicMetadata'),
    banned: false,
    deprovisioned: false,
    locked: false,
    createdAt: null,
    updatedAt: null,
    lastSignInAt: null,
    lastActiveAt: null,
    version: 0,
  }
}
