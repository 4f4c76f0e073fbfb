import type { UserAuth } from '../auth.js'
import { hasAccess } from '../guard/has.js'
import type { MembershipRecord } from '../organizations/organization.js'
import { requestOrganization } from '../organizations/request-organization.js'
import { agedFva } from '../session/make-record.js'
import type { SessionRecord } from '../session/record.js'
import type { createPermissionDecoder } from '../tokens/permission-memo.js'
import type {
  ActorClaim,
  OrganizationClaims,
  SessionClaims,
  VerifiedToken,
} from '../tokens/session-claims.js'
import type { UserRecord } from '../users/user.js'

/** Who is asking according to a token or a record, before the local rows are consulted. */
export interface Principal {
  readonly source: 'token' | 'session'
  readonly userId: string
  readonly sessionId: string
  readonly claims: SessionClaims | undefined
  readonly actor: ActorClaim | null
  /** Seconds: the moment this is true of. */
  readonly asOf: number
  readonly organization: OrganizationClaims | null
  readonly fea: unknown
  readonly pla: unknown
  readonly fva: unknown
}

export function principalFromToken({ claims, organization }: VerifiedToken): Principal {
  return {
    source: 'token',
    userId: claims.sub,
    sessionId: claims.sid,
    claims,
    actor: claims.act ?? null,
    asOf: claims.iat,
    organization,
    fea: claims['fea'],
    pla: claims['pla'],
    fva: claims.fva,
  }
}

export function principalFromRecord(
  record: SessionRecord,
  nowSeconds: number,
  permissionsOf: ReturnType<typeof createPermissionDecoder>,
): Principal {
  const { sub, sid, act, asOf, org, fea, pla } = record
  return {
    source: 'session',
    userId: sub,
    sessionId: sid,
    claims: undefined,
    actor: act,
    asOf,
    organization: org && {
      id: org.id,
      role: org.role,
      slug: org.slug,
      permissions: org.permissions ?? permissionsOf({ per: org.per, fpm: org.fpm, fea }),
    },
    fea,
    pla,
    fva: agedFva(record, nowSeconds),
  }
}

/** Joins the principal with the local rows. `membership`: `undefined` where no organisation store is configured. */
export function userAuth(
  principal: Principal,
  requested: string | undefined,
  user: UserRecord | undefined,
  membership: MembershipRecord | null | undefined,
): UserAuth {
  const { userId, sessionId, claims, actor, source, fea, pla, fva } = principal
  const organization = requestOrganization({
    requested,
    claimed: principal.organization,
    asOfSeconds: principal.asOf,
    membership,
  })
  const { orgId, role, permissions, organizationScoped } = organization
  return Object.freeze({
    kind: 'user',
    isAuthenticated: true,
    userId,
    sessionId,
    orgId,
    orgSlug: organization.slug,
    orgRole: role,
    orgPermissions: permissions,
    actor,
    source,
    claims,
    user,
    organization: membership === undefined ? undefined : orgId === null ? null : membership,
    organizationMismatch: organization.mismatch,
    has: (params) => hasAccess({ orgId, role, permissions, fea, pla, fva, organizationScoped }, params),
  } as UserAuth)
}
