import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import type { UserRecord } from '../../domain/store/user.js'
import type { SessionClaims, VerifiedToken } from '../../domain/tokens/session-claims.js'
import type { UserDirectory } from '../../domain/users/directory.js'
import { both, chain, isPromise, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { AuthFactory, NoUser } from './auth-factory.js'
import type { LocalRows } from './local-rows.js'
import type { MadeAuth } from './made-auth.js'
import { type ClaimAging, joinRows, type Principal, principalFromToken } from './principal.js'
import { type MadeOf, ReadyAuth } from './ready-auth.js'
import type { Request } from './request.js'

const NO_STORE = { kind: 'user', user: undefined } as const

/** What an `Auth` is made of again and again. */
interface Holder {
  ready: object | null
}

export interface UserAuthSource {
  ofToken(request: Request, token: VerifiedToken): MaybePromise<MadeAuth>
  /** @param holder where what is made is left for the next request */
  ofPrincipal(request: Request, principal: Principal, holder?: Holder | null): MaybePromise<MadeAuth>
  /**
   * The local user, provisioned when there is none, the membership in `orgId` and the row of that organisation.
   *
   * @throws {StoreUnavailableError} when the membership or the organisation cannot be read
   */
  localRows(
    userId: string,
    claims: SessionClaims | null,
    orgId: string | undefined,
  ): MaybePromise<LocalRows | NoUser>
  /** Those rows in the caches. `null` where the caches do not hold them: an `Auth` ends when a cache drops a row it was made of. */
  madeOf(
    userId: string,
    orgId: string | undefined,
    requested: string | undefined,
    rows: LocalRows,
  ): MadeOf | null
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

  return {
    /** The same token and rows give the same frozen `Auth`: a signed-in page needs it again and again. */
    ofToken(request, token) {
      const { requested } = request
      const { ready } = token
      const isReady = ready instanceof ReadyAuth && ready.requested === requested && ready.hasRows(now())
      if (isReady && ready.auth.kind === 'user') {
        return auths.again(ready.auth, request.cached, ready)
      }
      const orgId = requested ?? token.organization?.id
      return chain(localRows(token.claims.sub, token.claims, orgId), (rows) => {
        if (!('ok' in rows)) return auths.noUser(request, rows)
        const auth = joinRows(principalFromToken(token), requested, rows, aging)
        const of = madeOf(token.claims.sub, orgId, requested, rows)
        if (of !== null) token.ready = new ReadyAuth(auth, of)
        return auths.user(auth, request.cached && rows.cached)
      })
    },
    ofPrincipal(request, principal, holder = null) {
      const { requested } = request
      const orgId = requested ?? principal.organization?.id
      return chain(localRows(principal.userId, null, orgId), (rows) => {
        if (!('ok' in rows)) return auths.noUser(request, rows)
        const auth = joinRows(principal, requested, rows, aging)
        const of = holder === null ? null : madeOf(principal.userId, orgId, requested, rows)
        if (holder !== null && of !== null) holder.ready = new ReadyAuth(auth, of)
        return auths.user(auth, request.cached && rows.cached)
      })
    },
    localRows,
    madeOf,
  }

  function madeOf(
    userId: string,
    orgId: string | undefined,
    requested: string | undefined,
    rows: LocalRows,
  ): MadeOf | null {
    const user = users?.cached(userId) ?? null
    const membership = (orgId !== undefined && organizations?.cached(orgId, userId)) || null
    if (users !== null && user?.value.row !== rows.user) return null
    const organization = (orgId !== undefined && organizations?.cachedOrganization(orgId)) || null
    if (organizations !== null && orgId !== undefined) {
      if (membership?.value.row !== rows.membership) return null
      if (organization?.value.row !== rows.organization) return null
    }
    return { requested, user, membership, organization }
  }

  function localRows(
    userId: string,
    claims: SessionClaims | null,
    orgId: string | undefined,
  ): MaybePromise<LocalRows | NoUser> {
    const resolving = users === null ? NO_STORE : users.resolve(userId, claims)
    const userCached = !isPromise(resolving)
    return chain(resolving, (resolved) => {
      if (resolved.kind !== 'user') return resolved
      const { user } = resolved
      if (organizations === null) {
        return {
          ok: true,
          user,
          membership: undefined,
          organization: undefined,
          heldSince: null,
          cached: userCached,
        }
      }
      if (orgId === undefined) {
        return { ok: true, user, membership: null, organization: null, heldSince: null, cached: userCached }
      }
      const reading = both(organizations.membership(orgId, userId), organizations.organization(orgId))
      const cached = userCached && !isPromise(reading)
      return chain(reading, ([membership, organization]) => ({
        ok: true,
        user,
        membership,
        organization,
        heldSince: organizations.heldSince(orgId, userId, membership),
        cached,
      }))
    })
  }
}
