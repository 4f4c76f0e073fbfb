import { carried } from '../rules/absence.js'
import { hasVerifiedAddress } from '../rules/email.js'
import { EMPTY_USER, ERASED_VERSION } from '../rules/tombstone.js'
import type { UserSnapshot } from '../user.js'
import { dateOf, type RowValues } from './rows.js'

/** The synced fields that a snapshot carries, without the times that only grow. */
export function userFields(snapshot: UserSnapshot): RowValues {
  return carried({
    email: snapshot.email,
    emailVerified: hasVerifiedAddress(snapshot),
    username: snapshot.username,
    phone: snapshot.phone,
    firstName: snapshot.firstName,
    lastName: snapshot.lastName,
    imageUrl: snapshot.imageUrl,
    externalId: snapshot.externalId,
    publicMetadata: snapshot.publicMetadata,
    privateMetadata: snapshot.privateMetadata,
    banned: snapshot.banned,
    deprovisioned: snapshot.deprovisioned,
    locked: snapshot.locked,
    clerkCreatedAt: dateOf(snapshot.createdAt),
  })
}

/** A user of whom nothing is known but the id. */
export const emptyUser = (clerkId: string): UserSnapshot => {
  const { privateMetadata: _, clerkCreatedAt: createdAt, ...nothing } = EMPTY_USER
  return { ...nothing, createdAt, clerkId, publicMetadata: {}, updatedAt: null, version: 0 }
}

export const ERASED_USER: RowValues = { ...EMPTY_USER, version: ERASED_VERSION }
