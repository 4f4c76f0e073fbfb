import { expect, test } from 'vitest'
import { memorySlot, PAGE, startInstance, startOffline } from '../../../testing/authority-harness.js'
import { makeState } from '../web/request-state.js'
import { signOut } from '../web/sign-out.js'

const never = () => new Promise<never>(() => undefined)

/** A session store behind a silent socket: these methods of its slot never answer. */
async function setUp(...silent: readonly ('read' | 'write' | 'renew' | 'end')[]) {
  const offline = await startOffline()
  const { clerk } = startInstance(offline, { store: { timeoutSeconds: 0.05 } })
  const errors: unknown[] = []
  clerk.observe((event) => event.name === 'session.error' && errors.push(event))
  const ada = offline.createSession(offline.createUser())
  const slot = memorySlot()
  const session = { ...slot, ...Object.fromEntries(silent.map((name) => [name, never])) }
  const ask = (carried: { authorization?: string; cookie?: string }) =>
    clerk.authenticate({ method: 'GET', origin: PAGE, session, ...carried })
  return { offline, clerk, ada, slot, session, ask, errors, token: await offline.token(ada) }
}

test('a request that needs the session is told that it is not known who asks, after store.timeoutSeconds', async () => {
  const { ask, offline, token } = await setUp('read')
  const unavailable = { kind: 'unavailable', reason: 'session-unavailable' }
  expect(await ask({ cookie: 'theme=dark' })).toMatchObject(unavailable)
  await offline.advance(120_000)
  expect(await ask({ cookie: `__session=${token}` })).toMatchObject(unavailable)
})

test('a valid token is answered without the session, and nothing is written', async () => {
  const { ask, token, slot, errors } = await setUp('read')
  const answered = { kind: 'user', source: 'token' }
  expect(await ask({ authorization: `Bearer ${token}` })).toMatchObject(answered)
  expect(await ask({ cookie: `__session=${token}` })).toMatchObject(answered)
  expect(slot.held).toEqual({})
  expect(errors).toEqual([])
})

for (const method of ['write', 'renew'] as const) {
  test(`a sign-in whose ${method} is never answered is told, and the user let in`, async () => {
    const { ask, token, errors } = await setUp(method)
    expect(await ask({ cookie: `__session=${token}` })).toMatchObject({ kind: 'user', source: 'token' })
    expect(errors).toMatchObject([{ operation: 'write', message: 'TimeoutError' }])
  })
}

test('a revoked session that cannot be ended in time is refused all the same', async () => {
  const { ask, clerk, ada, slot, session, token, errors } = await setUp()
  await ask({ cookie: `__session=${token}` })
  expect(slot.held.record).toMatchObject({ sid: ada.id })
  await clerk.signOut(ada.id)
  Object.assign(session, { end: never })
  expect(await ask({ cookie: 'theme=dark' })).toMatchObject({ kind: 'anonymous', reason: 'session-revoked' })
  expect(errors).toMatchObject([{ operation: 'end', message: 'TimeoutError' }])
})

for (const method of ['read', 'end'] as const) {
  test(`signing out answers 503 where ${method} is never answered, and has revoked the session of the token`, async () => {
    const { clerk, session, token, ask } = await setUp(method)
    const auth = await ask({ authorization: `Bearer ${token}` })
    const request = { method: 'POST', url: '/sign-out', origin: PAGE, headers: { origin: PAGE } }
    const state = makeState(clerk as never, auth as never, session, undefined)
    expect(await signOut(clerk as never, request, state)).toMatchObject({ status: 503 })
    const again = await clerk.authenticate({ authorization: `Bearer ${token}` })
    expect(again).toMatchObject({ kind: 'anonymous', reason: 'session-revoked' })
  })
}
