import type { Auth, MachineTokenType, UserAuth } from './auth.js'
import { bearerOf } from './credentials/bearer.js'
import { readSessionCookies } from './credentials/cookies.js'
import type { Credentials } from './credentials/credentials.js'
import { isSameOriginNavigation, violatesOriginRule } from './credentials/origin.js'
import {
  type AnonymousReason,
  StoreUnavailableError,
  type TokenErrorReason,
  type UnavailableReason,
} from './errors.js'
import type { Changes } from './invalidation/changes.js'
import type { MachineVerifier } from './machine/machine.js'
import { chain, type MaybePromise } from './maybe-promise.js'
import type { Observer } from './observe/observer.js'
import type { ResolvedOptions } from './options.js'
import type { OrganizationDirectory } from './organizations/directory.js'
import type { MembershipRecord } from './organizations/organization.js'
import { type Principal, principalFromRecord, principalFromToken, userAuth } from './principal.js'
import type { ClerkQuestion } from './session/ask-clerk.js'
import {
  type Carried,
  decideAfterAsking,
  decideSession,
  type SessionDecision,
  type SessionEffect,
  type SessionPolicy,
  type TokenStanding,
} from './session/decide.js'
import { type FoundRecord, NO_RECORD, parseRecord } from './session/parse-record.js'
import type { SessionRecord } from './session/record.js'
import type { Revocations } from './session/revocations.js'
import type { SessionSlot } from './session/slot.js'
import { createPermissionDecoder } from './tokens/permission-memo.js'
import type { VerifiedToken } from './tokens/session-claims.js'
import type { TokenJudge, TokenVerdict } from './tokens/verdict.js'
import { nameOf } from './users/apply-user.js'
import type { UserDirectory } from './users/directory.js'
import type { UserRecord } from './users/user.js'

/** How long a client should wait before asking again when nothing better is known. */
const RETRY_AFTER_SECONDS = 5

export interface AuthenticateParts {
  readonly options: ResolvedOptions
  readonly judge: TokenJudge
  readonly machines: MachineVerifier
  readonly revocations: Revocations
  readonly users: UserDirectory<UserRecord> | null
  readonly organizations: OrganizationDirectory | null
  readonly changes: Changes | null
  /** `null` without a secret key. */
  readonly clerk: ClerkQuestion | null
  readonly observer: Observer
}

/** One request on its way through the pipeline. */
interface Request {
  readonly credentials: Credentials
  readonly slot: SessionSlot | undefined
  readonly localUser: unknown
  readonly bearer: string | null
  readonly crossSite: boolean
  readonly cookieToken: string | null
  readonly clientUat: number | null
  /** `X-Organization-Id`, when it says anything. */
  readonly requested: string | undefined
  /** Hash of the token that was judged; the only form in which it is mentioned. */
  tokenHash: string | null
}

/**
 * credentials → token → session → user → organisation → Auth. Synchronous as long as everything is at hand: a cached
 * token, a cached row, nothing to write.
 */
export function createAuthenticate(
  parts: AuthenticateParts,
): (credentials: Credentials) => MaybePromise<Auth> {
  const { options, judge, machines, revocations, users, organizations, changes, clerk, observer } = parts
  const { remember, revalidateAfterSeconds, graceSeconds } = options.session
  const lastAuth = new WeakMap<VerifiedToken, RememberedAuth>()
  const permissionsOf = createPermissionDecoder()

  return function authenticate(credentials) {
    const request = readRequest(credentials)
    const { bearer, slot, cookieToken, localUser } = request
    const machine = bearer === null ? null : machines.kindOf(bearer)
    if (bearer === null && cookieToken === null && slot === undefined && localUser === undefined) {
      return anonymous(request, request.crossSite ? 'cross-site-request' : 'no-credentials')
    }
    try {
      const answer =
        machine === null
          ? chain(readRecord(slot), (found) => judged(request, found))
          : machineAuth(request, bearer as string)
      return answer instanceof Promise ? answer.catch((error) => failed(error)) : answer
    } catch (error) {
      return failed(error)
    }
  }

  function readRequest(credentials: Credentials): Request {
    const { cookie } = credentials
    const bearer = bearerOf(credentials.authorization)
    const cookies = readSessionCookies(cookie, options.cookieSuffix)
    return {
      credentials,
      slot: remember === 'never' ? undefined : credentials.session,
      localUser: credentials.localUser ?? undefined,
      bearer,
      crossSite: violatesOriginRule(credentials, options.authorizedParties),
      cookieToken: cookies.token,
      clientUat: cookies.clientUat,
      requested: credentials.organization?.trim() || undefined,
      tokenHash: null,
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

  function judged(request: Request, found: FoundRecord): MaybePromise<Auth> {
    const { bearer, cookieToken, credentials } = request
    const token = bearer ?? (request.crossSite ? null : cookieToken)
    // Nothing that could have been revoked: no reason to wait for the log of changes.
    if (token === null && found.record === null) return decided(request, found, { kind: 'none' })
    return chain(changes === null ? CURRENT : changes.current(), (current) => {
      if (!current.ok) return unavailable('changes-unavailable', current.retryAfterSeconds)
      if (token === null) return decided(request, found, { kind: 'none' })
      const allowMissingAzp = bearer === null ? isSameOriginNavigation(credentials) : options.allowMissingAzp
      return chain(judge.judge(token, { allowMissingAzp }), (verdict) => {
        request.tokenHash = verdict.ok ? verdict.token.hash : verdict.hash
        return decided(request, found, standingOf(verdict, request))
      })
    })
  }

  function decided(request: Request, found: FoundRecord, token: TokenStanding): MaybePromise<Auth> {
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
      machine: false,
      crossSite: request.crossSite,
      bearer: request.bearer !== null,
      token,
      clientUat: request.clientUat,
      localUser: request.localUser !== undefined,
    }
    const decision = decideSession(found, carried, nowSeconds(), policy)
    return chain(decision.end ? end(request, record, 'revoked') : undefined, () =>
      carryOut(request, decision, token, policy),
    )
  }

  function carryOut(
    request: Request,
    decision: SessionDecision,
    token: TokenStanding,
    policy: SessionPolicy,
  ): MaybePromise<Auth> {
    switch (decision.by) {
      case 'token': {
        const verified = (token as Extract<TokenStanding, { kind: 'valid' }>).token
        return chain(tokenAuth(request, verified), (auth) => {
          if (decision.session.kind === 'none' || auth.kind !== 'user') return auth
          return chain(writeSession(request, decision.session), () => auth)
        })
      }
      case 'record':
        return principalAuth(request, remembered(decision.record))
      case 'clerk':
        return askClerk(request, decision.record, decision.mayGrace, policy)
      case 'local':
        return localAuth(request.localUser)
      case 'unavailable':
        return unavailable(
          decision.reason,
          token.kind === 'unchecked' ? token.retryAfterSeconds : RETRY_AFTER_SECONDS,
        )
      case 'anonymous':
        return anonymous(request, decision.reason)
      case 'machine':
        throw new Error('unreachable: machine credentials never get here')
    }
  }

  async function askClerk(
    request: Request,
    record: SessionRecord,
    mayGrace: boolean,
    policy: SessionPolicy,
  ): Promise<Auth> {
    if (clerk === null) return anonymous(request, 'session-stale')
    const answer = await clerk.ask(record)
    // A revocation may have come in while Clerk was asked; it is newer than the answer.
    const ended = revocations.isRevoked(record.sub, record.sid) ? ({ kind: 'ended' } as const) : answer
    const decision = decideAfterAsking(ended, record, mayGrace, nowSeconds(), policy)
    switch (decision.by) {
      case 'confirmed': {
        const auth = await principalAuth(request, remembered(decision.record))
        if (auth.kind === 'user' && policy.remembers) {
          await writeSession(request, { kind: 'refresh', record: decision.record }, 'clerk')
        }
        return auth
      }
      case 'record':
        return principalAuth(request, remembered(decision.record))
      case 'anonymous':
        await end(request, record, 'ended-at-clerk')
        return anonymous(request, decision.reason)
      default:
        return unavailable('clerk-unavailable', RETRY_AFTER_SECONDS)
    }
  }

  /** The same token, row and membership give the same frozen answer: a signed-in page asks for it again and again. */
  function tokenAuth(request: Request, token: VerifiedToken): MaybePromise<Auth> {
    const { requested } = request
    return chain(localRows(token.claims.sub, token.claims, requested, token.organization?.id), (rows) => {
      if (!('ok' in rows)) return noUser(request, rows)
      const last = lastAuth.get(token)
      if (
        last !== undefined &&
        last.user === rows.user &&
        last.membership === rows.membership &&
        last.requested === requested
      ) {
        succeeded(last.auth)
        return last.auth
      }
      const auth = userAuth(principalFromToken(token), requested, rows.user, rows.membership)
      lastAuth.set(token, { auth, requested, ...rows })
      succeeded(auth)
      return auth
    })
  }

  function principalAuth(request: Request, principal: Principal): MaybePromise<Auth> {
    const { requested } = request
    return chain(localRows(principal.userId, null, requested, principal.organization?.id), (rows) => {
      if (!('ok' in rows)) return noUser(request, rows)
      const auth = userAuth(principal, requested, rows.user, rows.membership)
      succeeded(auth)
      return auth
    })
  }

  function remembered(record: SessionRecord): Principal {
    return principalFromRecord(record, nowSeconds(), permissionsOf)
  }

  function localRows(
    userId: string,
    claims: VerifiedToken['claims'] | null,
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

  async function machineAuth(request: Request, bearer: string): Promise<Auth> {
    const current = await (changes === null ? CURRENT : changes.current())
    if (!current.ok) return unavailable('changes-unavailable', current.retryAfterSeconds)
    const verdict = await machines.verify(bearer)
    request.tokenHash = verdict.hash
    if (!verdict.ok) {
      return 'unavailable' in verdict
        ? unavailable('clerk-unavailable', verdict.unavailable.retryAfterSeconds)
        : anonymous(request, verdict.reason)
    }
    const { tokenType, id, subject, scopes, claims } = verdict.machine
    const userId = subject.startsWith('user_') ? subject : null
    const orgId = subject.startsWith('org_') ? subject : null
    if (userId !== null && revocations.isRevoked(userId, '')) return anonymous(request, 'user-inactive')
    if (orgId !== null && organizations !== null) {
      const organization = await organizations.organizations.get(orgId)
      if (organization?.deletedAt) return anonymous(request, 'machine-credential-revoked')
    }
    const resolved = userId === null || users === null ? null : await users.resolve(userId, null)
    if (resolved?.kind === 'unavailable') return unavailable(resolved.reason, resolved.retryAfterSeconds)
    if (resolved?.kind === 'none' && resolved.reason === 'user-inactive')
      return anonymous(request, resolved.reason)
    const user = users === null ? undefined : resolved?.kind === 'user' ? resolved.user : null
    const auth = Object.freeze({
      kind: 'machine',
      isAuthenticated: true,
      tokenType: tokenType as MachineTokenType,
      id,
      subject,
      scopes,
      claims,
      userId,
      orgId,
      user,
      has: never,
    } as Auth)
    if (observer.wants('auth.success')) {
      observer.emit('auth.success', { kind: 'machine', source: 'machine', userId, sessionId: null, orgId })
    }
    return auth
  }

  /**
   * A session that cannot be written is no reason to refuse somebody whose token was verified; without a renewed id
   * nothing is written, or a fixated session would be signed in.
   */
  async function writeSession(
    request: Request,
    effect: SessionEffect,
    by: 'token' | 'clerk' = 'token',
  ): Promise<void> {
    const { slot } = request
    if (slot === undefined || effect.kind === 'none') return
    const { sub: userId, sid: sessionId } = effect.record
    try {
      if (effect.kind === 'start') await slot.renew({ keep: effect.keep })
      await slot.write(effect.record)
    } catch (error) {
      observer.emit('session.error', { operation: 'write', message: nameOf(error) })
      return
    }
    if (effect.kind === 'start') observer.emit('session.started', { userId, sessionId })
    else observer.emit('session.refreshed', { userId, sessionId, by })
  }

  /** A session that cannot be ended stays refused: whatever ended it decides again on the next request. */
  async function end(request: Request, record: SessionRecord | null, reason: string): Promise<void> {
    try {
      await request.slot?.end()
    } catch (error) {
      observer.emit('session.error', { operation: 'end', message: nameOf(error) })
      return
    }
    observer.emit('session.ended', { userId: record?.sub ?? null, sessionId: record?.sid ?? null, reason })
  }

  function noUser(request: Request, resolution: NoUser): Auth {
    return resolution.kind === 'unavailable'
      ? unavailable(resolution.reason, resolution.retryAfterSeconds)
      : anonymous(request, resolution.reason)
  }

  function succeeded({ userId, sessionId, orgId, source }: UserAuth): void {
    if (observer.wants('auth.success'))
      observer.emit('auth.success', { kind: 'user', source, userId, sessionId, orgId })
  }

  function localAuth(user: unknown): Auth {
    if (observer.wants('auth.success')) {
      observer.emit('auth.success', {
        kind: 'local',
        source: 'local',
        userId: null,
        sessionId: null,
        orgId: null,
      })
    }
    return Object.freeze({ kind: 'local', isAuthenticated: true, user, has: never } as Auth)
  }

  function anonymous(request: Request, reason: AnonymousReason): Auth {
    const { bearer, tokenHash } = request
    if (observer.wants('auth.failure')) observer.emit('auth.failure', { reason, tokenHash })
    const tokenRefused = (bearer !== null || tokenHash !== null) && !reason.startsWith('user-')
    return tokenRefused ? refusedAs(reason) : anonymousAs(reason)
  }

  function unavailable(reason: UnavailableReason, retryAfterSeconds: number): Auth {
    if (observer.wants('auth.unavailable')) observer.emit('auth.unavailable', { reason, retryAfterSeconds })
    return Object.freeze({
      kind: 'unavailable',
      isAuthenticated: false,
      reason,
      retryAfterSeconds,
      has: never,
    } as Auth)
  }

  /** An outage is an answer; anything else is a bug, and is thrown so that somebody sees it. */
  function failed(error: unknown): Auth {
    if (error instanceof StoreUnavailableError) return unavailable('store-unavailable', RETRY_AFTER_SECONDS)
    if (error instanceof SessionReadError) return unavailable('session-unavailable', RETRY_AFTER_SECONDS)
    throw error
  }

  function nowSeconds(): number {
    return Math.floor(options.now() / 1000)
  }
}

interface LocalRows {
  readonly ok: true
  readonly user: UserRecord | undefined
  readonly membership: MembershipRecord | null | undefined
}

type NoUser = Exclude<Awaited<ReturnType<UserDirectory<UserRecord>['resolve']>>, { kind: 'user' }>

interface RememberedAuth extends Omit<LocalRows, 'ok'> {
  readonly auth: UserAuth
  readonly requested: string | undefined
}

class SessionReadError extends Error {}

const CURRENT = { ok: true } as const
const NO_STORE = { kind: 'user', user: undefined } as const

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

function readSlot(slot: SessionSlot): MaybePromise<unknown> {
  try {
    const value = slot.read()
    return value instanceof Promise ? value.catch(unreadable) : value
  } catch (error) {
    return unreadable(error)
  }
}

function unreadable(cause: unknown): never {
  throw new SessionReadError('the session cannot be read', { cause })
}

function standingOf(verdict: TokenVerdict, { bearer, clientUat }: Request): TokenStanding {
  if (verdict.ok) {
    const { sub, sid, iat } = verdict.token.claims
    // The browser has signed in or out since this cookie was set (Clerk's `__client_uat`).
    if (bearer === null && clientUat !== null && iat < clientUat) {
      return { kind: 'lapsed', sub, sid, reason: 'cookie-outdated' }
    }
    return { kind: 'valid', token: verdict.token }
  }
  const { error, expired, foreign, machine, unchecked } = verdict
  if (machine) return { kind: 'refused', reason: 'machine-jwt-not-supported' }
  if (foreign) return { kind: 'foreign', reason: refusal(error.reason) }
  if (error.reason === 'keys-unavailable') {
    return {
      kind: 'unchecked',
      sub: unchecked?.sub ?? null,
      sid: unchecked?.sid ?? null,
      retryAfterSeconds: error.retryAfterSeconds ?? RETRY_AFTER_SECONDS,
    }
  }
  if (expired) return { kind: 'lapsed', sub: expired.sub, sid: expired.sid, reason: 'token-expired' }
  return { kind: 'refused', reason: refusal(error.reason) }
}

function refusal(reason: TokenErrorReason): AnonymousReason {
  return reason === 'keys-unavailable' ? 'token-malformed' : reason
}
