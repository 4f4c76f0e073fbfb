import { attempt } from './attempt.js'
import { type CircuitState, CLOSED, circuit } from './circuit.js'
import { withTimeout } from './timeout.js'

/** An outage that is told sooner than this costs nobody a wait, so that it is asked again by the next caller. */
const SLOW_FAILURE_MS = 500
/** A caller that comes when a probe is due waits this long for it: a server that is back answers sooner. */
export const MOMENT_MS = 50
/** A probe that takes longer is followed by another; its own answer counts whenever it comes. */
const PROBE_MS = 1_000
/** Of the time limit: how long a server is waited for while another one beside it hangs. */
const SUSPECT_SHARE = 0.1

export interface Deadline {
  /** Runs the call and waits no longer than the time limit; refused at once while the server is known to hang. */
  run<T>(call: () => T | Promise<T>): Promise<T>
  /** Waits no longer than the time limit, and asks whatever is known: for a health check. */
  runAnyway<T>(call: () => T | Promise<T>): Promise<T>
}

export interface DeadlineGroup {
  /** @param probe a harmless call that shows whether the server answers */
  add(probe: () => unknown): Deadline
}

/**
 * Time limits for calls of servers that may hang, with one circuit per server. Those of one group are suspected together: a
 * request that asks two tables of a database that hangs does not wait twice. Without timers of its own: callers drive the
 * probes. The late answer of a call that was given up is dropped, and its late rejection is nobody's.
 */
export function createDeadlines(parts: {
  readonly timeoutMs: number
  /** What the caller is told instead of waiting. */
  readonly unavailable: (why: 'timeout' | 'circuit-open') => Error
  /** An error by which the server's absence is told; every other one is an answer of the server. */
  readonly isOutage: (error: unknown) => boolean
  /** Milliseconds. Default: the monotonic clock, which is never set. */
  readonly now?: () => number
}): DeadlineGroup {
  const { timeoutMs, unavailable, now = () => performance.now() } = parts
  const suspects = new Set<(begunAt: number) => void>()

  /** An error that cannot even be looked at is no answer: its caller gets it, and the server is not thought to be there. */
  function isOutage(error: unknown): boolean {
    try {
      return parts.isOutage(error)
    } catch {
      return true
    }
  }

  return {
    add(probe) {
      let state: CircuitState = CLOSED
      let probeUnderWay: Promise<void> | null = null
      const suspect = (begunAt: number) => {
        state = circuit.suspected(state, begunAt)
      }
      suspects.add(suspect)

      function hung(begunAt: number): void {
        const before = state
        state = circuit.hung(state, { begunAt, at: now() })
        if (state === before) return
        for (const other of suspects) if (other !== suspect) other(begunAt)
        void probeNow()
      }

      /** Never rejects. */
      function probeNow(): Promise<void> {
        if (!circuit.mayProbe(state, now())) return probeUnderWay ?? Promise.resolve()
        state = circuit.probing(state, now())
        const answer = attempt(probe).then(
          () => true,
          (error: unknown) => !isOutage(error),
        )
        void answer.then((isThere) => {
          if (isThere) state = circuit.answered(now())
        })
        const flight = withTimeout(Math.min(PROBE_MS, timeoutMs), () => answer)
          .catch(() => false)
          .then((isThere) => {
            if (!isThere) state = circuit.probeFailed(state, now())
            if (probeUnderWay === flight) probeUnderWay = null
          })
        probeUnderWay = flight
        return flight
      }

      /** Made by hand: every call of a store passes here, and needs a timer but no signal. */
      function bounded<T>(limitMs: number, call: () => T | Promise<T>): Promise<T> {
        const begunAt = now()
        const running = attempt(call)
        return new Promise((resolve, reject) => {
          let isGivenUp = false
          const timer = setTimeout(() => {
            isGivenUp = true
            hung(begunAt)
            reject(unavailable('timeout'))
          }, limitMs)
          const late = () => {
            state = circuit.answeredLate(state, now())
          }
          running.then(
            (value) => {
              if (isGivenUp) return late()
              clearTimeout(timer)
              state = circuit.answered(now())
              resolve(value)
            },
            (error: unknown) => {
              const isAnswer = !isOutage(error)
              if (isGivenUp) return isAnswer ? late() : undefined
              clearTimeout(timer)
              if (isAnswer) state = circuit.answered(now())
              else if (now() - begunAt >= Math.min(SLOW_FAILURE_MS, timeoutMs)) hung(begunAt)
              reject(error)
            },
          )
        })
      }

      async function whenProbed<T>(call: () => T | Promise<T>): Promise<T> {
        if (circuit.mayProbe(state, now())) await withTimeout(MOMENT_MS, probeNow).catch(() => undefined)
        if (state.kind === 'open') throw unavailable('circuit-open')
        return inTime(call)
      }

      const inTime = <T>(call: () => T | Promise<T>): Promise<T> =>
        bounded(state.kind === 'suspect' ? timeoutMs * SUSPECT_SHARE : timeoutMs, call)

      return {
        runAnyway: (call) => bounded(timeoutMs, call),
        run: (call) => (state.kind === 'open' ? whenProbed(call) : inTime(call)),
      }
    },
  }
}
