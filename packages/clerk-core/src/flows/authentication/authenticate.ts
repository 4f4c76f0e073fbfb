import type { Changes } from '../../domain/changes/changes.js'
import type { Revocations } from '../../domain/changes/revocations.js'
import type { Credentials } from '../../domain/credentials/credentials.js'
import { excuseForMissingAzp } from '../../domain/credentials/origin.js'
import type { KeySource } from '../../domain/keys/key-source.js'
import type { MachineVerifier } from '../../domain/machines/machine.js'
import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import type { BoundedSlot } from '../../domain/session/bounded-slot.js'
import { decideAfterAsking, decideSession } from '../../domain/session/decide.js'
import type { Carried, SessionDecision, SessionPolicy, TokenState } from '../../domain/session/decision.js'
import { createLargeClaimsWarning } from '../../domain/session/kept-claims.js'
import { type FoundRecord, NO_RECORD, parseRecord, UNREADABLE } from '../../domain/session/parse-record.js'
import type { SessionRecord } from '../../domain/session/record.js'
import type { SessionStatusClient } from '../../domain/session/session-status-client.js'
import { createSessionWriter, readSlot, SessionReadError } from '../../domain/session/session-writer.js'
import type { UserRecord } from '../../domain/store/user.js'
import { type AzpExcuse, checkRemembered } from '../../domain/tokens/checks.js'
import { entitlementSeconds } from '../../domain/tokens/claim-age.js'
import { createPermissionDecoder } from '../../domain/tokens/permission-memo.js'
import { createTokenCache } from '../../domain/tokens/token-cache.js'
import { digestToken } from '../../domain/tokens/token-hash.js'
import type { TokenVerifier } from '../../domain/tokens/token-verifier.js'
import type { UserDirectory } from '../../domain/users/directory.js'
import { StoreFaultError, StoreUnavailableError } from '../../ground/errors.js'
import { isObject } from '../../ground/json/json-reader.js'
import type { Evidence } from '../../ground/observe/explain.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import type { ChangeCounter } from '../../ground/timing/change-counter.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import { createAuthFactory } from './auth-factory.js'
import { lonelyToken } from './lonely-token.js'
import { createMachineAuth } from './machine-auth.js'
import type { MadeAuth } from './made-auth.js'
import { type ClaimAging, type Principal, principalFromRecord } from './principal.js'
import { createReadyAuths, ReadyAuth } from './ready-auth.js'
import { ReadyRecord } from './ready-record.js'
import { createRequestReader, type Request } from './request.js'
import { createRevalidate } from './revalidate.js'
import { tokenStateOf } from './token-state.js'
import { createUserAuth } from './user-auth.js'

const CURRENT = { ok: true } as const
/** It takes a person to mend it. */
const STORE_FAULT_SECONDS = 60
const NO_TOKEN: TokenState = { kind: 'none' }

export interface AuthenticateParts {
  readonly options: Pick<
    ResolvedOptions,
    | 'accept'
    | 'allowMissingAzp'
    | 'allowPending'
    | 'audience'
    | 'authorizedParties'
    | 'cache'
    | 'clockToleranceSeconds'
    | 'cookieSuffix'
    | 'issuer'
    | 'now'
    | 'publishableKey'
    | 'session'
    | 'storeTimeoutSeconds'
  >
  readonly tokens: TokenVerifier
  readonly keys: Pick<KeySource, 'isPublished' | 'span'>
  readonly machines: MachineVerifier
  readonly revocations: Revocations
  readonly users: UserDirectory<UserRecord> | null
  readonly organizations: OrganizationDirectory | null
  readonly changes: Changes | null
  /** `null` without a secret key. */
  readonly sessionStatus: SessionStatusClient | null
  readonly observer: Observer
  /** Raised by everything that may change an answer. */
  readonly counter: ChangeCounter
}

/**
 * credentials → token → session → user → organisation → Auth. Synchronous as long as everything is at hand: a cached
 * token, a cached row, nothing to write.
 */
export function createAuthenticate(
  parts: AuthenticateParts,
): (credentials: Credentials) => MaybePromise<MadeAuth> {
  const { options, tokens, machines, revocations, users, organizations, changes, sessionStatus, observer } =
    parts
  const { remember, revalidateAfterSeconds, graceSeconds, keepClaims } = options.session
  const readRequest = createRequestReader(options, observer)
  const auths = createAuthFactory(observer)
  const aging: ClaimAging = {
    now: options.now,
    entitlementSeconds: entitlementSeconds(options),
    withJson: auths.withJson,
  }
  const userAuth = createUserAuth({ users, organizations, auths, aging })
  const machineAuth = createMachineAuth({
    machines,
    requiredScopes: options.accept.scopes,
    revocations,
    userAuth,
    hasUsers: users !== null,
    organizations,
    auths,
  })
  const revalidate = sessionStatus === null ? null : createRevalidate({ sessionStatus, organizations })
  const sessionWriter = createSessionWriter(observer, options.now)
  const warnOfLargeClaims = createLargeClaimsWarning(keepClaims, observer)
  const reader = { ...aging, keepClaims, permissionsOf: createPermissionDecoder() }

  const isTrue = createReadyAuths(parts)
  const readyRecords = createTokenCache<ReadyRecord>(options.cache.tokens)

  return function authenticate(credentials) {
    const bearer = lonelyToken(credentials)
    if (bearer === null) return evaluate(readRequest(credentials))
    // Most requests of an API end here: the same token came before, and nothing has happened since.
    const digest = digestToken(bearer)
    const token = tokens.cached(digest) ?? machines.cached(digest)
    if (
      token?.ready instanceof ReadyAuth &&
      token.ready.requested === (credentials.organization ?? undefined) &&
      !observer.wantsHits() &&
      isTrue(token, token.ready)
    )
      return token.ready.auth
    const request = readRequest(credentials)
    request.digest = digest
    return evaluate(request)
  }

  function evaluate(request: Request): MaybePromise<MadeAuth> {
    const { bearer, slot, cookieToken, localUser } = request
    if (request.fault !== null) return auths.anonymous(request, request.fault)
    if (bearer === null && cookieToken === null && slot === undefined && localUser === undefined) {
      if (!request.crossSite) return auths.anonymous(request, 'no-credentials')
      request.seen = originOf(request)
      return auths.anonymous(request, 'cross-site-request')
    }
    try {
      const auth =
        bearer === null || machines.typeOf(bearer) === null
          ? chain(readSession(slot), (value) => authenticateSession(request, value))
          : whenCurrent(() => machineAuth(request, bearer))
      return auth instanceof Promise ? auth.catch(authOfOutage) : auth
    } catch (error) {
      return authOfOutage(error)
    }
  }

  /** What is in our place of the session; {@link UNREADABLE} where that cannot be read. */
  function readSession(slot: BoundedSlot | undefined): unknown {
    return slot === undefined ? undefined : unlessUnreadable(() => readSlot(slot))
  }

  /** Most requests of a browser between two tokens: the session holds what it held before, and nothing has happened since. */
  function authenticateSession(request: Request, value: unknown): MaybePromise<MadeAuth> {
    const { slot, requested } = request
    if (slot === undefined) return authenticateUser(request, NO_RECORD)
    request.isSessionAlone = carriesSessionOnly(request)
    if (request.isSessionAlone && isObject(value) && typeof value['sid'] === 'string') {
      const known = readyRecords.get(value['sid'])
      if (
        known?.ready instanceof ReadyAuth &&
        known.ready.requested === requested &&
        known.isIn(value) &&
        !observer.wantsHits() &&
        isTrue(known, known.ready)
      )
        return known.ready.auth
    }
    return chain(findRecord(slot, value), (found) => authenticateUser(request, found))
  }

  function findRecord(slot: BoundedSlot, value: unknown): MaybePromise<FoundRecord> {
    if (value === UNREADABLE) return UNREADABLE
    const { issuer, clockToleranceSeconds } = options
    const found = parseRecord(value, { issuer, nowSeconds: nowSeconds(), clockToleranceSeconds })
    const { record, untrusted } = found
    // A store that knows no expiry kept it: its row ends here.
    if (found.absent === 'marker-expired') return chain(sessionWriter.drop(slot), () => found)
    return record === null ? found : { record, untrusted, refusal: checkRemembered(record, options) }
  }

  /** No request is answered from what this process knew some time ago. */
  function whenCurrent(next: () => MaybePromise<MadeAuth>): MaybePromise<MadeAuth> {
    return chain(changes === null ? CURRENT : changes.current(), (current) =>
      current.ok ? next() : auths.unavailable('changes-unavailable', current.retryAfterSeconds),
    )
  }

  function authenticateUser(request: Request, found: FoundRecord): MaybePromise<MadeAuth> {
    const { bearer, cookieToken } = request
    const token = bearer ?? (request.crossSite ? null : cookieToken)
    // Nothing that could have been revoked: no reason to wait for the log of changes.
    if (token === null && found.record === null) return decide(request, found, NO_TOKEN)
    return whenCurrent(() =>
      token === null ? decide(request, found, NO_TOKEN) : verifyToken(token, request, found),
    )
  }

  function verifyToken(token: string, request: Request, found: FoundRecord): MaybePromise<MadeAuth> {
    const { bearer, credentials } = request
    const ofBearer = options.allowMissingAzp ? 'option' : null
    const azpExcuse = bearer === null ? excuseForMissingAzp(credentials, options.authorizedParties) : ofBearer
    return chain(tokens.verify(token, { allowMissingAzp: azpExcuse !== null }, request.digest), (result) => {
      request.token = result.ok ? result.token : result
      request.cached = result.ok && result.cached
      // An M2M token without a category: only its claims say what it is.
      if (bearer !== null && machines.acceptsJwt && !result.ok && result.kind === 'machine-jwt')
        return machineAuth(request, bearer)
      const state = tokenStateOf(result, request)
      if (state.kind !== 'valid') request.seen = result.ok ? result.token.claims : result.seen
      // Most requests of an API: no row of the truth table looks at anything but the token.
      return state.kind === 'valid' && carriesTokenOnly(request)
        ? userAuth.ofToken(request, state.token)
        : decide(request, found, state, azpExcuse)
    })
  }

  function decide(
    request: Request,
    found: FoundRecord,
    token: TokenState,
    azpExcuse: AzpExcuse | null = null,
  ): MaybePromise<MadeAuth> {
    const { record } = found
    if (request.crossSite) request.seen = originOf(request)
    else if (request.seen === null && found.refusal) request.seen = { ...record }
    const policy: SessionPolicy = {
      revalidateAfterSeconds,
      graceSeconds,
      remembers:
        request.slot !== undefined &&
        // No response follows that could set a cookie: a session that got a new id would be lost to its browser.
        request.credentials.upgrade !== true &&
        (remember === 'always' || typeof request.credentials.cookie === 'string'),
      revoked: record !== null && revocations.isRevoked(record.sub, record.sid),
      canAskClerk: revalidate !== null,
      keepClaims,
    }
    const carried: Carried = {
      crossSite: request.crossSite,
      bearer: request.bearer !== null,
      token,
      azpExcuse,
      clientUat: request.clientUat,
      localUser: request.localUser !== undefined,
    }
    const decision = decideSession(found, carried, nowSeconds(), policy)
    return chain(decision.end ? sessionWriter.end(request.slot, record, 'revoked') : undefined, () =>
      carryOut(request, decision, policy),
    )
  }

  function carryOut(
    request: Request,
    decision: SessionDecision,
    policy: SessionPolicy,
  ): MaybePromise<MadeAuth> {
    switch (decision.by) {
      case 'token':
        return chain(userAuth.ofToken(request, decision.token), (auth) => {
          if (decision.session.kind === 'none' || auth.kind !== 'user') return auth
          warnOfLargeClaims(decision.token.claims)
          return chain(sessionWriter.write(request.slot, decision.session, 'token'), () => auth)
        })
      case 'record': {
        const { record } = decision
        const holder = request.isSessionAlone ? readyRecordOf(record) : null
        return userAuth.ofPrincipal(request, principalOf(holder?.record ?? record), holder)
      }
      case 'clerk':
        return askClerk(request, decision, policy)
      case 'local':
        return auths.local(request.localUser)
      case 'unavailable':
        return auths.unavailable(decision.reason, decision.retryAfterSeconds)
      case 'anonymous':
        return auths.anonymous(request, decision.reason)
    }
  }

  function readyRecordOf(record: SessionRecord): ReadyRecord | null {
    const known = readyRecords.get(record.sid)
    if (known?.isIn(record)) return known
    const own = ReadyRecord.of(record, revalidateAfterSeconds)
    if (own !== null) readyRecords.set(own)
    return own
  }

  async function askClerk(
    request: Request,
    stale: Extract<SessionDecision, { by: 'clerk' }>,
    policy: SessionPolicy,
  ): Promise<MadeAuth> {
    const { record } = stale
    if (revalidate === null) return auths.anonymous(request, 'session-stale')
    request.cached = false
    const revalidation = await revalidate(record)
    // A revocation may have come in while Clerk was asked; it is newer than what Clerk said.
    const revoked = revocations.isRevoked(record.sub, record.sid)
    const decision = decideAfterAsking(
      revoked ? { kind: 'ended' } : revalidation,
      stale,
      nowSeconds(),
      policy,
    )
    switch (decision.by) {
      case 'clerk': {
        const auth = await userAuth.ofPrincipal(request, principalOf(decision.record))
        if (auth.kind === 'user') await refresh(decision.record)
        return auth
      }
      case 'refused':
        await refresh(decision.record)
        return auths.anonymous(request, decision.reason)
      case 'record':
        return userAuth.ofPrincipal(request, principalOf(decision.record))
      case 'anonymous':
        await sessionWriter.end(request.slot, record, 'ended-at-clerk')
        return auths.anonymous(request, decision.reason)
      case 'unavailable':
        return auths.unavailable(decision.reason)
    }

    async function refresh(confirmed: SessionRecord): Promise<void> {
      if (!policy.remembers) return
      await sessionWriter.write(request.slot, { kind: 'refresh', record: confirmed }, 'clerk')
    }
  }

  function principalOf(record: SessionRecord): Principal {
    return principalFromRecord(record, reader)
  }

  /** An outage has an `Auth` of its own; anything else is a bug, and is thrown so that it is seen. */
  function authOfOutage(error: unknown): MadeAuth {
    if (error instanceof StoreUnavailableError) return auths.unavailable('store-unavailable')
    if (error instanceof StoreFaultError) return auths.unavailable('store-fault', STORE_FAULT_SECONDS)
    throw error
  }

  function nowSeconds(): number {
    return Math.floor(options.now() / 1000)
  }
}

/** A token may speak for itself where the session cannot be read: the truth table decides. */
function unlessUnreadable(read: () => unknown): unknown {
  const unreadable = (error: unknown): FoundRecord => {
    if (error instanceof SessionReadError) return UNREADABLE
    throw error
  }
  try {
    const value = read()
    return value instanceof Promise ? value.catch(unreadable) : value
  } catch (error) {
    return unreadable(error)
  }
}

/** What the Origin rule has looked at. */
function originOf({ credentials }: Request): Evidence {
  const { method, origin, fetchSite } = credentials
  return { method, origin, fetchSite }
}

/** No session that could be read or written, no cookie that could contradict the token, no local user. */
function carriesTokenOnly({ slot, localUser, credentials }: Request): boolean {
  return slot === undefined && localUser === undefined && credentials.cookie === undefined
}

/** A session, and nothing that could contradict its record: the truth table looks at the record and the time alone. */
function carriesSessionOnly({
  bearer,
  cookieToken,
  clientUat,
  localUser,
  crossSite,
  fault,
}: Request): boolean {
  return (
    bearer === null &&
    cookieToken === null &&
    clientUat === null &&
    localUser === undefined &&
    !crossSite &&
    fault === null
  )
}
