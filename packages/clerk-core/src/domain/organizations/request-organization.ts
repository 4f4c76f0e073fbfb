import type { MembershipRecord, OrganizationRecord } from '../store/organization.js'
import { withOrganization } from '../store/rules/membership.js'
import type { OrganizationClaims } from '../tokens/session-claims.js'

/** The organisation a request is about, and what the user is in it. */
export interface RequestOrganization {
  readonly orgId: string | null
  readonly slug: string | null
  readonly role: string | null
  readonly permissions: readonly string[]
  readonly decidedBy: 'token' | 'store'
  /** The token's own organisation: its organisation-scoped features and plans count. */
  readonly organizationScoped: boolean
  /** The header names an organisation the user is not in. */
  readonly mismatch: boolean
}

export interface RequestOrganizationInput {
  /** `X-Organization-Id`, raw. */
  readonly requested: string | undefined
  /** The organisation of the token or the record. */
  readonly claimed: OrganizationClaims | null
  /** Seconds: the `iat` of the token, or of the one that the record was made from. */
  readonly asOfSeconds: number
  /** The newest membership in {@link requestedOrClaimedId}; `undefined` without an organisation store. */
  readonly membership: MembershipRecord | null | undefined
  /** The row of the same organisation: both are read at the same time, so that only one of them may know of a deletion. */
  readonly organization?: Pick<OrganizationRecord, 'deletedAt'> | null | undefined
  /** Milliseconds: when a right was taken away of which the membership's row does not know yet. `null`: it knows all. */
  readonly heldSince?: number | null
}

/** The organisation whose membership has to be read; `null` when the request is about none. */
export function requestedOrClaimedId(
  requested: string | undefined,
  claimed: OrganizationClaims | null,
): string | null {
  const named = requested?.trim()
  return named === undefined || named === '' ? (claimed?.id ?? null) : named
}

/** Pure. The token speaks for its own organisation until the store knows something newer, the store for any other. */
export function requestOrganization(input: RequestOrganizationInput): RequestOrganization {
  const { requested, claimed, asOfSeconds, organization, heldSince = null } = input
  const deletion = organization?.deletedAt ?? null
  const membership =
    deletion !== null && input.membership
      ? withOrganization(input.membership, { deletedAt: deletion })
      : input.membership
  const orgId = requestedOrClaimedId(requested, claimed)
  if (orgId === null) return none('token', false)
  const own = claimed?.id === orgId
  // Of an organisation that is gone no membership need be known.
  const gone = deletion !== null && deletion.getTime() >= asOfSeconds * 1000
  const held = heldSince !== null && (!own || heldSince >= asOfSeconds * 1000)
  if (own && !gone && !held && !isNewer(membership, claimed, asOfSeconds)) {
    return {
      orgId,
      slug: claimed.slug,
      role: claimed.role,
      permissions: claimed.permissions,
      decidedBy: 'token',
      organizationScoped: true,
      mismatch: false,
    }
  }
  if (held || !membership || membership.deletedAt !== null || membership.role === null) {
    // Without the header the request did not name this organisation: the user has only left it.
    return none('store', requestedOrClaimedId(requested, null) !== null)
  }
  return {
    orgId,
    slug: own ? claimed.slug : null,
    role: membership.role,
    permissions: lasting(membership.permissions),
    decidedBy: 'store',
    organizationScoped: own,
    mismatch: false,
  }
}

const NONE: readonly string[] = Object.freeze([])

/** An `Auth` answers many requests, and a row of a class of the application's is not copied: none of them adds to what it says. */
const lasting = (permissions: readonly string[]): readonly string[] =>
  Object.isFrozen(permissions) ? permissions : Object.freeze([...permissions])

function none(decidedBy: 'token' | 'store', mismatch: boolean): RequestOrganization {
  return {
    orgId: null,
    slug: null,
    role: null,
    permissions: NONE,
    decidedBy,
    organizationScoped: false,
    mismatch,
  }
}

/**
 * Whether the store knows something newer of the user's rights in the token's own organisation: a change of the membership,
 * or of the role that the token names. Where the store has another role, an event of the membership is missing; a change of
 * that role says nothing about a user who has it no more.
 *
 * `asOf` has whole seconds, the store milliseconds: what changed within the second in which the token was issued may
 * have come after it, so that the store decides then. A removal overlooked is worse than a promotion that is a token
 * late.
 */
export function isNewer(
  membership: MembershipRecord | null | undefined,
  claimed: Pick<OrganizationClaims, 'role'>,
  asOfSeconds: number,
): boolean {
  if (!membership) return false
  const { version, deletedAt, role, permissionsVersion } = membership
  const changes = [version, deletedAt?.getTime(), role === claimed.role ? permissionsVersion : undefined]
  return changes.some((at) => at !== undefined && at >= asOfSeconds * 1000)
}
