import type { Changes } from '../../domain/changes/changes.js'
import type { Revocations } from '../../domain/changes/revocations.js'
import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import type { SessionStatusClient } from '../../domain/session/session-status-client.js'
import type { Change } from '../../domain/store/inbox.js'
import type { UserRecord } from '../../domain/store/user.js'
import type { UserDirectory } from '../../domain/users/directory.js'
import { nameOf } from '../../ground/error-name.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import type { MadeAuth, MadeMachineAuth, MadeUserAuth } from './made-auth.js'
import type { WatchEnd } from './watch-end.js'

/** Watches long-lived connections: no further request comes that could be authenticated anew. */
export interface Watch {
  watch(auth: MadeAuth, ended: (reason: WatchEnd) => void): () => void
  /** Checks at once the connections that the change concerns; `anyMembership`: all that are in an organisation. */
  notice(change: Change, anyMembership?: boolean): void
  close(): void
}

/** `pollSeconds: 0` asks for every change on every request; a timer must not spin for it. */
const SHORTEST_TICK_MS = 10
/** How soon to ask again when Clerk or a store could not be reached. */
const RETRY_MS = 10_000

type WatchedAuth = MadeUserAuth | MadeMachineAuth

interface Watcher {
  readonly auth: WatchedAuth
  readonly ended: (reason: WatchEnd) => void
  /** Milliseconds: since when it is not known whether the right to the connection still exists. */
  unknownSince: number | null
  /** Milliseconds: the next time Clerk is asked. */
  askAt: number
}

export function createWatch(parts: {
  options: Pick<ResolvedOptions, 'now' | 'pollSeconds' | 'session'>
  revocations: Revocations
  users: UserDirectory<UserRecord> | null
  organizations: OrganizationDirectory | null
  changes: Changes | null
  sessionStatus: SessionStatusClient | null
}): Watch {
  const { options, revocations, users, organizations, changes, sessionStatus } = parts
  const { now } = options
  const windowMs = options.session.revalidateAfterSeconds * 1000
  const graceMs = options.session.graceSeconds * 1000
  const watchers = new Set<Watcher>()
  let timer: NodeJS.Timeout | undefined

  return {
    watch(auth, ended) {
      if (auth.kind !== 'user' && auth.kind !== 'machine') return () => undefined
      const watcher: Watcher = { auth, ended, unknownSince: null, askAt: now() + windowMs }
      watchers.add(watcher)
      timer ??= setInterval(() => void tick(), Math.max(options.pollSeconds * 1000, SHORTEST_TICK_MS)).unref()
      // Something may have been revoked between the authentication and this call.
      check(watcher)
      return () => drop(watcher)
    },
    notice({ subjects }, anyMembership = false) {
      for (const watcher of watchers) {
        const { auth } = watcher
        const concerned =
          (auth.kind === 'user' && subjects.includes(auth.sessionId)) ||
          (auth.userId !== null && subjects.includes(auth.userId)) ||
          (auth.orgId !== null && (anyMembership || subjects.includes(auth.orgId)))
        if (concerned) check(watcher)
      }
    },
    close() {
      for (const watcher of watchers) drop(watcher)
    },
  }

  function drop(watcher: Watcher): void {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  /** Without requests the log of changes is not read: it is read here, and brings `notice`. */
  async function tick(): Promise<void> {
    const current = await changes?.current()
    for (const watcher of watchers) {
      if (current?.ok === false) end(watcher, 'unavailable')
      else if (now() >= watcher.askAt) check(watcher)
    }
  }

  /** Whatever goes wrong, a connection whose right cannot be checked is closed. */
  function check(watcher: Watcher): void {
    look(watcher).catch(() => end(watcher, 'unavailable'))
  }

  async function look(watcher: Watcher): Promise<void> {
    const due = now() >= watcher.askAt
    if (due) watcher.askAt = now() + windowMs
    const reason = await reasonToEnd(watcher.auth, due)
    if (reason === null) {
      // Our own rows alone say nothing about the session at Clerk.
      if (due) watcher.unknownSince = null
    } else if (reason === 'unavailable') {
      watcher.unknownSince ??= now()
      watcher.askAt = now() + Math.min(RETRY_MS, windowMs)
      if (now() - watcher.unknownSince >= graceMs) end(watcher, reason)
    } else {
      end(watcher, reason)
    }
  }

  async function reasonToEnd(auth: WatchedAuth, askClerk: boolean): Promise<WatchEnd | null> {
    const sessionId = auth.kind === 'user' ? auth.sessionId : ''
    if (revocations.isRevoked(auth.userId ?? '', sessionId)) return 'session-revoked'
    try {
      const user = auth.userId === null ? undefined : await users?.resolve(auth.userId, null)
      if (user?.kind === 'none') return 'user-inactive'
      if (user?.kind === 'unavailable') return 'unavailable'
      if (auth.kind === 'user' && (await lostOrganization(auth))) return 'organization-lost'
    } catch (error) {
      if (error instanceof StoreUnavailableError) return 'unavailable'
      throw error
    }
    if (!askClerk || auth.kind !== 'user') return null
    // Nothing here can renew the trust in a connection without asking: it has to come again, with a token.
    if (sessionStatus === null) return 'revalidation-failed'
    const { kind } = await sessionStatus.statusOf(auth.userId, sessionId)
    return kind === 'active' ? null : kind === 'ended' ? 'session-revoked' : 'unavailable'
  }

  async function lostOrganization({ orgId, userId }: MadeUserAuth): Promise<boolean> {
    if (orgId === null || organizations === null) return false
    const membership = await organizations.membership(orgId, userId)
    return membership?.deletedAt != null
  }

  function end(watcher: Watcher, reason: WatchEnd): void {
    if (!watchers.has(watcher)) return
    drop(watcher)
    try {
      watcher.ended(reason)
    } catch (error) {
      // A callback that fails must not keep the other connections open, nor end the process from a timer.
      process.emitWarning(`The callback of clerk.watch() threw (${nameOf(error)}).`, {
        code: 'ACME_CLERK_WATCH',
      })
    }
  }
}
