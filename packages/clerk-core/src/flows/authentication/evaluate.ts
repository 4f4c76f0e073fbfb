import type { Changes } from '../../domain/changes/changes.js'
import { authorize } from '../../domain/guard/authorize.js'
import { DENIALS, UNAUTHENTICATED, unavailable } from '../../domain/guard/denials.js'
import type { Denial, Requirement } from '../../domain/guard/requirement.js'
import { StoreFaultError, StoreUnavailableError, type UnavailableReason } from '../../ground/errors.js'
import { SILENT } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { createAuthFactory, NOTHING_CARRIED } from './auth-factory.js'
import type { ConnectionEnd, ConnectionEndReason } from './connection.js'
import type { Look, Subject } from './connection-subject.js'
import type { MadeAuth } from './made-auth.js'
import type { OpenConnection, Part } from './open-connection.js'

/** What was found about a connection. */
export interface Evaluation {
  /** Who is asking. */
  readonly auth: MadeAuth
  /** The same at a later moment; absent where the clock changes nothing. */
  readonly at?: Look['at']
  /** What has ended; with the whole everything has. */
  readonly ends: ReadonlyMap<Part, ConnectionEnd>
  /** Milliseconds: when to look again, if nothing changes before. */
  readonly dueAt: number
}

export type Evaluate = (connection: OpenConnection) => Promise<Evaluation>

/** How soon to ask again when Clerk or a store could not be reached. */
const RETRY_MS = 10_000
/**
 * How long a change of a membership or a role is waited for that is in the log and not in its row yet. What goes over the
 * connection meanwhile is answered without the organisation; most such changes take nothing away, and closing cannot be undone.
 */
const HELD_MS = 1_000
/** Over how long connections are closed whose answer has been unavailable for longer than the grace. */
const SPREAD_MS = 10_000

/** Decides what has become of a connection: its person, its session, and what it was opened with. */
export function createEvaluate(parts: {
  readonly options: Pick<ResolvedOptions, 'now' | 'session'>
  readonly changes: Changes | null
  /** `null` where no store can tell of an organisation. */
  readonly organizations: object | null
}): Evaluate {
  const { options, changes, organizations } = parts
  const { now } = options
  const graceMs = options.session.graceSeconds * 1000
  const auths = createAuthFactory(SILENT)

  return async (connection) => {
    const subject = connection.subject as Subject
    const freshness = await changes?.current()
    // The log has a grace of its own.
    if (freshness?.ok === false) return unknown(connection, auths.unavailable('changes-unavailable'), 0)
    if (subject.askAt() > now()) return found(connection, await look(subject), subject.askAt())
    const status = await ask(subject)
    if (status === 'ended') return ended(connection, 'session-revoked')
    // Nothing here can renew the trust in a connection without asking: it has to come again, with a token.
    if (status === 'cannot') return ended(connection, 'revalidation-failed')
    const seen = await look(subject)
    if (status === 'confirmed') return found(connection, seen, subject.askAt())
    return unreachable(connection, seen)
  }

  /** Whatever goes wrong, it says nothing about the session: a connection is not kept for longer than the grace. */
  async function ask(subject: Subject): ReturnType<Subject['ask']> {
    try {
      return await subject.ask()
    } catch {
      return 'unreachable'
    }
  }

  /** An answer that cannot be had is unavailable, whatever the failure. */
  async function look(subject: Subject): Promise<Look> {
    try {
      return await subject.look()
    } catch (error) {
      const auth = auths.unavailable(reasonOf(error))
      return { auth, isHeld: false, at: () => auth }
    }
  }

  function found(connection: OpenConnection, seen: Look, askAt: number): Evaluation {
    const { auth } = seen
    if (auth.kind === 'unavailable') return unknown(connection, auth, graceMs)
    connection.unknownSince = null
    return decided(connection, seen, askAt)
  }

  /** Clerk cannot be asked about the session: what is known counts for as long as a session would bridge. */
  function unreachable(connection: OpenConnection, seen: Look): Evaluation {
    connection.unknownSince ??= now()
    if (seen.auth.kind === 'unavailable') return unknown(connection, seen.auth, graceMs)
    if (now() >= connection.unknownSince + graceMs) {
      return unknown(connection, auths.unavailable('clerk-unavailable'), graceMs)
    }
    return decided(connection, seen, Math.min(now() + RETRY_MS, connection.unknownSince + graceMs))
  }

  /** @param bridgedMs for how long it may stay unknown */
  function unknown(connection: OpenConnection, auth: MadeAuth, bridgedMs: number): Evaluation {
    connection.unknownSince ??= now()
    const closeAt = connection.unknownSince + bridgedMs + connection.share * SPREAD_MS
    if (now() >= closeAt) return ended(connection, 'unavailable', unavailable(1), auth, 1013)
    return { auth, ends: new Map(), dueAt: Math.min(now() + RETRY_MS, closeAt) }
  }

  function decided(connection: OpenConnection, seen: Look, lookAgainAt: number): Evaluation {
    const { auth } = seen
    const { auth: opened, whole } = connection
    if (auth.kind === 'anonymous') return ended(connection, auth.reason, UNAUTHENTICATED, auth)
    const isWithout = auth.kind === 'user' && auth.orgId === null
    if (seen.isHeld && isWithout && opened.kind === 'user' && opened.orgId !== null) {
      connection.heldSince ??= now()
      const until = connection.heldSince + HELD_MS
      if (now() < until) return { auth, ends: new Map(), dueAt: until }
    } else connection.heldSince = null
    if (
      opened.kind === 'user' &&
      auth.kind === 'user' &&
      opened.orgId !== null &&
      opened.orgId !== auth.orgId
    ) {
      // The application knows the organisation of the `Auth` that it was given, and goes on using it.
      const reason = organizations === null ? 'revalidation-failed' : 'organization-lost'
      return ended(connection, reason, DENIALS['organization-required'], auth)
    }
    const ends = new Map<Part, ConnectionEnd>()
    let dueAt = lookAgainAt
    for (const part of [whole, ...connection.parts]) {
      const denial = denialOf(auth, part.requirements)
      if (denial === null) dueAt = Math.min(dueAt, firstDenied(seen, part.requirements, dueAt))
      else ends.set(part, { code: 4401, reason: 'requirement-failed', denial })
    }
    return { auth, at: seen.at, ends, dueAt }
  }

  function ended(
    { whole }: OpenConnection,
    reason: ConnectionEndReason,
    denial: Denial = UNAUTHENTICATED,
    auth: MadeAuth = auths.anonymous(NOTHING_CARRIED, 'session-revoked'),
    code: ConnectionEnd['code'] = 4401,
  ): Evaluation {
    return { auth, ends: new Map([[whole, { code, reason, denial }]]), dueAt: Number.POSITIVE_INFINITY }
  }

  /**
   * When a requirement that is met is met no more by the clock alone; `untilMs` where it still is then. Found by
   * halving, so that nothing here has to know what grows old, and how.
   */
  function firstDenied(seen: Look, requirements: readonly Requirement[], untilMs: number): number {
    let met = Math.floor(now() / 1000)
    let denied = Math.floor(untilMs / 1000)
    if (requirements.length === 0 || denied <= met) return untilMs
    const isMet = (seconds: number) => denialOf(seen.at(seconds), requirements) === null
    if (isMet(denied)) return untilMs
    while (denied - met > 1) {
      const middle = Math.floor((met + denied) / 2)
      if (isMet(middle)) met = middle
      else denied = middle
    }
    return denied * 1000
  }
}

function reasonOf(error: unknown): UnavailableReason {
  if (error instanceof StoreFaultError) return 'store-fault'
  return error instanceof StoreUnavailableError ? 'store-unavailable' : 'clerk-unavailable'
}

function denialOf(auth: MadeAuth, requirements: readonly Requirement[]): Denial | null {
  for (const requirement of requirements) {
    const denial = authorize(auth as Parameters<typeof authorize>[0], requirement)
    if (denial !== null) return denial
  }
  return null
}
