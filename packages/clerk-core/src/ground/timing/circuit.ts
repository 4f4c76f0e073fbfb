import { exponential } from './backoff.js'

/**
 * What is known of a server that may hang. `closed`: it is asked. `suspect`: another server beside it hangs, so it is asked
 * and not waited for long. `open`: it hangs; nobody asks it but one probe at a time.
 */
export interface CircuitState {
  readonly kind: 'closed' | 'suspect' | 'open'
  /** When it last answered anything, a refusal included. Milliseconds of the monotonic clock, as all times here. */
  readonly answeredAt: number
  /** Probes in a row that were not answered. */
  readonly failures: number
  readonly nextProbeAt: number
  /** When the probe that is under way was begun. */
  readonly probingSince: number | null
}

export const CLOSED: CircuitState = Object.freeze({
  kind: 'closed',
  answeredAt: Number.NEGATIVE_INFINITY,
  failures: 0,
  nextProbeAt: 0,
  probingSince: null,
})

/** After the first probe, which is made at once: 250 ms, then twice as long after each, up to this. */
const LONGEST_PROBE_WAIT_MS = 2_000
const FIRST_PROBE_WAIT_MS = 250

/** The rules, without any clock or timer: each takes a state and returns the next one. */
export const circuit = {
  /** Any answer proves that the server is there. */
  answered: (at: number): CircuitState => ({ ...CLOSED, answeredAt: at }),

  /** A call was not answered in time. It opens only when nothing else was answered since: one locked row is no outage. */
  hung: (state: CircuitState, call: { readonly begunAt: number; readonly at: number }): CircuitState =>
    state.kind === 'open' || state.answeredAt >= call.begunAt
      ? state
      : { ...state, kind: 'open', failures: 0, nextProbeAt: call.at, probingSince: null },

  /** Another server, most often another table of the same database, has not answered since `begunAt`. */
  suspected: (state: CircuitState, begunAt: number): CircuitState =>
    state.kind === 'closed' && state.answeredAt < begunAt ? { ...state, kind: 'suspect' } : state,

  /** A call that nobody waits for any more was answered after all: a probe is worth it now. */
  answeredLate: (state: CircuitState, at: number): CircuitState =>
    state.kind === 'open' ? { ...state, nextProbeAt: Math.min(state.nextProbeAt, at) } : state,

  mayProbe: (state: CircuitState, at: number): boolean =>
    state.kind === 'open' && state.probingSince === null && at >= state.nextProbeAt,

  probing: (state: CircuitState, at: number): CircuitState => ({ ...state, probingSince: at }),

  probeFailed: (state: CircuitState, at: number): CircuitState => {
    if (state.kind !== 'open') return state
    const failures = state.failures + 1
    const wait = exponential(failures, FIRST_PROBE_WAIT_MS, LONGEST_PROBE_WAIT_MS)
    return { ...state, failures, nextProbeAt: at + wait, probingSince: null }
  },
} as const
