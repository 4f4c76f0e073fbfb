import type { UserAuth } from '../../domain/auth/auth.js'
import type { WithJson } from '../../domain/auth/auth-json.js'
import { type AccessSubject, hasAccess } from '../../domain/guard/has.js'
import {
  type RequestOrganization,
  requestOrganization,
} from '../../domain/organizations/request-organization.js'
import { copyOfClaims } from '../../domain/session/kept-claims.js'
import { sessionStatusOf } from '../../domain/session/make-record.js'
import type { SessionRecord } from '../../domain/session/record.js'
import { agedFactors, type FactorAges, readFactorAges } from '../../domain/tokens/claim-age.js'
import { expandOrganization, textOf } from '../../domain/tokens/organization-claims.js'
import type { createPermissionDecoder } from '../../domain/tokens/permission-memo.js'
import type { ActorClaim, OrganizationClaims, VerifiedToken } from '../../domain/tokens/session-claims.js'
import type { LocalRows } from './local-rows.js'
import type { MadeUserAuth } from './made-auth.js'
import { noteOrigin } from './origin.js'

/** Who is asking according to a token or a record, before the local rows are consulted. */
export interface Principal {
  readonly source: 'token' | 'session'
  /** The token or record itself. */
  readonly from: VerifiedToken | SessionRecord
  readonly userId: string
  readonly sessionId: string
  readonly sessionStatus: SessionRecord['sts']
  readonly claims: UserAuth['claims']
  readonly actor: ActorClaim | null
  /** Seconds: what the store knows from then on is newer than `organization`. */
  readonly organizationAsOf: number
  readonly organization: OrganizationClaims | null
  /** `iat` of the token: how old the following are. */
  readonly tokenAt: number
  readonly fea: string | null
  readonly pla: string | null
  readonly fva: FactorAges | null
}

/** What turns claims of some time ago into an answer of now. */
export interface ClaimAging {
  /** Milliseconds. */
  readonly now: () => number
  /** See `entitlementSeconds`. */
  readonly entitlementSeconds: number
  /** Of the clerk that makes the answer. */
  readonly withJson: WithJson
}

export function principalFromToken(token: VerifiedToken): Principal {
  const { claims, organization } = token
  return {
    source: 'token',
    from: token,
    userId: claims.sub,
    sessionId: claims.sid,
    sessionStatus: sessionStatusOf(claims),
    claims,
    actor: claims.act ?? null,
    organizationAsOf: claims.iat,
    organization,
    tokenAt: claims.iat,
    fea: textOf(claims['fea']),
    pla: textOf(claims['pla']),
    fva: readFactorAges(claims.fva),
  }
}

export function principalFromRecord(
  record: SessionRecord,
  reader: ClaimAging & {
    readonly keepClaims: readonly string[]
    readonly permissionsOf: ReturnType<typeof createPermissionDecoder>
  },
): Principal {
  const { sub, sid, sts, act, org, tokenAt, fea, pla, fva, claims } = record
  return {
    source: 'session',
    from: record,
    userId: sub,
    sessionId: sid,
    sessionStatus: sts,
    claims:
      claims !== null && areEntitled(tokenAt, reader) ? copyOfClaims(claims, reader.keepClaims) : undefined,
    actor: act,
    organizationAsOf: org?.fromStore === true ? 0 : tokenAt,
    organization: org && expandOrganization(org, fea, reader.permissionsOf),
    tokenAt,
    fea,
    pla,
    fva,
  }
}

function secondsOf({ now }: ClaimAging): number {
  return Math.floor(now() / 1000)
}

/** Whether plan, features and kept claims of a token still count. */
function areEntitled(tokenAt: number, aging: ClaimAging): boolean {
  return secondsOf(aging) - tokenAt < aging.entitlementSeconds
}

/**
 * What `has()` is asked about. An `Auth` may live long (a socket, a cached one of a token of a day): what grows old is
 * worked out when it is asked for, and costs nothing where it is not.
 */
class CurrentAccess implements AccessSubject {
  private readonly principal: Principal
  private readonly organization: RequestOrganization
  private readonly aging: ClaimAging

  constructor(principal: Principal, organization: RequestOrganization, aging: ClaimAging) {
    this.principal = principal
    this.organization = organization
    this.aging = aging
  }

  get orgId() {
    return this.organization.orgId
  }
  get role() {
    return this.organization.role
  }
  get permissions() {
    return this.organization.permissions
  }
  get organizationScoped() {
    return this.organization.organizationScoped
  }
  get fea() {
    return areEntitled(this.principal.tokenAt, this.aging) ? this.principal.fea : null
  }
  get pla() {
    return areEntitled(this.principal.tokenAt, this.aging) ? this.principal.pla : null
  }
  get fva() {
    const { fva, tokenAt } = this.principal
    return agedFactors(fva, tokenAt, secondsOf(this.aging))
  }
}

/** Joins the principal with the local rows. */
export function joinRows(
  principal: Principal,
  requested: string | undefined,
  { user, membership, organization: row, heldSince }: LocalRows,
  aging: ClaimAging,
): MadeUserAuth {
  const { userId, sessionId, sessionStatus, claims, actor, source } = principal
  const organization = requestOrganization({
    requested,
    claimed: principal.organization,
    asOfSeconds: principal.organizationAsOf,
    membership,
    organization: row,
    heldSince,
  })
  const { orgId, role, permissions } = organization
  const access = new CurrentAccess(principal, organization, aging)
  const auth = aging.withJson<MadeUserAuth>({
    kind: 'user',
    isAuthenticated: true,
    userId,
    sessionId,
    sessionStatus,
    orgId,
    orgSlug: organization.slug,
    orgRole: role,
    orgPermissions: permissions,
    actor,
    source,
    claims,
    user,
    membership:
      membership === undefined ? undefined : orgId === null || heldSince !== null ? null : membership,
    organization: row === undefined ? undefined : orgId === null || row?.deletedAt ? null : row,
    organizationMismatch: organization.mismatch,
    has: (params) => hasAccess(access, params),
  })
  noteOrigin(auth, { kind: 'user', from: principal.from, requested })
  return Object.freeze(auth)
}
