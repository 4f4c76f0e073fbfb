import type { Auth, MachineAuth, UserAuth } from '../../domain/auth/auth.js'
import type { UserRecord } from '../../domain/store/user.js'
import type { UserDirectory } from '../../domain/users/directory.js'
import type { AnonymousReason, UnavailableReason } from '../../ground/errors.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { Request } from './request.js'

/** How long a client should wait before asking again when nothing better is known. */
export const RETRY_AFTER_SECONDS = 5

/** Why a verified user id has no local user. */
export type NoUser = Exclude<Awaited<ReturnType<UserDirectory<UserRecord>['resolve']>>, { kind: 'user' }>

/** `user`: `undefined` without a user store. */
type MachineFields = Omit<MachineAuth, 'kind' | 'isAuthenticated' | 'has' | 'user'> & {
  readonly user: UserRecord | null | undefined
}

/** The ends of the way: every `Auth` that is returned is made, frozen and observed here. */
export interface AuthFactory {
  anonymous(request: Request, reason: AnonymousReason): Auth
  unavailable(reason: UnavailableReason, retryAfterSeconds?: number): Auth
  noUser(request: Request, resolution: NoUser): Auth
  local(user: unknown): Auth
  machine(fields: MachineFields): Auth
  user(auth: UserAuth): Auth
  /** An answer that has been given before; whether the cached rows it was made of are told as hits. */
  again(auth: UserAuth, user: boolean, membership: boolean): Auth
}

export function createAuthFactory(observer: Observer): AuthFactory {
  return { anonymous, unavailable, noUser, local, machine, user, again }

  function anonymous({ bearer, tokenHash }: Request, reason: AnonymousReason): Auth {
    if (observer.wants('auth.failure')) observer.emit('auth.failure', { reason, tokenHash })
    const tokenRefused = (bearer !== null || tokenHash !== null) && !reason.startsWith('user-')
    return tokenRefused ? refusedAs(reason) : anonymousAs(reason)
  }

  function unavailable(reason: UnavailableReason, retryAfterSeconds = RETRY_AFTER_SECONDS): Auth {
    if (observer.wants('auth.unavailable')) observer.emit('auth.unavailable', { reason, retryAfterSeconds })
    return Object.freeze({
      kind: 'unavailable',
      isAuthenticated: false,
      reason,
      retryAfterSeconds,
      has: never,
    } as Auth)
  }

  function noUser(request: Request, resolution: NoUser): Auth {
    return resolution.kind === 'unavailable'
      ? unavailable(resolution.reason, resolution.retryAfterSeconds)
      : anonymous(request, resolution.reason)
  }

  function local(user: unknown): Auth {
    if (observer.wants('auth.success')) {
      observer.emit('auth.success', { kind: 'local', source: 'local', ...NOBODY_AT_CLERK })
    }
    return Object.freeze({ kind: 'local', isAuthenticated: true, user, has: never } as Auth)
  }

  function machine(fields: MachineFields): Auth {
    if (observer.wants('auth.success')) {
      const { userId, orgId } = fields
      observer.emit('auth.success', { kind: 'machine', source: 'machine', userId, sessionId: null, orgId })
    }
    return Object.freeze({ kind: 'machine', isAuthenticated: true, ...fields, has: never } as Auth)
  }

  function user(auth: UserAuth): Auth {
    if (observer.wants('auth.success')) {
      const { userId, sessionId, orgId, source } = auth
      observer.emit('auth.success', { kind: 'user', source, userId, sessionId, orgId })
    }
    return auth
  }

  function again(auth: UserAuth, row: boolean, membership: boolean): Auth {
    if (observer.wants('cache.hit')) {
      if (row) observer.emit('cache.hit', { cache: 'user' })
      if (membership) observer.emit('cache.hit', { cache: 'membership' })
    }
    return user(auth)
  }
}

const NOBODY_AT_CLERK = { userId: null, sessionId: null, orgId: null } as const

function never(): false {
  return false
}

/** Anonymous is the same for everybody: one frozen value per reason. */
function anonymousPer(tokenRefused: boolean): (reason: AnonymousReason) => Auth {
  const made = new Map<AnonymousReason, Auth>()
  return (reason) => {
    let auth = made.get(reason)
    if (auth === undefined) {
      auth = Object.freeze({
        kind: 'anonymous',
        isAuthenticated: false,
        reason,
        tokenRefused,
        has: never,
      } as Auth)
      made.set(reason, auth)
    }
    return auth
  }
}

const anonymousAs = anonymousPer(false)
const refusedAs = anonymousPer(true)
