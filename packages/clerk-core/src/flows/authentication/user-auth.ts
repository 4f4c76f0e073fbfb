import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import type { MembershipRecord } from '../../domain/store/organization.js'
import type { UserRecord } from '../../domain/store/user.js'
import type { SessionClaims, VerifiedToken } from '../../domain/tokens/session-claims.js'
import type { UserDirectory } from '../../domain/users/directory.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { Cached } from '../../ground/timing/read-cache.js'
import type { AuthFactory, NoUser } from './auth-factory.js'
import type { MadeAuth, MadeUserAuth } from './made-auth.js'
import { type ClaimAging, joinRows, type Principal, principalFromToken } from './principal.js'
import type { Request } from './request.js'

export interface LocalRows {
  readonly ok: true
  readonly user: UserRecord | undefined
  readonly membership: MembershipRecord | null | undefined
  /** See {@link OrganizationDirectory.heldSince}. */
  readonly heldSince: number | null
}

interface LastAuth {
  readonly auth: MadeUserAuth
  readonly requested: string | undefined
  /** What it was made of; `null` without such a store, and without an organisation. */
  readonly user: Cached<unknown> | null
  readonly membership: Cached<unknown> | null
}

const NO_STORE = { kind: 'user', user: undefined } as const

export interface UserAuthSource {
  ofToken(request: Request, token: VerifiedToken): MaybePromise<MadeAuth>
  ofPrincipal(request: Request, principal: Principal): MaybePromise<MadeAuth>
  /**
   * The local user, provisioned when there is none, and the membership in `orgId`.
   *
   * @throws {StoreUnavailableError} when the membership cannot be read
   */
  localRows(
    userId: string,
    claims: SessionClaims | null,
    orgId: string | undefined,
  ): MaybePromise<LocalRows | NoUser>
}

/** Joins the principal with the local rows. `null`: no such store. */
export function createUserAuth(parts: {
  readonly users: UserDirectory<UserRecord> | null
  readonly organizations: OrganizationDirectory | null
  readonly auths: AuthFactory
  readonly aging: ClaimAging
}): UserAuthSource {
  const { users, organizations, auths, aging } = parts
  const { now } = aging
  const lastAuth = new WeakMap<VerifiedToken, LastAuth>()

  return {
    /** The same token, row and membership give the same frozen `Auth`: a signed-in page needs it again and again. */
    ofToken(request, token) {
      const { requested } = request
      const last = lastAuth.get(token)
      if (last !== undefined && last.requested === requested && isStillTrue(last)) {
        return auths.again(last.auth, last.user !== null, last.membership !== null)
      }
      const orgId = requested ?? token.organization?.id
      return chain(localRows(token.claims.sub, token.claims, orgId), (rows) => {
        if (!('ok' in rows)) return auths.noUser(request, rows)
        const auth = join(principalFromToken(token), requested, rows)
        remember(token, orgId, requested, rows, auth)
        return auths.user(auth)
      })
    },
    ofPrincipal(request, principal) {
      const { requested } = request
      return chain(localRows(principal.userId, null, requested ?? principal.organization?.id), (rows) =>
        'ok' in rows ? auths.user(join(principal, requested, rows)) : auths.noUser(request, rows),
      )
    },
    localRows,
  }

  function join(principal: Principal, requested: string | undefined, rows: LocalRows): MadeUserAuth {
    return joinRows(principal, requested, rows.user, rows.membership, aging, rows.heldSince)
  }

  function isStillTrue({ user, membership }: LastAuth): boolean {
    if (user === null && membership === null) return true
    const nowMs = now()
    return (user === null || user.isFresh(nowMs)) && (membership === null || membership.isFresh(nowMs))
  }

  /** Only of rows that the caches hold as well, so that an `Auth` ends when a cache drops a row it was made of. */
  function remember(
    token: VerifiedToken,
    orgId: string | undefined,
    requested: string | undefined,
    rows: LocalRows,
    auth: MadeUserAuth,
  ): void {
    const { sub } = token.claims
    const user = users?.cached(sub) ?? null
    const membership = (orgId !== undefined && organizations?.cached(orgId, sub)) || null
    if (users !== null && user?.value.row !== rows.user) return
    if (organizations !== null && orgId !== undefined && membership?.value.row !== rows.membership) return
    lastAuth.set(token, { auth, requested, user, membership })
  }

  function localRows(
    userId: string,
    claims: SessionClaims | null,
    orgId: string | undefined,
  ): MaybePromise<LocalRows | NoUser> {
    return chain(users === null ? NO_STORE : users.resolve(userId, claims), (resolved) => {
      if (resolved.kind !== 'user') return resolved
      if (organizations === null)
        return { ok: true, user: resolved.user, membership: undefined, heldSince: null }
      if (orgId === undefined) return { ok: true, user: resolved.user, membership: null, heldSince: null }
      return chain(organizations.membership(orgId, userId), (membership) => ({
        ok: true,
        user: resolved.user,
        membership,
        heldSince: organizations.heldSince(orgId, userId, membership),
      }))
    })
  }
}
