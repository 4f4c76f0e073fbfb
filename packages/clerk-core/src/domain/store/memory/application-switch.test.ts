import { describe, expect, test } from 'vitest'
import { startInstance, startOffline } from '../../../../testing/authority-harness.js'

describe('the application’s own switch', () => {
  test('stays off when the user edits a name', async () => {
    const offline = await startOffline()
    const { clerk, stores, deliver } = startInstance(offline)
    const { id } = offline.createUser({ firstName: 'Ada' })
    await deliver()
    const row = await stores.users.findByClerkId(id)
    await stores.users.update(row!.id, { isActive: false })
    await clerk.users.forget(id)
    await offline.advance(1_000)
    offline.updateUser(id, { firstName: 'Augusta' })
    await deliver()
    expect(await stores.users.findByClerkId(id)).toMatchObject({ firstName: 'Augusta', isActive: false })
    expect(await clerk.authenticate(await offline.authHeader(id))).toMatchObject({ reason: 'user-inactive' })
  })

  test('is not what a ban sets, so that an unban does not switch on', async () => {
    const offline = await startOffline()
    const { stores, deliver } = startInstance(offline)
    const { id } = offline.createUser()
    await deliver()
    const row = await stores.users.findByClerkId(id)
    await stores.users.update(row!.id, { isActive: false })
    for (const change of [offline.banUser, offline.unbanUser]) {
      await offline.advance(1_000)
      change(id)
      await deliver()
    }
    expect(await stores.users.findByClerkId(id)).toMatchObject({ banned: false, isActive: false })
  })

  test('is off for linking too: a row that is switched off is neither taken nor switched on', async () => {
    const offline = await startOffline()
    const { stores, deliver } = startInstance(offline, { linking: 'verified-email' })
    const row = await stores.users.create({ email: 'ada@example.com', emailVerified: true, isActive: false })
    const { id } = offline.createUser({ emailAddress: ['ada@example.com'] })
    await deliver()
    const rows = await stores.users.all()
    expect(rows.find((one) => one.id === row.id)).toMatchObject({ clerkId: null, isActive: false })
    expect(rows.find((one) => one.clerkId === id)).toBeDefined()
  })
})

test('a user whom a directory has withdrawn is as if banned', async () => {
  const offline = await startOffline()
  const { clerk, deliver } = startInstance(offline)
  const { id } = offline.createUser()
  const header = await offline.authHeader(id)
  await deliver()
  await offline.advance(1_000)
  offline.webhooks.send('user.updated', {
    ...offline.getUser(id),
    deprovisioned: true,
    updated_at: offline.now(),
  })
  await deliver()
  expect(await clerk.authenticate(header)).toMatchObject({ kind: 'anonymous', reason: 'user-inactive' })
})
