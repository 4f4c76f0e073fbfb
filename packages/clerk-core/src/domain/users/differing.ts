import { differingFields } from '../backend-api/drift.js'
import { hasVerifiedAddress } from '../store/rules/email.js'
import type { UserRecord, UserSnapshot } from '../store/user.js'

/** Names of the synced fields in which a row differs from a snapshot. Times that only grow are none of them. */
export function differingUserFields(
  row: UserRecord,
  snapshot: UserSnapshot,
  unstored: readonly string[],
): readonly string[] {
  const { email, username, phone, firstName, lastName, imageUrl, externalId } = snapshot
  const { publicMetadata, privateMetadata, banned, deprovisioned, locked } = snapshot
  const carried = {
    ...{ email, emailVerified: hasVerifiedAddress(snapshot), username, phone, firstName, lastName, imageUrl },
    ...{ externalId, publicMetadata, privateMetadata, banned, deprovisioned, locked },
  }
  return differingFields(row, carried, unstored)
}
