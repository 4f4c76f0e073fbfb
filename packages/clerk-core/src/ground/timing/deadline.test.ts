import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDeadlines } from './deadline.js'

class Outage extends Error {}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const TIMEOUT_MS = 3_000

function setUp() {
  const server = { hangs: false, probes: 0 }
  const group = createDeadlines({
    timeoutMs: TIMEOUT_MS,
    isOutage: (error) => error instanceof Outage,
    unavailable: (why) => new Outage(why),
  })
  const answer = (value: string) =>
    server.hangs ? new Promise<string>(() => undefined) : Promise.resolve(value)
  const deadline = group.add(() => {
    server.probes++
    return answer('probe')
  })
  /** What a call came to, and how long it took. */
  async function call(run: () => string | Promise<string> = () => answer('value')) {
    const begun = performance.now()
    const result = deadline.run(run).then(String, (error: Error) => error.message)
    let took = -1
    void result.then(() => {
      took = performance.now() - begun
    })
    for (let i = 0; took < 0 && i < 100; i++) await vi.advanceTimersByTimeAsync(50)
    return { result: await result, took }
  }
  return { server, group, deadline, answer, call }
}

test('a server that answers is not noticed', async () => {
  const { call, server } = setUp()
  expect(await call()).toEqual({ result: 'value', took: 0 })
  expect(await call(() => Promise.reject(new Error('duplicate key')))).toMatchObject({
    result: 'duplicate key',
  })
  expect(server.probes).toBe(0)
})

test('a server that hangs costs the timeout once, then nothing, and is asked again when a probe is answered', async () => {
  const { call, server } = setUp()
  server.hangs = true
  expect(await call()).toEqual({ result: 'timeout', took: TIMEOUT_MS })
  expect(server.probes).toBe(1)
  for (let i = 0; i < 20; i++) expect((await call()).took).toBeLessThanOrEqual(50)
  await vi.advanceTimersByTimeAsync(5_000)
  server.hangs = false
  // The caller that comes when a probe is due waits for it, and is served.
  expect(await call()).toEqual({ result: 'value', took: 0 })
  expect(server.probes).toBeLessThan(6)
})

test('a call that hangs while others are answered does not open the circuit', async () => {
  const { call, deadline } = setUp()
  const stuck = deadline.run(() => new Promise(() => undefined)).catch((error: Error) => error.message)
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1)
  expect(await call()).toMatchObject({ result: 'value' })
  await vi.advanceTimersByTimeAsync(1)
  expect(await stuck).toBe('timeout')
  expect(await call()).toEqual({ result: 'value', took: 0 })
})

test('an outage that is told at once is asked about again by every caller; a slow one opens the circuit', async () => {
  const { call, server } = setUp()
  const refuses = () => Promise.reject(new Outage('refused'))
  for (let i = 0; i < 5; i++) expect(await call(refuses)).toEqual({ result: 'refused', took: 0 })
  expect(await call()).toMatchObject({ result: 'value' })
  server.hangs = true
  const slowly = () => new Promise<string>((_, reject) => setTimeout(reject, 2_000, new Outage('slowly')))
  expect(await call(slowly)).toEqual({ result: 'slowly', took: 2_000 })
  expect(await call()).toMatchObject({ result: 'circuit-open' })
})

test('another server of the group is suspected: it is asked, and not waited for long', async () => {
  const { call, group, server } = setUp()
  const other = group.add(() => new Promise(() => undefined))
  server.hangs = true
  await call()
  const begun = performance.now()
  const waiting = other.run(() => new Promise(() => undefined)).catch((error: Error) => error.message)
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS / 10)
  expect([await waiting, performance.now() - begun]).toEqual(['timeout', TIMEOUT_MS / 10])
  const healthy = group.add(() => undefined)
  expect(await healthy.run(() => 'there')).toBe('there')
})

test('a call that is answered late brings the next probe forward, and its rejection is nobody’s', async () => {
  const { call, server, deadline } = setUp()
  server.hangs = true
  let reject: (error: Error) => void = () => undefined
  const stuck = deadline
    .run(() => new Promise((_, no) => (reject = no)))
    .catch((error: Error) => error.message)
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 10_000)
  expect(await stuck).toBe('timeout')
  await call()
  await vi.advanceTimersByTimeAsync(1_000)
  server.hangs = false
  expect(await call()).toMatchObject({ result: 'circuit-open' })
  reject(new Error('duplicate key'))
  await vi.advanceTimersByTimeAsync(0)
  expect(await call()).toMatchObject({ result: 'value' })
})

test('a health check asks whatever is known, and closes the circuit with its answer', async () => {
  const { call, server, deadline } = setUp()
  server.hangs = true
  await call()
  server.hangs = false
  expect(await deadline.runAnyway(() => 'pong')).toBe('pong')
  expect(await call()).toEqual({ result: 'value', took: 0 })
})

test('a call whose error cannot be looked at rejects with it, and says nothing of the server', async () => {
  const { server, answer } = setUp()
  const unreadable = new Error('unreadable')
  const group = createDeadlines({
    timeoutMs: TIMEOUT_MS,
    isOutage: (error) => {
      if (error === unreadable) throw new Error('cannot tell')
      return error instanceof Outage
    },
    unavailable: (why) => new Outage(why),
  })
  let probeFails = true
  const deadline = group.add(() => (probeFails ? Promise.reject(unreadable) : answer('probe')))
  const outcome = (run: () => Promise<string>) => {
    const result = deadline.run(run).then(String, (error: Error) => error.message)
    return vi.advanceTimersByTimeAsync(TIMEOUT_MS).then(() => result)
  }
  expect(await outcome(() => Promise.reject(unreadable))).toBe('unreadable')
  // The same of the error of a call that was given up, and of a probe.
  const late = new Promise<string>((_, reject) => setTimeout(() => reject(unreadable), TIMEOUT_MS + 100))
  expect(await outcome(() => late)).toBe('timeout')
  await vi.advanceTimersByTimeAsync(200)
  expect(await outcome(() => answer('value'))).toBe('circuit-open')
  probeFails = false
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await outcome(() => answer('value'))).toBe('value')
  expect(server.hangs).toBe(false)
})
