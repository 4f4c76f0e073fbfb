import { expect, test } from 'vitest'
import { application, offlineClerk } from '../testing/offline.js'
import { run } from '../testing/run.js'

/** One user was banned and one made while no webhook arrived, and one is gone at Clerk. */
async function drifted() {
  const offline = await offlineClerk()
  const [kept, banned, gone] = [1, 2, 3]
    .map(() => offline.createUser({ emailAddress: [] }))
    .map(({ id }) => id)
  const app = application(offline)
  await app.clerk.users.sync()
  offline.banUser(banned ?? '')
  offline.deleteUser(gone ?? '')
  const { id: made } = offline.createUser()
  return { ...app, offline, kept, banned, gone, made }
}

test('says what differs both ways, and changes nothing without --repair', async () => {
  const { config, clerk, banned, gone, made } = await drifted()
  const { code, stdout, stderr } = await run(['reconcile', '--users'], { config })
  expect(code).toBe(1)
  expect(stdout.split('\n').sort()).toEqual(
    [
      '',
      `different user ${banned}: banned`,
      `gone-at-clerk user ${gone}`,
      `missing-here user ${made}`,
      'users: 3 compared, 1 missing here, 1 gone at Clerk, 1 different',
    ].sort(),
  )
  expect(stderr).toContain('Add --repair')
  expect(await clerk.users.get(banned ?? '')).toMatchObject({ banned: false })
  expect(await clerk.users.get(gone ?? '')).toMatchObject({ deletedAt: null })
})

test('with --repair writes it, and is 0 then and afterwards', async () => {
  const { config, clerk, banned, gone, made } = await drifted()
  const { code, records } = await run(['reconcile', '--repair', '--json'], { config })
  expect(records.filter(({ type }) => type === 'item').every(({ repaired }) => repaired)).toBe(true)
  expect(records.at(-1)).toMatchObject({
    type: 'summary',
    repair: true,
    users: { repaired: 3 },
    organizations: { compared: 0 },
    memberships: { compared: 0 },
  })
  expect(code).toBe(0)
  expect(await clerk.users.get(banned ?? '')).toMatchObject({ banned: true })
  expect(await clerk.users.get(gone ?? '')).toMatchObject({ deletedAt: expect.any(Date) })
  expect(await clerk.users.get(made)).not.toBeNull()
})

test('a key of another instance is refused before anything is compared', async () => {
  const { stores, offline } = await drifted()
  const { config } = application(offline, stores)
  const other = await offlineClerk()
  offline.faults.set('GetJWKS', { body: await (await fetch(`${other.url}/.well-known/jwks.json`)).json() })
  const { code, stdout, stderr } = await run(['reconcile', '--repair'], { config })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^error secretKey: .*\n {2}\S/)
})
