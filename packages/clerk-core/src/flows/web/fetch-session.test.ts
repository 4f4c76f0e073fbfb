import { expect, test } from 'vitest'
import { loadedSession, writableSession } from './fetch-session.js'

const RECORD = { v: 1 } as never
const renewal = (keep: boolean) => ({ keep, marker: {} as never, signal: new AbortController().signal })

function sealed(fields: Record<string, unknown>) {
  const saved: object[] = []
  const session: Record<string, unknown> & { save(): Promise<void> } = Object.assign(
    Object.create({
      async save(this: object) {
        saved.push({ ...this })
      },
    }),
    fields,
  )
  return { session, saved }
}

test('a session is loaded when it is first asked for, and once', async () => {
  let loads = 0
  const slot = loadedSession(() => {
    loads += 1
    return sealed({}).session
  }, false)
  expect(loads).toBe(0)
  await Promise.all([slot.read(), slot.read()])
  expect(loads).toBe(1)
})

test('another person’s sign-in drops what a sealed session held, the same person’s keeps it', async () => {
  for (const keep of [true, false]) {
    const { session, saved } = sealed({ cart: 1 })
    const slot = loadedSession(async () => session, false)
    await slot.renew(renewal(keep))
    await slot.write(RECORD)
    expect(saved).toEqual([keep ? { cart: 1, acmeClerk: RECORD } : { acmeClerk: RECORD }])
    expect(await slot.read()).toBe(RECORD)
  }
})

test('the end drops everything; beside a local user our record alone; without our record nothing', async () => {
  for (const [hasLocalUser, fields, expected] of [
    [false, { cart: 1, acmeClerk: RECORD }, [{}]],
    [true, { cart: 1, acmeClerk: RECORD }, [{ cart: 1 }]],
    [false, { cart: 1 }, []],
  ] as const) {
    const { session, saved } = sealed(fields)
    await loadedSession(async () => session, hasLocalUser).end()
    expect(saved).toEqual(expected)
  }
})

test('where no cookie can be set a session is read, and a renewal says that it was not done', async () => {
  const { session, saved } = sealed({ acmeClerk: RECORD })
  let isWritable = false
  const slot = writableSession(
    loadedSession(async () => session, false),
    () => isWritable,
  )
  expect([await slot.read(), await slot.renew(renewal(false))]).toEqual([RECORD, false])
  await slot.write(RECORD)
  await slot.end()
  expect(saved).toEqual([])
  isWritable = true
  await slot.end()
  expect(saved).toEqual([{}])
})

test('a session that cannot be loaded is one that cannot be read', async () => {
  const slot = loadedSession(() => Promise.reject(new Error('no password')), false)
  await expect(slot.read()).rejects.toThrow('no password')
})
