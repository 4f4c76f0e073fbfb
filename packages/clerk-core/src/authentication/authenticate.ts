import type { Auth } from '../auth.js'
import type { Credentials } from '../credentials/credentials.js'
import { isSameOriginNavigation } from '../credentials/origin.js'
import { StoreUnavailableError } from '../errors.js'
import type { Changes } from '../invalidation/changes.js'
import type { MachineVerifier } from '../machine/machine.js'
import { chain, type MaybePromise } from '../maybe-promise.js'
import type { Observer } from '../observe/observer.js'
import type { ResolvedOptions } from '../options.js'
import type { OrganizationDirectory } from '../organizations/directory.js'
import type { ClerkQuestion } from '../session/ask-clerk.js'
import {
  type Carried,
  decideAfterAsking,
  decideSession,
  type SessionDecision,
  type SessionPolicy,
  type TokenStanding,
} from '../session/decide.js'
import { type FoundRecord, NO_RECORD, parseRecord } from '../session/parse-record.js'
import type { SessionRecord } from '../session/record.js'
import type { Revocations } from '../session/revocations.js'
import { createSessionWriter, readSlot, SessionReadError } from '../session/session-writer.js'
import type { SessionSlot } from '../session/slot.js'
import { createPermissionDecoder } from '../tokens/permission-memo.js'
import type { TokenJudge } from '../tokens/verdict.js'
import type { UserDirectory } from '../users/directory.js'
import type { UserRecord } from '../users/user.js'
import { createAnswers, RETRY_AFTER_SECONDS } from './answers.js'
import { createMachineAnswer } from './machine-answer.js'
import { type Principal, principalFromRecord } from './principal.js'
import { type Request, readRequest } from './request.js'
import { isMachine, MACHINE_JWT, standingOf } from './token-standing.js'
import { createUserAnswers } from './user-answers.js'

const CURRENT = { ok: true } as const
const NO_TOKEN: TokenStanding = { kind: 'none' }

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

/**
 * credentials → token → session → user → organisation → Auth. Synchronous as long as everything is at hand: a cached
 * token, a cached row, nothing to write.
 */
export function createAuthenticate(
  parts: AuthenticateParts,
): (credentials: Credentials) => MaybePromise<Auth> {
  const { options, judge, machines, revocations, users, organizations, changes, clerk, observer } = parts
  const { remember, revalidateAfterSeconds, graceSeconds } = options.session
  const answers = createAnswers(observer)
  const people = createUserAnswers({ users, organizations, answers, now: options.now })
  const machineAnswer = createMachineAnswer({ machines, revocations, users, organizations, answers })
  const sessions = createSessionWriter(observer)
  const permissionsOf = createPermissionDecoder()

  return function authenticate(credentials) {
    const request = readRequest(credentials, options)
    const { bearer, slot, cookieToken, localUser } = request
    if (bearer === null && cookieToken === null && slot === undefined && localUser === undefined) {
      return answers.anonymous(request, request.crossSite ? 'cross-site-request' : 'no-credentials')
    }
    try {
      const answer =
        bearer === null || machines.typeOf(bearer) === null
          ? chain(readRecord(slot), (found) => judged(request, found))
          : whenCurrent(() => machineAnswer(request, bearer))
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
      current.ok ? next() : answers.unavailable('changes-unavailable', current.retryAfterSeconds),
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
    return chain(judge.judge(token, { allowMissingAzp }), (verdict) => {
      request.tokenHash = verdict.ok ? verdict.token.hash : verdict.hash
      const standing = standingOf(verdict, request)
      // Most requests of an API: no row of the truth table looks at anything but the token.
      return standing.kind === 'valid' && hasNothingBesides(request)
        ? people.ofToken(request, standing.token)
        : decided(request, found, standing)
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
    token: TokenStanding,
    policy: SessionPolicy,
  ): MaybePromise<Auth> {
    switch (decision.by) {
      case 'token': {
        const verified = (token as Extract<TokenStanding, { kind: 'valid' }>).token
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
        return answers.local(request.localUser)
      case 'unavailable':
        return answers.unavailable(
          decision.reason,
          token.kind === 'unchecked' ? token.retryAfterSeconds : RETRY_AFTER_SECONDS,
        )
      case 'anonymous':
        return answers.anonymous(request, decision.reason)
      case 'machine':
        return answers.anonymous(request, MACHINE_JWT)
    }
  }

  async function askClerk(
    request: Request,
    record: SessionRecord,
    mayGrace: boolean,
    policy: SessionPolicy,
  ): Promise<Auth> {
    if (clerk === null) return answers.anonymous(request, 'session-stale')
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
        return answers.anonymous(request, decision.reason)
      default:
        return answers.unavailable('clerk-unavailable')
    }
  }

  function remembered(record: SessionRecord): Principal {
    return principalFromRecord(record, nowSeconds(), permissionsOf)
  }

  /** An outage is an answer; anything else is a bug, and is thrown so that somebody sees it. */
  function failed(error: unknown): Auth {
    if (error instanceof StoreUnavailableError) return answers.unavailable('store-unavailable')
    if (error instanceof SessionReadError) return answers.unavailable('session-unavailable')
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
