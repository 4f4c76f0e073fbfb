import type { AnonymousAuth, LocalAuth, UnavailableAuth } from '../../domain/auth/auth.js'
import { createWithJson, type WithJson } from '../../domain/auth/auth-json.js'
import type { UserResolution } from '../../domain/users/directory.js'
import type { AnonymousReason, UnavailableReason } from '../../ground/errors.js'
import { type Observer, SILENT } from '../../ground/observe/observer.js'
import type { MadeAuth, MadeMachineAuth, MadeUserAuth } from './made-auth.js'
import { noteOrigin, type Origin } from './origin.js'
import type { Request } from './request.js'

/** How long a client should wait before it tries again when nothing better is known. */
const RETRY_AFTER_SECONDS = 5

/** Why a verified user id has no local user. */
export type NoUser = Exclude<UserResolution, { kind: 'user' }>

/** Whether a token came with the request, and what was seen of what was refused. */
type Carrying = Pick<Request, 'bearer' | 'token' | 'seen'>

/** Where no request comes: over a connection. */
export const NOTHING_CARRIED: Carrying = { bearer: null, token: null, seen: null }

/** Caches of the rows that an `Auth` of a user is made of. */
const ROW_CACHES = ['user', 'membership', 'organization'] as const
type RowCache = (typeof ROW_CACHES)[number]

type MachineFields = Omit<MadeMachineAuth, 'kind' | 'isAuthenticated' | 'has' | 'toJSON'>

/** The ends of the way: every `Auth` that is returned is made, frozen and observed here. */
export interface AuthFactory {
  readonly withJson: WithJson
  anonymous(request: Carrying, reason: AnonymousReason): MadeAuth
  unavailable(reason: UnavailableReason, retryAfterSeconds?: number): MadeAuth
  noUser(request: Carrying, resolution: NoUser): MadeAuth
  local(user: unknown): MadeAuth
  machine(fields: MachineFields, origin: Origin, cached: boolean): MadeMachineAuth
  /** An `Auth` of a machine that was returned before. */
  machineAgain(auth: MadeMachineAuth, cached: boolean): MadeAuth
  /** @param cached see `auth.success` */
  user(auth: MadeUserAuth, cached: boolean): MadeAuth
  /** An `Auth` that was returned before. `null`: it was not made of such a row; the others are observed as hits. */
  again(auth: MadeUserAuth, cached: boolean, of: { readonly [N in RowCache]: object | null }): MadeAuth
}

export function createAuthFactory(observer: Observer): AuthFactory {
  const withJson = createWithJson(observer)
  return { withJson, anonymous, unavailable, noUser, local, machine, machineAgain, user, again }

  function anonymous({ bearer, token, seen }: Carrying, reason: AnonymousReason): MadeAuth {
    if (observer.wantsOrLogs('auth.failure')) {
      observer.emit('auth.failure', { reason, tokenHash: token?.hash ?? null }, seen ?? undefined)
    }
    const tokenRefused = (bearer !== null || token !== null) && !reason.startsWith('user-')
    return tokenRefused ? refusedAs(reason) : anonymousAs(reason)
  }

  function unavailable(reason: UnavailableReason, retryAfterSeconds = RETRY_AFTER_SECONDS): MadeAuth {
    if (observer.wantsOrLogs('auth.unavailable'))
      observer.emit('auth.unavailable', { reason, retryAfterSeconds })
    const auth = withJson<UnavailableAuth>({
      kind: 'unavailable',
      isAuthenticated: false,
      reason,
      retryAfterSeconds,
      has: never,
    })
    return Object.freeze(auth)
  }

  function noUser(request: Carrying, resolution: NoUser): MadeAuth {
    return resolution.kind === 'unavailable'
      ? unavailable(resolution.reason, resolution.retryAfterSeconds)
      : anonymous(request, resolution.reason)
  }

  function local(user: unknown): MadeAuth {
    if (observer.wants('auth.success')) {
      observer.emit('auth.success', { kind: 'local', source: 'local', ...NO_IDS, cached: false })
    }
    const auth = withJson<LocalAuth>({
      kind: 'local',
      isAuthenticated: true,
      user: user as LocalAuth['user'],
      has: never,
    })
    return Object.freeze(auth)
  }

  function machine(fields: MachineFields, origin: Origin, cached: boolean): MadeMachineAuth {
    observeMachine(fields, cached)
    const auth = withJson<MadeMachineAuth>({
      kind: 'machine',
      isAuthenticated: true,
      ...fields,
      has: never,
    })
    noteOrigin(auth, origin)
    return Object.freeze(auth)
  }

  function machineAgain(auth: MadeMachineAuth, cached: boolean): MadeAuth {
    observeMachine(auth, cached)
    return auth
  }

  function observeMachine({ userId, orgId }: MachineFields, cached: boolean): void {
    if (!observer.wants('auth.success')) return
    const ids = { userId, sessionId: null, orgId }
    observer.emit('auth.success', { kind: 'machine', source: 'machine', ...ids, cached })
  }

  function user(auth: MadeUserAuth, cached: boolean): MadeAuth {
    if (observer.wants('auth.success')) {
      const { userId, sessionId, orgId, source } = auth
      observer.emit('auth.success', { kind: 'user', source, userId, sessionId, orgId, cached })
    }
    return auth
  }

  function again(
    auth: MadeUserAuth,
    cached: boolean,
    of: { readonly [N in RowCache]: object | null },
  ): MadeAuth {
    if (observer.wants('cache.hit')) {
      for (const cache of ROW_CACHES) if (of[cache] !== null) observer.emit('cache.hit', { cache })
    }
    return user(auth, cached)
  }
}

/** A local user has no ids of Clerk's. */
const NO_IDS = { userId: null, sessionId: null, orgId: null } as const

function never(): false {
  return false
}

/** No guard asks a predicate about an anonymous request. */
const withJson = createWithJson(SILENT)

/** All anonymous requests are alike: one frozen value per reason. */
function anonymousPer(tokenRefused: boolean): (reason: AnonymousReason) => AnonymousAuth {
  const made = new Map<AnonymousReason, AnonymousAuth>()
  return (reason) => {
    let auth = made.get(reason)
    if (auth === undefined) {
      auth = Object.freeze(
        withJson<AnonymousAuth>({
          kind: 'anonymous',
          isAuthenticated: false,
          reason,
          tokenRefused,
          has: never,
        }),
      )
      made.set(reason, auth)
    }
    return auth
  }
}

/** An `Auth` for a request that nothing has looked at. It grants nothing, and no event speaks of it. */
export function notLookedAt(): AnonymousAuth {
  return anonymousAs('not-looked-at')
}

const anonymousAs = anonymousPer(false)
const refusedAs = anonymousPer(true)
