import { MAX_RETRY_AFTER_SECONDS } from '../timing/backoff.js'
import type { GiveUp } from '../timing/closing.js'

/**
 * Who goes first. `session`: whether a session still holds, asked while its user may be near the end of the grace. `request`:
 * everything else that a request waits for, first sign-ins among it. `scan`: pages of a listing.
 */
export type GateLane = 'session' | 'request' | 'scan'

export interface GateLimits {
  /** Calls at a time. */
  readonly concurrency: number
  readonly requestsPer10Seconds: number
}

/** A call was not sent: its turn would come too late. */
export class GateClosedError extends Error {
  override readonly name = 'GateClosedError'
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super(`not sent: the limit of requests is used up for ${retryAfterSeconds} s`)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export interface Gate {
  /**
   * Sends the call when it is its turn.
   *
   * @param patienceMs how long it may wait; a call whose turn would come later is refused at once
   * @param giveUp ends the wait with its reason
   * @throws {GateClosedError}
   */
  run<T>(lane: GateLane, patienceMs: number, call: () => Promise<T>, giveUp?: GiveUp): Promise<T>
  /** The server asked for it (`Retry-After`): no call of anybody is sent before. */
  pause(seconds: number): void
  /** The smaller numbers count from now on. */
  narrow(limits: GateLimits): void
  /** So much more time has passed than the gate's own clock has seen. */
  skip(ms: number): void
}

/** What a test replaces. Milliseconds; never set back. */
export interface GateClock {
  now(): number
  /** Returns a function that cancels it. */
  after(ms: number, action: () => void): () => void
}

const monotonic: GateClock = {
  now: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
}

const WINDOW_MS = 10_000
const LANES: readonly GateLane[] = ['session', 'request', 'scan']
/** Of so many calls one goes to whoever has waited longest, whatever the lane: no lane keeps another from ever going. */
const OLDEST_FIRST_EVERY = 4

interface Waiting {
  /** Its place in the order in which all came. */
  readonly place: number
  readonly go: () => void
}

/**
 * One limit for all who send with one key. A call holds its place from when it is sent until ten seconds after it was
 * answered: the server counted it somewhere between, so that whatever its windows are, none has more than the limit.
 */
export function createGate(limits: GateLimits, clock: GateClock = monotonic): Gate {
  let { concurrency, requestsPer10Seconds: rate } = limits
  const lanes: Record<GateLane, Waiting[]> = { session: [], request: [], scan: [] }
  /** When the places of answered calls are free again, the earliest first. */
  const freeAt: number[] = []
  /** What those were told who were turned away and may come back: the next one is told a later time. */
  let promised: number[] = []
  let underWay = 0
  let granted = 0
  let came = 0
  let pausedUntil = Number.NEGATIVE_INFINITY
  let cancelTimer: (() => void) | null = null
  let skipped = 0

  const time = () => clock.now() + skipped

  function hasRoom(): boolean {
    const now = time()
    while (freeAt[0] !== undefined && freeAt[0] <= now) freeAt.shift()
    return now >= pausedUntil && underWay < concurrency && underWay + freeAt.length < rate
  }

  /** When the call that has so many before it can go, at the earliest. */
  function turnOf(ahead: number): number {
    const now = time()
    const index = ahead - Math.max(0, rate - underWay - freeAt.length)
    const free = index < 0 ? now : (freeAt[index % rate] ?? now + WINDOW_MS)
    const rounds = index < 0 ? 0 : Math.floor(index / rate)
    return Math.max(free + rounds * WINDOW_MS, pausedUntil)
  }

  function next(): Waiting | undefined {
    const heads = LANES.map((lane) => lanes[lane][0]).filter((head) => head !== undefined)
    granted++
    const chosen =
      granted % OLDEST_FIRST_EVERY === 0
        ? heads.reduce<Waiting | undefined>(
            (a, b) => (a === undefined || b.place < a.place ? b : a),
            undefined,
          )
        : heads[0]
    for (const lane of LANES) if (lanes[lane][0] === chosen) lanes[lane].shift()
    return chosen
  }

  function advance(): void {
    cancelTimer?.()
    cancelTimer = null
    while (isAnyWaiting() && hasRoom()) {
      underWay++
      next()?.go()
    }
    if (!isAnyWaiting()) return
    const now = time()
    const wakeAt = now < pausedUntil ? pausedUntil : freeAt[0]
    // Where only the end of a call makes room, that end comes here.
    if (wakeAt !== undefined) cancelTimer = clock.after(Math.max(1, Math.ceil(wakeAt - now)), advance)
  }

  const isAnyWaiting = () => LANES.some((lane) => lanes[lane].length > 0)

  function refusal(ahead: number): GateClosedError {
    const now = time()
    promised = promised.filter((at) => at > now)
    const turn = turnOf(ahead + promised.length)
    promised.push(turn)
    return new GateClosedError(Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil((turn - now) / 1000))))
  }

  function enter(lane: GateLane, patienceMs: number, giveUp: GiveUp | undefined): Promise<void> {
    giveUp?.throwIfAborted()
    if (!isAnyWaiting() && hasRoom()) {
      underWay++
      return Promise.resolve()
    }
    const now = time()
    const before = LANES.slice(0, LANES.indexOf(lane) + 1)
    const ahead = before.reduce((sum, name) => sum + lanes[name].length, 0)
    if (turnOf(ahead) > now + patienceMs) return Promise.reject(refusal(ahead))
    return new Promise((resolve, reject) => {
      const leave = () => {
        cancel()
        giveUp?.removeEventListener('abort', onGiveUp)
        lanes[lane] = lanes[lane].filter((other) => other !== waiting)
      }
      const waiting: Waiting = {
        place: came++,
        go() {
          leave()
          resolve()
        },
      }
      const onGiveUp = () => {
        leave()
        reject(giveUp?.reason)
      }
      const cancel = clock.after(patienceMs, () => {
        leave()
        reject(refusal(0))
      })
      giveUp?.addEventListener('abort', onGiveUp, { once: true })
      lanes[lane].push(waiting)
      advance()
    })
  }

  return {
    async run(lane, patienceMs, call, giveUp) {
      await enter(lane, patienceMs, giveUp)
      try {
        return await call()
      } finally {
        underWay--
        freeAt.push(time() + WINDOW_MS)
        advance()
      }
    },
    pause(seconds) {
      const until = time() + Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER_SECONDS) * 1000
      pausedUntil = Math.max(pausedUntil, until)
    },
    skip(ms) {
      skipped += ms
      advance()
    },
    narrow(narrower) {
      concurrency = Math.min(concurrency, narrower.concurrency)
      rate = Math.min(rate, narrower.requestsPer10Seconds)
    },
  }
}
