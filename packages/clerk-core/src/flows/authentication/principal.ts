import { hasAccess } from '../../domain/guard/has.js'
import { requestOrganization } from '../../domain/organizations/request-organization.js'
import { agedFva } from '../../domain/session/make-record.js'
import type { SessionRecord } from '../../domain/session/record.js'
import type { MembershipRecord } from '../../domain/store/organization.js'
import type { UserRecord } from '../../domain/store/user.js'
import type { createPermissionDecoder } from '../../domain/tokens/permission-memo.js'
import type {
  ActorClaim,
  OrganizationClaims,
  SessionClaims,
  VerifiedToken,
} from '../../domain/tokens/session-claims.js'
import type { MadeUserAuth } from './made-auth.js'
import { noteOrigin } from './origin.js'

/** Who is asking according to a token or a record, before the local rows are consulted. */
export interface Principal {
  readonly source: 'token' | 'session'
  /** The token or record itself. */
  readonly from: VerifiedToken | SessionRecord
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

export function principalFromToken(token: VerifiedToken): Principal {
  const { claims, organization } = token
  return {
    source: 'token',
    from: token,
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
    from: record,
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
export function joinRows(
  principal: Principal,
  requested: string | undefined,
  user: UserRecord | undefined,
  membership: MembershipRecord | null | undefined,
): MadeUserAuth {
  const { userId, sessionId, claims, actor, source, fea, pla, fva } = principal
  const organization = requestOrganization({
    requested,
    claimed: principal.organization,
    asOfSeconds: principal.asOf,
    membership,
  })
  const { orgId, role, permissions, organizationScoped } = organization
  const auth: MadeUserAuth = {
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
  }
  noteOrigin(auth, { kind: 'user', from: principal.from, requested })
  return Object.freeze(auth)
}
