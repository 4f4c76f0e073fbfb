import type { Requirement } from '../../domain/guard/requirement.js'
import { nameOf } from '../../ground/error-name.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ConnectionEnd } from './connection.js'
import type { Look, Subject } from './connection-subject.js'
import type { MadeAuth } from './made-auth.js'

/** A connection, or a part of it that ends singly, with what it was opened with. */
export class Part {
  readonly requirements: readonly Requirement[]
  readonly #listeners = new Set<(end: ConnectionEnd) => void>()
  #controller: AbortController | null = null
  end: ConnectionEnd | null = null

  readonly #observer: Pick<Observer, 'thrown'>

  constructor(requirements: readonly Requirement[], observer: Pick<Observer, 'thrown'>) {
    this.requirements = requirements
    this.#observer = observer
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.end !== null) this.#controller.abort(this.end)
    return this.#controller.signal
  }

  onEnd(listener: (end: ConnectionEnd) => void): () => void {
    if (this.end === null) this.#listeners.add(listener)
    else tell(listener, this.end, this.#observer)
    return () => void this.#listeners.delete(listener)
  }

  /** Whether the end is waited for. */
  get isHeld(): boolean {
    return this.#controller !== null || this.#listeners.size > 0
  }

  finish(end: ConnectionEnd): void {
    if (this.end !== null) return
    this.end = end
    this.#controller?.abort(end)
    for (const listener of this.#listeners) tell(listener, end, this.#observer)
    this.#listeners.clear()
  }
}

/** A callback that fails must not keep the other connections open, nor end the process from a timer. */
function tell(
  listener: (end: ConnectionEnd) => void,
  end: ConnectionEnd,
  observer: Pick<Observer, 'thrown'>,
): void {
  try {
    listener(end)
  } catch (error) {
    const message = `A callback of a connection threw when it ended (${nameOf(error)}).`
    observer.thrown({ place: 'onEnd listener', error, warning: { code: 'ACME_CLERK_WATCH', message } })
  }
}

/** What is known of one connection. */
export class OpenConnection {
  readonly auth: MadeAuth
  /** `null`: there is nothing that could end. */
  readonly subject: Subject | null
  readonly whole: Part
  /** Besides the whole. */
  readonly parts = new Set<Part>()
  /** 0 to 1: which part of the time to close is this connection's. */
  readonly share: number
  /** What was found last; after the end, what ended it. */
  last: MadeAuth
  /** Milliseconds: since when the answer has not been available. */
  unknownSince: number | null = null
  /** Milliseconds: since when it has been without its organisation, by what the log knows and no row yet. */
  heldSince: number | null = null
  /** Higher with each change that concerns the connection. */
  generation = 0
  flight: Promise<MadeAuth> | null = null
  #at: Look['at'] | null = null
  #knownAt: number | null = null

  readonly #observer: Pick<Observer, 'thrown'>

  constructor(
    auth: MadeAuth,
    subject: Subject | null,
    requirements: readonly Requirement[],
    share: number,
    observer: Pick<Observer, 'thrown'>,
  ) {
    this.auth = auth
    this.subject = subject
    this.#observer = observer
    this.whole = new Part(requirements, observer)
    this.share = share
    this.last = auth
  }

  get isHeld(): boolean {
    return this.whole.isHeld || this.parts.size > 0
  }

  part(requirements: readonly Requirement[]): Part {
    const part = new Part(requirements, this.#observer)
    if (this.whole.end !== null) part.finish(this.whole.end)
    return part
  }

  /** What was found is true no more, or was not asked about everything. */
  outdate(): void {
    this.generation += 1
    this.#knownAt = null
  }

  know(auth: MadeAuth, nowSeconds: number, at: Look['at'] | null): void {
    this.last = auth
    this.#at = at
    this.#knownAt = nowSeconds
  }

  /** What was found last, as old as it is now: the age of factors, plans and features is the clock's. */
  latest(nowSeconds: number): MadeAuth {
    return this.whole.end === null && this.#at !== null ? this.#at(nowSeconds) : this.last
  }

  /** What was found in this very second: in the next one a factor may be too old. */
  known(nowSeconds: number): MadeAuth | null {
    return this.#knownAt === nowSeconds ? this.last : null
  }

  endAll(end: ConnectionEnd): void {
    this.whole.finish(end)
    for (const part of this.parts) part.finish(end)
    this.parts.clear()
  }
}
