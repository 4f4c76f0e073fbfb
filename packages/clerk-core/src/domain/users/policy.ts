import type { LinkBy, UserRecord, UserSnapshot } from '../store/user.js'
import type { SessionClaims } from '../tokens/session-claims.js'

/** Fields of a user that an application takes from its own session-token claims (`claimsToUser`). */
export type UserClaims = Partial<
  Pick<
    UserSnapshot,
    | 'email'
    | 'emailVerified'
    | 'username'
    | 'phone'
    | 'firstName'
    | 'lastName'
    | 'imageUrl'
    | 'externalId'
    | 'publicMetadata'
  >
>

/** The application's last word on a link. */
export type CanLink<U extends UserRecord> = (
  row: U,
  snapshot: UserSnapshot,
  by: LinkBy,
) => boolean | Promise<boolean>

export type ClaimsToUser = (claims: SessionClaims) => UserClaims
