import type { Revocations } from '../../domain/changes/revocations.js'
import type { MachineVerifier } from '../../domain/machines/machine.js'
import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import { recordFromToken } from '../../domain/session/make-record.js'
import type { SessionRecord } from '../../domain/session/record.js'
import type { SessionStatusClient } from '../../domain/session/session-status-client.js'
import type { UserRecord } from '../../domain/store/user.js'
import { entitlementSeconds } from '../../domain/tokens/claim-age.js'
import { createPermissionDecoder } from '../../domain/tokens/permission-memo.js'
import type { VerifiedToken } from '../../domain/tokens/session-claims.js'
import type { UserDirectory } from '../../domain/users/directory.js'
import type { AnonymousReason } from '../../ground/errors.js'
import { type Observer, quiet } from '../../ground/observe/observer.js'
import { attempt } from '../../ground/timing/attempt.js'
import { createAuthFactory, NOTHING_CARRIED, type NoUser } from './auth-factory.js'
import type { LocalRows } from './local-rows.js'
import { createMachineAuth } from './machine-auth.js'
import type { MadeAuth, MadeMachineAuth, MadeUserAuth } from './made-auth.js'
import { type Origin, originOfAuth } from './origin.js'
import { type ClaimAging, joinRows, type Principal, principalFromRecord } from './principal.js'
import { createRequestReader, type RequestOptions } from './request.js'
import { createRevalidate } from './revalidate.js'
import { createUserAuth } from './user-auth.js'

/** Who is asking over a connection now. */
export interface Look {
  readonly auth: MadeAuth
  /** Of an organisation the log knows more than the row that was read: what is missing may come with the row. */
  readonly isHeld: boolean
  /** The same rows at another moment: the clock alone changes what is said of factors, plans and features. */
  at(nowSeconds: number): MadeAuth
}

/** Whom a connection speaks for, and what that rests on. */
export interface Subject {
  /** Ids of Clerk's: a change that names one of them concerns the connection. */
  readonly ids: readonly string[]
  /** Milliseconds: when Clerk has to be asked again. */
  askAt(): number
  /** Asks Clerk. `'cannot'`: there is no secret key to ask with. */
  ask(): Promise<'confirmed' | 'ended' | 'unreachable' | 'cannot'>
  /** @throws {StoreUnavailableError} */
  look(): Promise<Look>
}

export interface SubjectParts {
  readonly options: RequestOptions
  readonly revocations: Revocations
  readonly machines: MachineVerifier
  readonly users: UserDirectory<UserRecord> | null
  readonly organizations: OrganizationDirectory | null
  /** `null` without a secret key. */
  readonly sessionStatus: SessionStatusClient | null
  readonly observer: Observer
}

type UserOrigin = Extract<Origin, { kind: 'user' }>
type MachineOrigin = Extract<Origin, { kind: 'machine' }>

/** Makes the subject of a connection from the `Auth` that it was opened with. */
export function createSubjects(parts: SubjectParts): (auth: MadeAuth) => Subject | null {
  const { options, revocations, users, organizations, sessionStatus } = parts
  const { now } = options
  const observer = quiet(parts.observer)
  const readRequest = createRequestReader(options, observer)
  // What is looked at again and again is no request: it is not observed as one.
  const auths = createAuthFactory(observer)
  const aging: ClaimAging = {
    now,
    entitlementSeconds: entitlementSeconds(options),
    withJson: auths.withJson,
  }
  const userAuth = createUserAuth({ users, organizations, auths, aging })
  const machineAuth = createMachineAuth({
    ...parts,
    requiredScopes: options.accept.scopes,
    userAuth,
    hasUsers: users !== null,
    auths,
  })
  const revalidate = sessionStatus === null ? null : createRevalidate({ sessionStatus, organizations })
  const { keepClaims } = options.session
  const permissionsOf = createPermissionDecoder()
  const windowSeconds = options.session.revalidateAfterSeconds

  return (auth) => {
    if (auth.kind !== 'user' && auth.kind !== 'machine') return null
    const origin = originOfAuth(auth)
    if (origin?.kind === 'user' && auth.kind === 'user') return userSubject(auth, origin)
    if (origin?.kind === 'machine' && auth.kind === 'machine') return machineSubject(auth, origin)
    throw new TypeError(
      'clerk.watch() needs the auth itself, as a middleware or clerk.authenticate() gave it: a copy does not say what it was made of.',
    )
  }

  function userSubject(opened: MadeUserAuth, { from, requested }: UserOrigin): Subject {
    const { userId, sessionId } = opened
    // A token is remembered as a session remembers it: what holds for a record holds for a connection.
    let record: SessionRecord = 'hash' in from ? recordFromToken(from, nowSeconds()) : from
    const token = 'hash' in from ? from : null
    const orgId = requested ?? record.org?.id
    let readAt = now()
    return {
      ids: [userId, sessionId, ...(orgId === undefined ? [] : [orgId])],
      askAt: () => (record.checkedAt + windowSeconds) * 1000,
      async ask() {
        if (revalidate === null) return 'cannot'
        const revalidation = await revalidate(record, 'of the record')
        if (revalidation.kind === 'ended' || revalidation.kind === 'unreachable') return revalidation.kind
        record = revalidation.record
        return 'confirmed'
      },
      async look() {
        if (revocations.isRevoked(userId, sessionId))
          return always(auths.anonymous(NOTHING_CARRIED, 'session-revoked'))
        const lookedAt = now()
        const rows = await rowsOrHeld(opened, requested ?? record.org?.id, readAt)
        if ('ok' in rows) readAt = lookedAt
        if (!('ok' in rows)) return always(auths.noUser(NOTHING_CARRIED, rows))
        const at = (seconds: number) =>
          joinRows(principalAt(record, token, seconds), requested, rows, agingAt(seconds))
        return { auth: at(nowSeconds()), isHeld: rows.heldSince !== null, at }
      },
    }
  }

  /**
   * The rows; where they cannot be read, what is known to have been taken away since they last were: that is no outage which
   * a connection could bridge.
   */
  async function rowsOrHeld(
    { userId, user, orgRole }: MadeUserAuth,
    orgId: string | undefined,
    readAt: number,
  ): Promise<LocalRows | NoUser> {
    const read = await attempt(() => userAuth.localRows(userId, null, orgId)).catch(outage)
    if (!('error' in read) && ('ok' in read || read.kind !== 'unavailable')) return read
    if (users?.isHeld(userId)) return INACTIVE
    const heldSince =
      orgId === undefined ? null : (organizations?.heldUnread(orgId, userId, orgRole, readAt) ?? null)
    if (heldSince !== null)
      return { ok: true, user, membership: null, organization: null, heldSince, cached: false }
    if ('error' in read) throw read.error
    return read
  }

  function principalAt(record: SessionRecord, token: VerifiedToken | null, seconds: number): Principal {
    const principal = principalFromRecord(record, { ...agingAt(seconds), keepClaims, permissionsOf })
    if (token === null) return principal
    const { claims } = token
    // Claims are no more than what was said once: they count for as long as plan and features do.
    const lasts = seconds - claims.iat < aging.entitlementSeconds
    return lasts ? { ...principal, from: token, source: 'token', claims } : principal
  }

  /** As it will be at that moment, by the clock alone. */
  function agingAt(seconds: number): ClaimAging {
    return { ...aging, now: () => seconds * 1000 }
  }

  function machineSubject(opened: MadeMachineAuth, { credential, requested, until }: MachineOrigin): Subject {
    const request = readRequest({ authorization: `Bearer ${credential}`, organization: requested })
    let confirmedUntil = until
    return {
      ids: [opened.id, opened.subject],
      askAt: () => confirmedUntil,
      // Looking asks: Clerk's confirmation is remembered for a minute by the verifier.
      ask: async () => 'confirmed',
      async look() {
        const read = await attempt(() => machineAuth(request, credential)).catch(outage)
        const held = 'error' in read || read.kind === 'unavailable' ? heldSubject(opened) : null
        if (held !== null) return always(auths.anonymous(NOTHING_CARRIED, held))
        if ('error' in read) throw read.error
        const auth = read
        const origin = originOfAuth(auth)
        if (origin?.kind === 'machine') confirmedUntil = origin.until
        return always(auth)
      },
    }
  }

  /** Why whoever has the key lost every right, as {@link rowsOrHeld}. */
  function heldSubject({ userId, orgId, subject }: MadeMachineAuth): AnonymousReason | null {
    if (userId !== null) return users?.isHeld(userId) ? 'user-inactive' : null
    return orgId === subject && organizations?.isHeld(orgId, null) ? 'machine-credential-revoked' : null
  }

  function nowSeconds(): number {
    return Math.floor(now() / 1000)
  }
}

const INACTIVE = { kind: 'none', reason: 'user-inactive' } as const

const outage = (error: unknown) => ({ error })

function always(auth: MadeAuth): Look {
  return { auth, isHeld: false, at: () => auth }
}
