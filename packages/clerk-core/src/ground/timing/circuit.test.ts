import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CircuitState, CLOSED, circuit } from './circuit.js'

const step = fc.record({
  do: fc.constantFrom('answered', 'hung', 'suspected', 'answeredLate', 'probe', 'probeFailed'),
  /** Of the call, before now. */
  age: fc.nat(5_000),
  wait: fc.nat(3_000),
} as const)

test('whatever happens, only an answer closes it, one probe is under way, and it is never given up', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let state: CircuitState = CLOSED
      let at = 10_000
      let answeredAt = Number.NEGATIVE_INFINITY
      let probing = false
      for (const { do: what, age, wait } of steps) {
        at += wait
        const before = state
        switch (what) {
          case 'answered':
            state = circuit.answered(at)
            answeredAt = at
            probing = false
            expect(state.kind).toBe('closed')
            break
          case 'hung':
            state = circuit.hung(state, { begunAt: at - age, at })
            // One locked row is no outage: anything answered since the call was begun keeps it closed.
            if (before.kind !== 'open') expect(state.kind === 'open').toBe(answeredAt < at - age)
            break
          case 'suspected':
            state = circuit.suspected(state, at - age)
            if (state !== before) expect([before.kind, state.kind]).toEqual(['closed', 'suspect'])
            break
          case 'answeredLate':
            state = circuit.answeredLate(state, at)
            expect(state.kind).toBe(before.kind)
            if (state.kind === 'open' && !probing) expect(circuit.mayProbe(state, at)).toBe(true)
            break
          case 'probe':
            if (!circuit.mayProbe(state, at)) break
            expect(probing).toBe(false)
            probing = true
            state = circuit.probing(state, at)
            expect(circuit.mayProbe(state, at + 1_000_000)).toBe(false)
            break
          case 'probeFailed':
            if (!probing) break
            probing = false
            state = circuit.probeFailed(state, at)
            expect(circuit.mayProbe(state, at)).toBe(false)
            // Two seconds later at the most it is asked again, however often it has failed.
            expect(circuit.mayProbe(state, at + 2_000)).toBe(true)
        }
        if (before.kind === 'open' && state.kind !== 'open') expect(what).toBe('answered')
      }
    }),
  )
})

test('is probed at once when it opens, then after 0.25, 0.5, 1, 2 and 2 seconds', () => {
  let state = circuit.hung(CLOSED, { begunAt: 0, at: 100 })
  expect(circuit.mayProbe(state, 100)).toBe(true)
  const waits = [1, 2, 3, 4, 5].map(() => {
    state = circuit.probeFailed(circuit.probing(state, 100), 100)
    return state.nextProbeAt - 100
  })
  expect(waits).toEqual([250, 500, 1000, 2000, 2000])
})
