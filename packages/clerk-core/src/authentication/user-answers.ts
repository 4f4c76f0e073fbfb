import type { Auth, UserAuth } from '../auth.js'
import { chain, type MaybePromise } from '../maybe-promise.js'
import type { OrganizationDirectory } from '../organizations/directory.js'
import type { MembershipRecord } from '../organizations/organization.js'
import type { SessionClaims, VerifiedToken } from '../tokens/session-claims.js'
import type { UserDirectory } from '../users/directory.js'
import type { UserRecord } from '../users/user.js'
import type { Answers, NoUser } from './answers.js'
import { type Principal, principalFromToken, userAuth } from './principal.js'
import type { Request } from './request.js'

interface LocalRows {
  readonly ok: true
  readonly user: UserRecord | undefined
  readonly membership: MembershipRecord | null | undefined
}

interface RememberedAuth extends Omit<LocalRows, 'ok'> {
  readonly auth: UserAuth
  readonly requested: string | undefined
}

const NO_STORE = { kind: 'user', user: undefined } as const

export interface UserAnswers {
  ofToken(request: Request, token: VerifiedToken): MaybePromise<Auth>
  ofPrincipal(request: Request, principal: Principal): MaybePromise<Auth>
}

/** Joins who is asking with the local rows. `null`: no such store. */
export function createUserAnswers(parts: {
  readonly users: UserDirectory<UserRecord> | null
  readonly organizations: OrganizationDirectory | null
  readonly answers: Answers
}): UserAnswers {
  const { users, organizations, answers } = parts
  const lastAuth = new WeakMap<VerifiedToken, RememberedAuth>()

  return {
    /** The same token, row and membership give the same frozen answer: a signed-in page asks for it again and again. */
    ofToken(request, token) {
      const { requested } = request
      return chain(localRows(token.claims.sub, token.claims, requested, token.organization?.id), (rows) => {
        if (!('ok' in rows)) return answers.noUser(request, rows)
        const last = lastAuth.get(token)
        if (
          last !== undefined &&
          last.user === rows.user &&
          last.membership === rows.membership &&
          last.requested === requested
        ) {
          return answers.user(last.auth)
        }
        const auth = userAuth(principalFromToken(token), requested, rows.user, rows.membership)
        lastAuth.set(token, { auth, requested, ...rows })
        return answers.user(auth)
      })
    },
    ofPrincipal(request, principal) {
      const { requested } = request
      return chain(localRows(principal.userId, null, requested, principal.organization?.id), (rows) =>
        'ok' in rows
          ? answers.user(userAuth(principal, requested, rows.user, rows.membership))
          : answers.noUser(request, rows),
      )
    },
  }

  function localRows(
    userId: string,
    claims: SessionClaims | null,
    requested: string | undefined,
    claimed: string | undefined,
  ): MaybePromise<LocalRows | NoUser> {
    const orgId = requested ?? claimed
    return chain(users === null ? NO_STORE : users.resolve(userId, claims), (resolved) => {
      if (resolved.kind !== 'user') return resolved
      if (organizations === null) return { ok: true, user: resolved.user, membership: undefined }
      if (orgId === undefined) return { ok: true, user: resolved.user, membership: null }
      return chain(organizations.membership(orgId, userId), (membership) => ({
        ok: true,
        user: resolved.user,
        membership,
      }))
    })
  }
}
