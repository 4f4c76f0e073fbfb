import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { assertBatchesAreSingles } from '../testing/batches.js'
import { assertSyncSurvivesCrashes } from '../testing/sync-crashes.js'
import { createClerk } from './create-clerk.js'
import type { Drift, SyncedRow } from './domain/backend-api/bulk.js'
import type { NewChange } from './domain/store/inbox.js'
import type { MemoryMembership } from './domain/store/memory/memory-organizations.js'
import { memoryStore } from './domain/store/memory/memory-store.js'
import type { MemoryUser } from './domain/store/memory/memory-users.js'
import { ConfigurationError, StoreFaultError, StoreUnavailableError } from './ground/errors.js'
import type { ClerkOptions } from './options.js'

let offline: OfflineClerk
beforeAll(async () => {
  offline = await startClerk()
})
afterAll(() => offline.stop())
beforeEach(() => offline.reset())

function application(
  options: Partial<ClerkOptions<MemoryUser, MemoryMembership>> = {},
  stores = memoryStore(),
) {
  const { url, secretKey, publishableKey } = offline
  const changes: NewChange[] = []
  const { append } = stores.inbox
  stores.inbox.append = (change) => {
    changes.push(change)
    return append(change)
  }
  const clerk = createClerk(
    {
      ...{ secretKey, publishableKey, apiUrl: url, authorizedParties: 'any', logger: false },
      // The gate of a key is shared by all who have it: no test waits for the calls of another.
      api: { requestsPer10Seconds: 1_000_000, concurrency: 8 },
      ...options,
    },
    stores,
  )
  return { clerk, stores, changes }
}

const people = (count: number) =>
  Array.from({ length: count }, (_, n) => offline.createUser({ emailAddress: [`person${n}@example.com`] }))

const NONE = { created: 0, updated: 0, unchanged: 0, stale: 0, linked: 0, missing: 0, failed: 0 }

describe('clerk.users.sync', () => {
  it('applies every user of Clerk in pages of 500, and says what became of each', async () => {
    const all = people(1_203)
    const { clerk, stores, changes } = application()
    const before = offline.requests.length
    const rows: SyncedRow[] = []
    const progress: unknown[] = []
    const result = await clerk.users.sync({
      onRow: (row) => rows.push(row),
      onProgress: (step) => progress.push(step),
    })
    expect(result).toEqual({ ...NONE, created: 1_203, complete: true })
    expect(rows.map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort())
    expect(progress.at(-1)).toEqual({ done: 1_203, total: 1_203 })
    // Two key sets, one count, and pages that overlap by one.
    expect(offline.requests.length - before).toBeLessThanOrEqual(3 + 4)
    expect(await stores.users.all()).toHaveLength(1_203)
    // Nothing that another process could have cached.
    expect(changes).toEqual([])

    expect(await clerk.users.sync()).toEqual({ ...NONE, unchanged: 1_203, complete: true })
  })

  it('tells what it changed, and a ban before the row of the banned user is written', async () => {
    const [first, second, third] = people(3)
    const { clerk, stores } = application()
    await clerk.users.sync()
    await offline.advance(1_000)
    offline.updateUser(first as never, { firstName: 'Ada' })
    offline.banUser(second as never)
    const steps: string[] = []
    const { append } = stores.inbox
    stores.inbox.append = (change) => {
      steps.push(`log ${change.type} ${change.narrows === second?.id ? 'narrows' : ''}`.trim())
      return append(change)
    }
    const { applyMany } = stores.users
    stores.users.applyMany = (snapshots) => {
      steps.push('rows')
      return applyMany(snapshots)
    }
    expect(await clerk.users.sync()).toEqual({ ...NONE, updated: 2, unchanged: 1, complete: true })
    expect(steps).toEqual(['log user.forgotten narrows', 'rows', 'log user.forgotten', 'log user.forgotten'])
    expect(await clerk.users.get(second?.id ?? '')).toMatchObject({ banned: true })
    expect(await clerk.users.get(third?.id ?? '')).toMatchObject({ banned: false })
    // The row says it: nothing is narrowed any more.
    steps.length = 0
    await clerk.users.sync()
    expect(steps).toEqual(['rows'])
  })

  it('tells what it has written when a callback, or an outage in the middle of a batch, ends it', async () => {
    const all = people(4)
    const { clerk, stores, changes } = application()
    await clerk.users.sync()
    const rename = async () => {
      await offline.advance(1_000)
      for (const user of all)
        offline.updateUser(user as never, { firstName: `Ada ${offline.requests.length}` })
      changes.length = 0
    }
    const told = () => changes.map(({ type, subjects }) => `${type} ${subjects[0]}`)
    const forgotten = (users: typeof all) => users.map(({ id }) => `user.forgotten ${id}`)
    await rename()
    const stopped = clerk.users.sync({
      onRow: () => {
        throw new Error('enough')
      },
    })
    await expect(stopped).rejects.toThrow('enough')
    expect(told().sort()).toEqual(forgotten(all).sort())

    await rename()
    const { apply } = stores.users
    stores.users.applyMany = () => Promise.reject(new Error('one of them is wrong'))
    const written: string[] = []
    stores.users.apply = async (snapshot) => {
      if (written.length === 2) throw new StoreUnavailableError('down')
      written.push(snapshot.clerkId)
      return apply(snapshot)
    }
    await expect(clerk.users.sync()).rejects.toThrow(StoreUnavailableError)
    expect(told()).toEqual(written.map((id) => `user.forgotten ${id}`))
    expect(told()).toHaveLength(2)
  })

  it('a ban whose row cannot be written is in effect all the same', async () => {
    const [user] = people(1)
    const { clerk, stores } = application()
    await clerk.users.sync()
    const { authorization } = await offline.authHeader(user as never)
    expect(await clerk.authenticate({ authorization })).toMatchObject({ kind: 'user' })
    await offline.advance(1_000)
    offline.banUser(user as never)
    stores.users.applyMany = () => Promise.reject(new StoreUnavailableError('down'))
    await expect(clerk.users.sync()).rejects.toThrow(StoreUnavailableError)
    expect(await clerk.authenticate({ authorization })).toMatchObject({ reason: 'user-inactive' })
  })

  it('reads a part: by id, by address, by age, from one to another', async () => {
    const all = people(5)
    await offline.advance(60_000)
    const late = offline.createUser({ emailAddress: ['late@example.com', 'second@example.com'] })
    const { clerk, stores } = application()
    const ids = async () => (await stores.users.all()).map(({ clerkId }) => clerkId)
    const { id: one } = all[0] as { id: string }
    expect(await clerk.users.sync({ id: [one, 'user_unknown', one] })).toEqual({
      ...{ ...NONE, created: 1, missing: 1, complete: true },
    })
    expect(await ids()).toEqual([one])
    await clerk.users.sync({ email: 'second@example.com' })
    expect(await ids()).toEqual([one, late.id])
    expect(await clerk.users.sync({ createdAfter: new Date(late.created_at - 1) })).toMatchObject({
      ...{ created: 0, unchanged: 1 },
    })
    await clerk.users.sync({ offset: 2, limit: 2 })
    expect(await ids()).toEqual([one, late.id, all[2]?.id, all[3]?.id])
    expect(await clerk.users.sync({ limit: 0 })).toEqual({ ...NONE, complete: true })
    await expect(clerk.users.sync({ limit: 1.5 })).rejects.toThrow('limit must be a whole number')
    await expect(clerk.users.sync({ createdAfter: new Date('x') })).rejects.toThrow('createdAfter')
  })

  it('says in a dry run what it would do, linking included, and writes nothing', async () => {
    const [known, changed, local] = people(4)
    const { clerk, stores } = application({ linking: 'verified-email' })
    await clerk.users.sync({ id: [known, changed].map((user) => user?.id ?? '') })
    await stores.users.create({ email: 'Person2@example.com', emailVerified: true })
    await offline.advance(1_000)
    offline.updateUser(changed as never, { lastName: 'Lovelace' })
    const before = await stores.users.all()
    const outcomes = { ...NONE, created: 1, updated: 1, unchanged: 1, linked: 1, complete: true }
    expect(await clerk.users.sync({ dryRun: true })).toEqual(outcomes)
    expect(await stores.users.all()).toEqual(before)
    expect(await clerk.users.sync()).toEqual(outcomes)
    expect(await clerk.users.get(local?.id ?? '')).toMatchObject({ email: 'person2@example.com' })
    expect(await stores.users.all()).toHaveLength(4)
  })

  it('counts a row that the store refuses, and goes on with the others', async () => {
    const [, broken] = people(3)
    const { clerk, stores } = application()
    const { apply, applyMany } = stores.users
    const refuse = <S extends { clerkId: string }>(snapshots: readonly S[]) => {
      if (snapshots.some(({ clerkId }) => clerkId === broken?.id)) throw new RangeError('no such value')
    }
    stores.users.applyMany = async (snapshots) => {
      refuse(snapshots)
      return applyMany(snapshots)
    }
    stores.users.apply = async (snapshot) => {
      refuse([snapshot])
      return apply(snapshot)
    }
    const failed: SyncedRow[] = []
    const result = await clerk.users.sync({
      onRow: (row) => row.outcome === 'failed' && failed.push(row),
    })
    expect(result).toEqual({ ...NONE, created: 2, failed: 1, complete: true })
    expect(failed).toEqual([{ kind: 'user', id: broken?.id, outcome: 'failed', error: 'RangeError' }])
  })

  it('stops at its signal, and what a callback throws ends it', async () => {
    people(900)
    const { clerk, stores } = application()
    const stop = new AbortController()
    const result = await clerk.users.sync({
      signal: stop.signal,
      onProgress: ({ done }) => done >= 400 && stop.abort(),
    })
    expect(result).toEqual({ ...NONE, created: 400, complete: false })
    expect(await stores.users.all()).toHaveLength(400)
    const onRow = () => Promise.reject(new Error('the disk is full'))
    await expect(clerk.users.sync({ onRow })).rejects.toThrow('the disk is full')
    expect(await clerk.users.sync()).toMatchObject({ complete: true })
    expect(await stores.users.all()).toHaveLength(900)
  })

  it('stops at its signal while Clerk lets it wait, before the first row', async () => {
    people(1)
    for (const path of ['/v1/jwks', '/v1/users/count', '/v1/users?'])
      for (const operation of ['sync', 'reconcile'] as const) {
        const stop = new AbortController()
        const { clerk, stores } = application({
          fetch(url, init) {
            if (!String(url).includes(path)) return fetch(url, init)
            stop.abort()
            return new Promise(() => undefined)
          },
        })
        const options = { signal: stop.signal, onProgress: () => undefined }
        expect(await clerk.users[operation](options), `${operation} at ${path}`).toMatchObject({
          complete: false,
        })
        expect(await stores.users.all()).toEqual([])
      }
  })

  it('ends at what concerns every row, as a table that is missing does, and says what to do', async () => {
    const [creator] = people(3)
    const missing = new StoreFaultError({
      ...{
        fault: 'missing',
        driverCode: 'P2021',
        model: 'user',
        remedy: 'Run the migration of the package.',
      },
    })
    const { clerk, stores } = application()
    stores.users.applyMany = () => Promise.reject(missing)
    stores.users.apply = () => Promise.reject(missing)
    stores.organizations.applyOrganization = () => Promise.reject(missing)
    const told: SyncedRow[] = []
    const options = { onRow: (row: SyncedRow) => told.push(row) }
    await expect(clerk.users.sync(options)).rejects.toThrow('Run the migration')
    offline.createOrganization({ name: 'Acme', createdBy: creator?.id ?? '' })
    await expect(clerk.organizations.sync(options)).rejects.toThrow('Run the migration')
    expect(told).toEqual([])
  })

  it('refuses the secret key of another instance', async () => {
    await using other = await startClerk()
    people(1)
    const { clerk, stores } = application({ publishableKey: other.publishableKey })
    for (const call of [
      clerk.users.sync,
      clerk.organizations.sync,
      clerk.users.reconcile,
      clerk.organizations.reconcile,
    ])
      await expect(call()).rejects.toThrow(ConfigurationError)
    expect(await stores.users.all()).toEqual([])
  })
})

describe('clerk.users.reconcile', () => {
  it('finds what differs both ways, writes nothing, and repairs it when it is asked to', async () => {
    const all = people(14)
    const { clerk, stores, changes } = application()
    await clerk.users.sync()
    const [renamed, banned, gone, resurrected] = all.map(({ id }) => id) as [string, string, string, string]
    await offline.advance(1_000)
    offline.updateUser(renamed, { firstName: 'Ada' })
    offline.banUser(banned)
    offline.deleteUser(gone)
    const { id: added } = offline.createUser({ emailAddress: ['new@example.com'] })
    await stores.users.remove(resurrected, 1)
    const before = await stores.users.all()
    const drifts: Drift[] = []
    const onDrift = (drift: Drift) => drifts.push(drift)
    const found = { compared: 14, missingHere: 1, goneAtClerk: 1, different: 2, deletedHere: 1 }
    expect(await clerk.users.reconcile({ onDrift })).toEqual({
      ...found,
      ...{ repaired: 0, left: 0, leftBecause: null, complete: true },
    })
    expect(await stores.users.all()).toEqual(before)
    const expected = [
      [renamed, 'different', ['firstName']],
      [banned, 'different', ['banned']],
      [resurrected, 'deleted-here', []],
      [added, 'missing-here', []],
      [gone, 'gone-at-clerk', []],
    ]
    const seen = () => drifts.map(({ id, drift, fields }) => [id, drift, fields])
    expect(seen()).toEqual(expected)
    expect(drifts.some(({ repaired }) => repaired)).toBe(false)

    drifts.length = 0
    expect(await clerk.users.reconcile({ onDrift, repair: true })).toMatchObject({ ...found, repaired: 4 })
    expect(seen()).toEqual(expected)
    expect(drifts.filter(({ repaired }) => !repaired).map(({ id }) => id)).toEqual([resurrected])
    expect(await clerk.users.get(renamed)).toMatchObject({ firstName: 'Ada' })
    expect(await clerk.users.get(banned)).toMatchObject({ banned: true })
    expect((await clerk.users.get(gone))?.deletedAt).not.toBeNull()
    const narrowed = changes.filter(({ narrows }) => narrows !== null)
    expect(narrowed.map(({ type, narrows }) => [type, narrows])).toEqual([
      ['user.forgotten', banned],
      ['user.ended', gone],
    ])
    expect(await clerk.users.reconcile()).toMatchObject({ different: 0, goneAtClerk: 0, missingHere: 0 })
  })

  it('ends nobody when more than a tenth is missing, unless it is forced to', async () => {
    const all = people(40)
    const { clerk, stores } = application()
    await clerk.users.sync()
    for (const { id } of all.slice(0, 20)) offline.deleteUser(id)
    const living = async () => (await stores.users.all()).filter(({ deletedAt }) => deletedAt === null).length
    expect(await clerk.users.reconcile({ repair: true })).toMatchObject({
      ...{ goneAtClerk: 20, left: 20, leftBecause: 'too-many-missing', repaired: 0 },
    })
    expect(await living()).toBe(40)
    expect(await clerk.users.reconcile({ repair: true, force: true })).toMatchObject({
      ...{ goneAtClerk: 20, left: 0, repaired: 20 },
    })
    expect(await living()).toBe(20)
  })

  it('ends nobody when it is stopped before the listing is complete, nor when a page fails', async () => {
    people(900)
    const { clerk, stores } = application()
    await clerk.users.sync({ limit: 600 })
    await stores.users.apply({ clerkId: 'user_gone', email: null, version: 5 })
    const stop = new AbortController()
    const compared = await clerk.users.reconcile({
      ...{ repair: true, force: true, signal: stop.signal },
      onProgress: ({ done }) => done > 0 && stop.abort(),
    })
    expect(compared).toMatchObject({ compared: 500, goneAtClerk: 0, complete: false })
    let pages = 0
    const failing = application(
      {
        fetch: (url, init) =>
          String(url).includes('/v1/users?') && ++pages === 2
            ? Promise.resolve(new Response('{"errors":[{"code":"x"}]}', { status: 422 }))
            : fetch(url, init),
      },
      stores,
    )
    await expect(failing.clerk.users.reconcile({ repair: true, force: true })).rejects.toThrow('422')
    expect((await stores.users.findByClerkId('user_gone'))?.deletedAt).toBeNull()
  })

  it('needs a store that can list its rows', async () => {
    const stores = memoryStore()
    const { list: _, ...users } = stores.users
    const { clerk } = application({}, { ...stores, users: users as typeof stores.users })
    await expect(clerk.users.reconcile()).rejects.toThrow('`list`')
  })
})

describe('clerk.organizations', () => {
  function companies() {
    const [owner, member, guest] = people(3).map(({ id }) => id) as [string, string, string]
    const { id: acme } = offline.createOrganization({ name: 'Acme', createdBy: owner })
    const { id: other } = offline.createOrganization({ name: 'Other', createdBy: owner })
    offline.addMember(acme, member, 'org:admin')
    offline.addMember(other, guest, 'org:member')
    return { owner, member, guest, acme, other }
  }

  it('sync reads organisations, members, roles and invitations', async () => {
    const { acme, other } = companies()
    offline.inviteMember(acme, 'invited@example.com')
    const { clerk, stores } = application()
    expect(await clerk.organizations.sync({ dryRun: true, members: true, invitations: true })).toMatchObject({
      organizations: { created: 2 },
      memberships: { created: 4 },
      invitations: { created: 1 },
      complete: true,
    })
    expect((await stores.organizations.all()).organizations).toEqual([])
    expect(await clerk.organizations.sync()).toMatchObject({
      organizations: { created: 2 },
      memberships: NONE,
    })
    expect(await clerk.organizations.sync({ id: [acme, 'org_unknown'], members: true })).toMatchObject({
      organizations: { unchanged: 1, missing: 1 },
      memberships: { created: 2 },
    })
    expect(await clerk.organizations.sync({ members: true, invitations: true })).toMatchObject({
      organizations: { unchanged: 2 },
      memberships: { created: 2, unchanged: 2 },
      invitations: { created: 1 },
      roles: { unchanged: 2 },
      complete: true,
    })
    expect(await stores.organizations.listMemberships({ orgId: other })).toHaveLength(2)
  })

  it('sync tells a demotion before its row is written', async () => {
    const { acme, member } = companies()
    const { clerk, stores, changes } = application()
    await clerk.organizations.sync({ members: true })
    await offline.advance(1_000)
    offline.updateMembership(acme, member, 'org:member')
    const { applyMembership } = stores.organizations
    stores.organizations.applyMembership = (snapshot) =>
      snapshot.userId === member
        ? Promise.reject(new StoreUnavailableError('down'))
        : applyMembership(snapshot)
    await expect(clerk.organizations.sync({ members: true })).rejects.toThrow(StoreUnavailableError)
    expect(changes.at(-1)).toMatchObject({ narrows: `${acme}:${member}` })
  })

  it('reconcile finds and repairs what differs in organisations, members and roles', async () => {
    const { acme, other, member, guest } = companies()
    const { clerk } = application()
    await clerk.organizations.sync({ members: true })
    await offline.advance(1_000)
    offline.updateMembership(acme, member, 'org:member')
    offline.removeMember(other, guest)
    offline.updateOrganization(other, { name: 'Otherwise' })
    const drifts: Drift[] = []
    const onDrift = (drift: Drift) => drifts.push(drift)
    const seen = () =>
      drifts.map(({ kind, drift, orgId, userId, fields }) => [kind, drift, orgId, userId, [...fields].sort()])
    const expected = [
      ['organization', 'different', null, null, expect.arrayContaining(['name'])],
      ['membership', 'different', acme, member, expect.arrayContaining(['role'])],
      ['membership', 'gone-at-clerk', other, guest, []],
    ]
    const found = await clerk.organizations.reconcile({ memberships: true, onDrift })
    expect(seen()).toEqual(expected)
    expect(found).toMatchObject({
      organizations: { compared: 2, different: 1, repaired: 0 },
      memberships: { different: 1, goneAtClerk: 1, repaired: 0 },
      complete: true,
    })
    expect(await clerk.organizations.getMembership(acme, member)).toMatchObject({ role: 'org:admin' })
    drifts.length = 0
    await clerk.organizations.reconcile({ memberships: true, repair: true, onDrift })
    expect(seen()).toEqual(expected)
    expect(drifts.every(({ repaired }) => repaired)).toBe(true)
    expect(await clerk.organizations.getMembership(acme, member)).toMatchObject({ role: 'org:member' })
    expect((await clerk.organizations.getMembership(other, guest))?.deletedAt).not.toBeNull()
    drifts.length = 0
    await clerk.organizations.reconcile({ memberships: true, onDrift })
    expect(drifts).toEqual([])
  })

  it('reconcile ends organisations that Clerk no longer has', async () => {
    const { acme, other, member } = companies()
    const { clerk } = application()
    await clerk.organizations.sync({ members: true })
    offline.deleteOrganization(acme)
    expect(await clerk.organizations.reconcile({ repair: true })).toMatchObject({
      organizations: { goneAtClerk: 1, repaired: 1 },
      memberships: { compared: 0 },
    })
    expect((await clerk.organizations.get(acme))?.deletedAt).not.toBeNull()
    expect((await clerk.organizations.getMembership(acme, member))?.deletedAt).not.toBeNull()
    expect((await clerk.organizations.get(other))?.deletedAt).toBeNull()
  })
})

describe('a sync', () => {
  it('ends in the rows that single applies make, whatever is in a batch', async () => {
    const emptyUsers = async () => memoryStore({ unique: ['email', 'username'] }).users
    await assertBatchesAreSingles({ emptyUsers })
  })

  it('that is ended anywhere and begun anew ends right, while webhooks arrive', async () => {
    for (const kills of [[0], [1, 2], [3, 1, 4]])
      await assertSyncSurvivesCrashes({ stores: memoryStore(), users: 500, kills })
  }, 120_000)
})
