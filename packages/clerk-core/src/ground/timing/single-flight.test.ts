import { expect, it } from 'vitest'
import { createSingleFlight, type SingleFlightOptions } from './single-flight.js'

function setUp(options: SingleFlightOptions = {}) {
  const clock = { ms: 0 }
  const flights = createSingleFlight<string>({ ...options, now: () => clock.ms })
  const begun: {
    resolve: (value: string) => void
    reject: (error: Error) => void
    isCurrent: () => boolean
  }[] = []
  const run = (key = 'a') =>
    flights.run(
      key,
      (isCurrent) => new Promise((resolve, reject) => begun.push({ resolve, reject, isCurrent })),
    )
  return { clock, flights, begun, run }
}

it('callers that ask while a flight is under way share it, those of another key do not', async () => {
  const { begun, run } = setUp()
  const results = [run(), run(), run('b')]
  expect(begun).toHaveLength(2)
  begun[0]?.resolve('one')
  begun[1]?.resolve('two')
  expect(await Promise.all(results)).toEqual(['one', 'one', 'two'])
})

it.each(['resolved', 'rejected'])('a caller that comes when a flight has %s begins another', async (how) => {
  const { begun, flights, run } = setUp()
  const first = run().catch((error: Error) => error.message)
  if (how === 'resolved') begun[0]?.resolve('over')
  else begun[0]?.reject(new Error('over'))
  expect(await first).toBe('over')
  expect(flights.underWay('a')).toBeUndefined()
  const second = run()
  begun[1]?.resolve('new')
  expect(await second).toBe('new')
})

it('a caller that is resumed by a flight and asks at once begins another', async () => {
  const { begun, run } = setUp()
  const again = run().then(() => run())
  begun[0]?.resolve('old')
  await expect.poll(() => begun.length).toBe(2)
  begun[1]?.resolve('new')
  expect(await again).toBe('new')
})

it('what is thrown instead of rejected reaches the caller as a rejection', async () => {
  const { flights } = setUp()
  const thrown = flights.run('a', () => {
    throw new Error('at once')
  })
  await expect(thrown).rejects.toThrow('at once')
  expect(flights.underWay('a')).toBeUndefined()
})

it.each<[string, (flights: ReturnType<typeof setUp>['flights']) => void]>([
  ['forget', (flights) => flights.forget('a')],
  ['forgetWhere', (flights) => flights.forgetWhere((key) => key === 'a')],
  ['forgetAll', (flights) => flights.forgetAll()],
])('after %s a flight is for those who wait for it and for no later caller', async (_name, forget) => {
  const { begun, flights, run } = setUp()
  const old = run()
  expect(begun[0]?.isCurrent()).toBe(true)
  forget(flights)
  expect(begun[0]?.isCurrent()).toBe(false)
  const later = run()
  begun[0]?.resolve('old')
  expect(await old).toBe('old')
  // The old flight has landed, and has not taken the later one off with it.
  expect(run()).toBe(later)
  expect(begun[1]?.isCurrent()).toBe(true)
  begun[1]?.resolve('new')
  expect(await later).toBe('new')
})

it('a flight that outlives its time is abandoned: the next caller begins another', async () => {
  const { begun, clock, run } = setUp({ abandonAfterMs: 1000 })
  const stuck = run()
  clock.ms = 999
  expect(run()).toBe(stuck)
  clock.ms = 1000
  const next = run()
  expect(begun).toHaveLength(2)
  expect(begun.map(({ isCurrent }) => isCurrent())).toEqual([false, true])
  begun[1]?.resolve('new')
  expect(await next).toBe('new')
  begun[0]?.resolve('late')
  expect(await stuck).toBe('late')
})

it('without a time limit a flight is joined however long it takes', () => {
  const { clock, run } = setUp()
  const first = run()
  clock.ms = Number.MAX_SAFE_INTEGER
  expect(run()).toBe(first)
})
