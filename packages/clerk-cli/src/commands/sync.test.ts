import { StoreFaultError } from '@acme/clerk-core/store'
import { describe, expect, test } from 'vitest'
import { application, offlineClerk } from '../testing/offline.js'
import { run } from '../testing/run.js'

describe('sync users', () => {
  test('applies every user, and says again that nothing changed', async () => {
    const offline = await offlineClerk()
    const [ada] = [1, 2, 3].map((n) =>
      offline.createUser({ firstName: `P${n}`, emailAddress: [`p${n}@example.com`] }),
    )
    const { config, clerk } = application(offline)
    const first = await run(['sync', 'users', '--all', '--json'], { config })
    expect(first.code).toBe(0)
    expect(first.records.filter(({ type }) => type === 'item')).toHaveLength(3)
    expect(first.records.at(-1)).toMatchObject({
      type: 'summary',
      interrupted: false,
      users: { created: 3, unchanged: 0, failed: 0 },
    })
    expect(await clerk.users.get(ada?.id ?? '')).toMatchObject({ firstName: 'P1' })
    const again = await run(['sync', 'users', '--all'], { config })
    expect(again).toMatchObject({ code: 0, stdout: 'users: 3 unchanged\n' })
    expect(JSON.stringify([first, again])).not.toContain('@example.com')
  })

  test('with --dry-run writes nothing', async () => {
    const offline = await offlineClerk()
    const user = offline.createUser()
    const { config, clerk } = application(offline)
    const { code, stdout, stderr } = await run(['sync', 'users', '--all', '--dry-run'], { config })
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'users: 1 created\n' })
    expect(stderr).toContain('Nothing was written.')
    expect(await clerk.users.get(user.id)).toBeNull()
  })

  test('of an id that Clerk does not have is 1, and an address and a time choose', async () => {
    const offline = await offlineClerk()
    const user = offline.createUser({ emailAddress: ['ada@example.com'] })
    offline.createUser({ emailAddress: ['grace@example.com'] })
    const { config } = application(offline)
    const sync = (...args: string[]) => run(['sync', 'users', ...args], { config })
    expect(await sync('--id', user.id, '--id', 'user_none')).toMatchObject({
      code: 1,
      stdout: 'missing user user_none\nusers: 1 created, 1 missing\n',
    })
    expect(await sync('--email', 'grace@example.com')).toMatchObject({
      code: 0,
      stdout: 'users: 1 created\n',
    })
    expect(await sync('--created-after', '2999-01-01')).toMatchObject({
      code: 0,
      stdout: 'Clerk has none of these.\n',
    })
    expect(await sync('--limit', '1', '--offset', '1')).toMatchObject({
      code: 0,
      stdout: 'users: 1 unchanged\n',
    })
  })

  test('of everything is asked for in so many words', async () => {
    const { code, stderr } = await run(['sync', 'users'], {
      config: application(await offlineClerk()).config,
    })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'error It is not said which ones.\n  Write --all, --id, or another filter.\n',
    })
  })

  test('is 2 where a table is missing, and says it once', async () => {
    const offline = await offlineClerk()
    for (let index = 0; index < 3; index++) offline.createUser()
    const { config, stores } = application(offline)
    const remedy = 'Run the migration of the package.'
    const missing = new StoreFaultError({ fault: 'missing', driverCode: 'P2021', model: 'user', remedy })
    stores.users.applyMany = () => Promise.reject(missing)
    stores.users.apply = () => Promise.reject(missing)
    expect(await run(['sync', 'users', '--all'], { config })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error The database refused a statement on \`user\` (missing, P2021).\n  ${remedy} \`acme-clerk doctor\` shows its statements.\n`,
    })
  })

  test('waits where Clerk says so, and is 2 with a remedy when Clerk is out', async () => {
    const offline = await offlineClerk()
    offline.createUser()
    const { config } = application(offline)
    offline.faults.set('GetUserList', { status: 429, headers: { 'retry-after': '0' }, times: 2 })
    expect(await run(['sync', 'users', '--all'], { config })).toMatchObject({ code: 0 })
    offline.faults.set('*', { status: 401 })
    const { code, stderr } = await run(['sync', 'users', '--all'], { config })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error .*401.*\n {2}Check CLERK_SECRET_KEY/m)
  })
})

test('sync organizations applies members and invitations when they are asked for', async () => {
  const offline = await offlineClerk()
  const user = offline.createUser({ emailAddress: ['ada@example.com'] })
  const acme = offline.createOrganization({ name: 'Acme', createdBy: user.id })
  const { config, clerk } = application(offline)
  expect(await run(['sync', 'organizations', '--all'], { config })).toMatchObject({
    code: 0,
    stdout: 'organizations: 1 created\n',
  })
  expect(await clerk.organizations.getMembership(acme.id, user.id)).toBeNull()
  const { code, records } = await run(
    ['sync', 'organizations', '--id', acme.id, '--members', '--invitations', '--json'],
    { config },
  )
  expect(code).toBe(0)
  expect(records.at(-1)).toMatchObject({
    organizations: { unchanged: 1 },
    memberships: { created: 1 },
    invitations: { created: 0 },
  })
  expect(await clerk.organizations.getMembership(acme.id, user.id)).toMatchObject({ role: 'org:admin' })
})
