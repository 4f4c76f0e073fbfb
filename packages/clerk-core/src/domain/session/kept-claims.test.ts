import { expect, onTestFinished, test } from 'vitest'
import { memorySlot, startInstance, startOffline } from '../../../testing/authority-harness.js'

async function visit(keepClaims: readonly string[], claims: Record<string, unknown>) {
  const offline = await startOffline()
  const { clerk } = startInstance(offline, { session: { keepClaims } })
  const slot = memorySlot()
  const ask = (cookie: string) => clerk.authenticate({ cookie, method: 'GET', session: slot })
  const auth = await ask(`__session=${await offline.token(offline.createUser(), { claims })}`)
  return { offline, slot, ask, auth }
}

test('a session speaks of the claims that were named, and of no other', async () => {
  const { ask, auth } = await visit(['locale', 'absent', '__proto__'], { locale: 'en', tier: 'gold' })
  expect(auth).toMatchObject({ source: 'token', claims: { locale: 'en', tier: 'gold' } })
  const later = await ask('theme=dark')
  expect(later).toMatchObject({ kind: 'user', source: 'session' })
  expect(later.kind === 'user' && later.claims).toEqual({ locale: 'en' })
  expect(later.kind === 'user' && Object.isFrozen(later.claims)).toBe(true)
})

test('without names, and where the token had none of them, there are no claims', async () => {
  for (const names of [[], ['absent']]) {
    const { ask } = await visit(names, { locale: 'en' })
    expect(await ask('theme=dark')).toMatchObject({ source: 'session', claims: undefined })
  }
})

test('claims are kept for window and grace, however often Clerk is asked, and until then age with the token', async () => {
  const { offline, ask } = await visit(['locale'], { locale: 'en' })
  await offline.advance(599_000)
  expect(await ask('theme=dark')).toMatchObject({ source: 'session', claims: { locale: 'en' } })
  await offline.advance(1_000)
  expect(await ask('theme=dark')).toMatchObject({ kind: 'user', source: 'session', claims: undefined })
})

test('has() never answers from kept claims', async () => {
  const { offline, ask } = await visit(['pla', 'fva', 'org_role'], { pla: 'u:pro', fva: [0, 0] })
  await offline.advance(601_000)
  const auth = await ask('theme=dark')
  expect(auth.has({ plan: 'pro' })).toBe(false)
  expect(auth.has({ reverification: 'strict' })).toBe(false)
})

test('more than 1 KB is not kept at all, and a warning says so once, without the claims', async () => {
  const warnings: Error[] = []
  const listen = (warning: Error) => void warnings.push(warning)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  const { offline, ask, slot } = await visit(['blob'], { blob: 'é'.repeat(600) })
  expect(slot.held.record).toMatchObject({ claims: null })
  await offline.advance(200_000)
  await ask(`__session=${await offline.token(offline.createUser(), { claims: { blob: 'x'.repeat(1100) } })}`)
  await new Promise((resolve) => setImmediate(resolve))
  const ours = warnings.filter((warning) => 'code' in warning && warning.code === 'ACME_CLERK_KEEP_CLAIMS')
  expect(ours.map(({ message }) => message)).toEqual([
    'The claims that session.keepClaims names take more than 1024 bytes, and are not kept. Name smaller ones.',
  ])
})
