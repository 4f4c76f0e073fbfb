import { copyWithJson } from '../../domain/auth/auth-json.js'
import type { Changes } from '../../domain/changes/changes.js'
import type { Requirement } from '../../domain/guard/requirement.js'
import { validateRequirement } from '../../domain/guard/validate-requirement.js'
import type { NewChange } from '../../domain/store/inbox.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { createDueQueue } from '../../ground/timing/due-queue.js'
import { unref } from '../../ground/timing/unref.js'
import { closingOf } from './closing.js'
import type { Connection, ConnectionEnd } from './connection.js'
import { createSubjects, type SubjectParts } from './connection-subject.js'
import { createEvaluate, type Evaluate, type Evaluation } from './evaluate.js'
import type { MadeAuth } from './made-auth.js'
import { OpenConnection } from './open-connection.js'
import { noteOrigin, originOfAuth } from './origin.js'
import { untilEnd } from './while-allowed.js'

const connections = new WeakMap<object, Connection<MadeAuth>>()

/** The connection of an `Auth` that was taken from one: the `auth` of every connection is an object of its own. */
export const findConnection = (auth: object): Connection | null =>
  (connections.get(auth) as Connection | undefined) ?? null

const latest = new WeakMap<object, () => MadeAuth>()

/**
 * Who is asking over the connection of this `Auth`, without waiting: what its last evaluation found, at this moment. The
 * `Auth` itself where it is of no connection.
 */
export const latestAuth = (auth: object): object => latest.get(auth)?.() ?? auth

/** The open connections of this process. */
export interface Connections {
  watch(auth: MadeAuth, requirement?: Requirement | readonly Requirement[]): Connection<MadeAuth>
  /** Evaluates the connections that the change concerns; `anyMembership`: it does not say whose, so all of them. */
  notice(change: Pick<NewChange, 'subjects'>, anyMembership?: boolean): void
  close(): void
}

export interface ConnectionsParts extends SubjectParts {
  readonly options: SubjectParts['options'] & Pick<ResolvedOptions, 'pollSeconds'>
  readonly changes: Changes | null
  /**
   * Where in the ten seconds after the grace a connection is closed, 0 to 1: thousands of clients must not come back at
   * one moment. Default: by the order in which they were opened, evenly.
   */
  readonly spread?: (index: number) => number
}

/** `pollSeconds: 0` asks for every change on every request; a timer must not spin for it. */
const SHORTEST_TICK_MS = 10
/** A factor that grows too old is noticed this late at the most. */
const LONGEST_TICK_MS = 1000
/** Evaluations at a time: one change may concern thousands of connections, and each may have to read its rows. */
const CONCURRENT = 64
/** The golden ratio: its multiples fall evenly, however many there are. */
const GOLDEN_RATIO = 0.618_033_988_749_895

export function createConnections(parts: ConnectionsParts): Connections {
  const { options, changes, spread = (index) => (index * GOLDEN_RATIO) % 1 } = parts
  const subjectOf = createSubjects(parts)
  const evaluate: Evaluate = createEvaluate(parts)
  const open = new Set<OpenConnection>()
  const byId = new Map<string, Set<OpenConnection>>()
  const due = createDueQueue<OpenConnection>()
  const waiting = new Set<OpenConnection>()
  let active = 0
  let count = 0
  let timer: NodeJS.Timeout | undefined
  let ticking = false
  let logFails = false

  return {
    watch(auth, requirement = []) {
      const given = Array.isArray(requirement)
        ? (requirement as readonly Requirement[])
        : [requirement as Requirement]
      const requirements = given.map((one) => validateRequirement(one))
      const subject = subjectOf(auth)
      const opened = new OpenConnection(copyOf(auth), subject, requirements, spread(count++), parts.observer)
      const connection = facade(opened)
      connections.set(connection.auth, connection)
      latest.set(connection.auth, () => opened.latest(nowSeconds()))
      return connection
    },
    notice({ subjects }, anyMembership = false) {
      const concerned = anyMembership ? [open] : subjects.map((id) => byId.get(id) ?? [])
      for (const connection of concerned.flatMap((some) => [...some])) {
        connection.outdate()
        schedule(connection)
      }
    },
    close() {
      for (const connection of open) remove(connection)
    },
  }

  function facade(connection: OpenConnection): Connection<MadeAuth> {
    const onEnd: Connection['onEnd'] = (listener) => {
      const forget = connection.whole.onEnd(listener)
      add(connection)
      return () => {
        forget()
        release(connection)
      }
    }
    const stop = () => remove(connection)
    return {
      auth: connection.auth,
      current: () => current(connection),
      get ended() {
        return connection.whole.end
      },
      get signal() {
        const { signal } = connection.whole
        add(connection)
        return signal
      },
      onEnd,
      closes(target) {
        const closing = closingOf(target)
        if (closing.isClosed) return
        onEnd((end) => closing.close(end))
        closing.onClose(stop)
      },
      whileAllowed<T>(values: AsyncIterable<T>, requirement: Requirement = {}) {
        const part = connection.part([validateRequirement(requirement)])
        return untilEnd(values, (listener) => {
          part.onEnd(listener)
          if (part.end === null) connection.parts.add(part)
          add(connection)
          // What was found a moment ago was not asked about this requirement.
          connection.outdate()
          schedule(connection)
          return () => {
            connection.parts.delete(part)
            release(connection)
          }
        })
      },
      stop,
    }
  }

  function add(connection: OpenConnection): void {
    const { subject } = connection
    if (subject === null || connection.whole.end !== null || open.has(connection)) return
    open.add(connection)
    for (const id of subject.ids) {
      const same = byId.get(id) ?? new Set()
      byId.set(id, same.add(connection))
    }
    timer ??= unref(
      setInterval(
        () => void tick(),
        Math.min(Math.max(options.pollSeconds * 1000, SHORTEST_TICK_MS), LONGEST_TICK_MS),
      ),
    )
    // Something may have changed between the authentication and this call.
    connection.outdate()
    schedule(connection)
  }

  function release(connection: OpenConnection): void {
    if (!connection.isHeld) remove(connection)
  }

  function remove(connection: OpenConnection): void {
    if (!open.delete(connection)) return
    due.delete(connection)
    waiting.delete(connection)
    for (const id of connection.subject?.ids ?? []) {
      const same = byId.get(id)
      same?.delete(connection)
      if (same?.size === 0) byId.delete(id)
    }
    if (open.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  /** Without requests the log of changes is not read: it is read here, and brings `notice`. */
  async function tick(): Promise<void> {
    if (ticking) return
    ticking = true
    try {
      const freshness = await changes?.current()
      const failed = freshness?.ok === false
      // An outage of the log concerns all of them, once when it begins.
      if (failed && !logFails) for (const connection of open) schedule(connection)
      logFails = failed
      for (const connection of due.takeDue(options.now())) schedule(connection)
    } finally {
      ticking = false
    }
  }

  function schedule(connection: OpenConnection): void {
    if (!open.has(connection)) return
    waiting.add(connection)
    while (active < CONCURRENT) {
      const [next] = waiting
      if (next === undefined) return
      waiting.delete(next)
      active += 1
      void evaluated(next).finally(() => {
        active -= 1
        const [following] = waiting
        if (following !== undefined) schedule(following)
      })
    }
  }

  /** Who is asking now. What is known of this very second, and of no change since, is known. */
  async function current(connection: OpenConnection): Promise<MadeAuth> {
    const { whole, subject } = connection
    if (subject === null) return connection.auth
    const freshness = changes?.current()
    const current = freshness instanceof Promise ? await freshness : freshness
    if (whole.end !== null) return connection.last
    const isKnown = open.has(connection) && current?.ok !== false && subject.askAt() > options.now()
    const known = isKnown ? connection.known(nowSeconds()) : null
    return known ?? evaluated(connection)
  }

  /** One evaluation of a connection at a time; one that a change has overtaken is done again. Never rejects. */
  function evaluated(connection: OpenConnection): Promise<MadeAuth> {
    connection.flight ??= run(connection)
    return connection.flight
  }

  async function run(connection: OpenConnection): Promise<MadeAuth> {
    for (;;) {
      const { generation } = connection
      const evaluation = await evaluate(connection)
      if (generation !== connection.generation && connection.whole.end === null) continue
      connection.flight = null
      return apply(connection, evaluation)
    }
  }

  function apply(connection: OpenConnection, { auth, at, ends, dueAt }: Evaluation): MadeAuth {
    if (connection.whole.end !== null) return connection.last
    connection.last = auth
    const whole: ConnectionEnd | undefined = ends.get(connection.whole)
    if (whole !== undefined) {
      remove(connection)
      connection.endAll(whole)
      return auth
    }
    connection.know(auth, nowSeconds(), at ?? null)
    if (open.has(connection)) due.set(connection, dueAt)
    for (const [part, end] of ends) {
      connection.parts.delete(part)
      part.finish(end)
    }
    return auth
  }

  function nowSeconds(): number {
    return Math.floor(options.now() / 1000)
  }
}

/** One token, used for several connections, has one `Auth`. */
function copyOf(auth: MadeAuth): MadeAuth {
  const copy = copyWithJson(auth)
  const origin = originOfAuth(auth)
  if (origin !== null) noteOrigin(copy, origin)
  return Object.freeze(copy)
}
