import type { Auth } from '../../domain/auth/auth.js'
import type { Changes } from '../../domain/changes/changes.js'
import type { Revocations } from '../../domain/changes/revocations.js'
import type { Credentials } from '../../domain/credentials/credentials.js'
import { isSameOriginNavigation } from '../../domain/credentials/origin.js'
import type { MachineVerifier } from '../../domain/machines/machine.js'
import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import {
  type Carried,
  decideAfterAsking,
  decideSession,
  type SessionDecision,
  type SessionPolicy,
  type TokenState,
} from '../../domain/session/decide.js'
import { type FoundRecord, NO_RECORD, parseRecord } from '../../domain/session/parse-record.js'
import type { SessionRecord } from '../../domain/session/record.js'
import type { SessionStatusClient } from '../../domain/session/session-status-client.js'
import { createSessionWriter, readSlot, SessionReadError } from '../../domain/session/session-writer.js'
import type { SessionSlot } from '../../domain/session/slot.js'
import type { UserRecord } from '../../domain/store/user.js'
import { createPermissionDecoder } from '../../domain/tokens/permission-memo.js'
import type { TokenVerifier } from '../../domain/tokens/token-verifier.js'
import type { UserDirectory } from '../../domain/users/directory.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import { createAuthFactory, RETRY_AFTER_SECONDS } from './auth-factory.js'
import { createMachineAuth } from './machine-auth.js'
import { type Principal, principalFromRecord } from './principal.js'
import { type Request, readRequest } from './request.js'
import { isMachine, MACHINE_JWT, tokenStateOf } from './token-state.js'
import { createUserAuth } from './user-auth.js'

const CURRENT = { ok: true } as const
const NO_TOKEN: TokenState = { kind: 'none' }

export interface AuthenticateParts {
  readonly options: ResolvedOptions
  readonly tokens: TokenVerifier
  readonly machines: MachineVerifier
  readonly revocations: Revocations
  readonly users: UserDirectory<UserRecord> | null
  readonly organizations: OrganizationDirectory | null
  readonly changes: Changes | null
  /** `null` without a secret key. */
  readonly clerk: SessionStatusClient | null
  readonly observer: Observer
}

/**
 * credentials → token → session → user → organisation → Auth. Synchronous as long as everything is at hand: a cached
 * token, a cached row, nothing to write.
 */
export function createAuthenticate(
  parts: AuthenticateParts,
): (credentials: Credentials) => MaybePromise<Auth> {
  const { options, tokens, machines, revocations, users, organizations, changes, clerk, observer } = parts
  const { remember, revalidateAfterSeconds, graceSeconds } = options.session
  const auths = createAuthFactory(observer)
  const people = createUserAuth({ users, organizations, auths, now: options.now })
  const machineAuth = createMachineAuth({ machines, revocations, users, organizations, auths })
  const sessions = createSessionWriter(observer)
  const permissionsOf = createPermissionDecoder()

  return function authenticate(credentials) {
    const request = readRequest(credentials, options)
    const { bearer, slot, cookieToken, localUser } = request
    if (bearer === null && cookieToken === null && slot === undefined && localUser === undefined) {
      return auths.anonymous(request, request.crossSite ? 'cross-site-request' : 'no-credentials')
    }
    try {
      const answer =
        bearer === null || machines.typeOf(bearer) === null
          ? chain(readRecord(slot), (found) => judged(request, found))
          : whenCurrent(() => machineAuth(request, bearer))
      return answer instanceof Promise ? answer.catch((error) => failed(error)) : answer
    } catch (error) {
      return failed(error)
    }
  }

  function readRecord(slot: SessionSlot | undefined): MaybePromise<FoundRecord> {
    if (slot === undefined) return NO_RECORD
    return chain(readSlot(slot), (value) =>
      parseRecord(value, {
        instance: options.issuer,
        nowSeconds: nowSeconds(),
        clockToleranceSeconds: options.clockToleranceSeconds,
      }),
    )
  }

  /** Nobody is judged by what this process knew some time ago. */
  function whenCurrent(next: () => MaybePromise<Auth>): MaybePromise<Auth> {
    return chain(changes === null ? CURRENT : changes.current(), (current) =>
      current.ok ? next() : auths.unavailable('changes-unavailable', current.retryAfterSeconds),
    )
  }

  function judged(request: Request, found: FoundRecord): MaybePromise<Auth> {
    const { bearer, cookieToken } = request
    const token = bearer ?? (request.crossSite ? null : cookieToken)
    // Nothing that could have been revoked: no reason to wait for the log of changes.
    if (token === null && found.record === null) return decided(request, found, NO_TOKEN)
    return whenCurrent(() =>
      token === null ? decided(request, found, NO_TOKEN) : judgedBy(token, request, found),
    )
  }

  function judgedBy(token: string, request: Request, found: FoundRecord): MaybePromise<Auth> {
    const { bearer, credentials } = request
    const allowMissingAzp = bearer === null ? isSameOriginNavigation(credentials) : options.allowMissingAzp
    return chain(tokens.verify(token, { allowMissingAzp }), (verdict) => {
      request.tokenHash = verdict.ok ? verdict.token.hash : verdict.hash
      const standing = tokenStateOf(verdict, request)
      // Most requests of an API: no row of the truth table looks at anything but the token.
      return standing.kind === 'valid' && hasNothingBesides(request)
        ? people.ofToken(request, standing.token)
        : decided(request, found, standing)
    })
  }

  function decided(request: Request, found: FoundRecord, token: TokenState): MaybePromise<Auth> {
    const { record } = found
    const policy: SessionPolicy = {
      revalidateAfterSeconds,
      graceSeconds,
      remembers:
        request.slot !== undefined &&
        (remember === 'always' || typeof request.credentials.cookie === 'string'),
      revoked: record !== null && revocations.isRevoked(record.sub, record.sid),
      canAskClerk: clerk !== null,
    }
    const carried: Carried = {
      machine: request.bearer !== null && isMachine(token),
      crossSite: request.crossSite,
      bearer: request.bearer !== null,
      token,
      clientUat: request.clientUat,
      localUser: request.localUser !== undefined,
    }
    const decision = decideSession(found, carried, nowSeconds(), policy)
    return chain(decision.end ? sessions.end(request.slot, record, 'revoked') : undefined, () =>
      carryOut(request, decision, token, policy),
    )
  }

  function carryOut(
    request: Request,
    decision: SessionDecision,
    token: TokenState,
    policy: SessionPolicy,
  ): MaybePromise<Auth> {
    switch (decision.by) {
      case 'token': {
        const verified = (token as Extract<TokenState, { kind: 'valid' }>).token
        return chain(people.ofToken(request, verified), (auth) => {
          if (decision.session.kind === 'none' || auth.kind !== 'user') return auth
          return chain(sessions.write(request.slot, decision.session, 'token'), () => auth)
        })
      }
      case 'record':
        return people.ofPrincipal(request, remembered(decision.record))
      case 'clerk':
        return askClerk(request, decision.record, decision.mayGrace, policy)
      case 'local':
        return auths.local(request.localUser)
      case 'unavailable':
        return auths.unavailable(
          decision.reason,
          token.kind === 'unverifiable' ? token.retryAfterSeconds : RETRY_AFTER_SECONDS,
        )
      case 'anonymous':
        return auths.anonymous(request, decision.reason)
      case 'machine':
        return auths.anonymous(request, MACHINE_JWT)
    }
  }

  async function askClerk(
    request: Request,
    record: SessionRecord,
    mayGrace: boolean,
    policy: SessionPolicy,
  ): Promise<Auth> {
    if (clerk === null) return auths.anonymous(request, 'session-stale')
    const answer = await clerk.ask(record)
    // A revocation may have come in while Clerk was asked; it is newer than the answer.
    const ended = revocations.isRevoked(record.sub, record.sid) ? ({ kind: 'ended' } as const) : answer
    const decision = decideAfterAsking(ended, record, mayGrace, nowSeconds(), policy)
    switch (decision.by) {
      case 'confirmed': {
        const auth = await people.ofPrincipal(request, remembered(decision.record))
        if (auth.kind === 'user' && policy.remembers) {
          await sessions.write(request.slot, { kind: 'refresh', record: decision.record }, 'clerk')
        }
        return auth
      }
      case 'record':
        return people.ofPrincipal(request, remembered(decision.record))
      case 'anonymous':
        await sessions.end(request.slot, record, 'ended-at-clerk')
        return auths.anonymous(request, decision.reason)
      default:
        return auths.unavailable('clerk-unavailable')
    }
  }

  function remembered(record: SessionRecord): Principal {
    return principalFromRecord(record, nowSeconds(), permissionsOf)
  }

  /** An outage is an answer; anything else is a bug, and is thrown so that somebody sees it. */
  function failed(error: unknown): Auth {
    if (error instanceof StoreUnavailableError) return auths.unavailable('store-unavailable')
    if (error instanceof SessionReadError) return auths.unavailable('session-unavailable')
    throw error
  }

  function nowSeconds(): number {
    return Math.floor(options.now() / 1000)
  }
}

/** No session that could be read or written, no cookie that could contradict the token, nobody signed in locally. */
function hasNothingBesides({ slot, localUser, credentials }: Request): boolean {
  return slot === undefined && localUser === undefined && credentials.cookie === undefined
}
