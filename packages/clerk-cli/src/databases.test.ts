import { createClerk, fromEnv } from '@acme/clerk-core'
import { mongoStore } from '@acme/clerk-mongo'
import { prismaStore } from '@acme/clerk-prisma'
import type { OfflineClerk } from '@acme/clerk-testing'
import { describeWith } from '@acme/tools/services/vitest'
import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import type { ConfiguredClerk } from './config/define-config.js'
import { envOf, offlineClerk } from './testing/offline.js'
import { postgresTables } from './testing/postgres.js'
import { run } from './testing/run.js'

const USERS = 620

/** Sync, drift, reconciliation, and again: the same on every database. */
async function bringTogether(offline: OfflineClerk, clerk: () => ConfiguredClerk): Promise<void> {
  const ids = Array.from({ length: USERS }, () => offline.createUser().id)
  const [banned = '', gone = '', admin = ''] = ids
  const acme = offline.createOrganization({ name: 'Acme', createdBy: admin })
  const command = async (...args: string[]) => {
    const ran = await run([...args, '--json'], { config: { clerk } })
    return { code: ran.code, summary: ran.records.at(-1) }
  }
  // Clerk answers once that there were too many requests, and once not at all.
  offline.faults.set('GetUserList', { status: 429, headers: { 'retry-after': '0' }, times: 1 })
  expect(await command('sync', 'users', '--all')).toMatchObject({
    code: 0,
    summary: { users: { created: USERS } },
  })
  offline.faults.set('GetUserList', { down: true, times: 1 })
  expect(await command('sync', 'users', '--all')).toMatchObject({
    code: 0,
    summary: { users: { unchanged: USERS } },
  })
  expect(await command('sync', 'organizations', '--all', '--members')).toMatchObject({
    code: 0,
    summary: { organizations: { created: 1 }, memberships: { created: 1 } },
  })
  expect(await command('reconcile')).toMatchObject({ code: 0, summary: { users: { compared: USERS } } })

  offline.banUser(banned)
  offline.deleteUser(gone)
  offline.createUser()
  offline.addMember(acme, ids[3] ?? '')
  expect(await command('reconcile')).toMatchObject({
    code: 1,
    summary: {
      users: { missingHere: 1, goneAtClerk: 1, different: 1, repaired: 0 },
      memberships: { missingHere: 1, repaired: 0 },
    },
  })
  expect(await command('reconcile', '--repair')).toMatchObject({
    code: 0,
    summary: { users: { repaired: 3 } },
  })
  expect(await command('reconcile')).toMatchObject({
    code: 0,
    summary: { users: { missingHere: 0, goneAtClerk: 0, different: 0 } },
  })
  const reader = clerk()
  expect(await reader.users.get(banned)).toMatchObject({ banned: true })
  expect(await reader.users.get(gone)).toMatchObject({ deletedAt: expect.any(Date) })
  await reader.close()
}

await describeWith('postgres', 'on PostgreSQL', (server) => {
  test('rows and Clerk are brought together', async () => {
    const offline = await offlineClerk()
    const database = await server.createDatabase('cli')
    const prisma = await postgresTables(database.url)
    try {
      await bringTogether(offline, () =>
        createClerk(fromEnv(envOf(offline)), prismaStore(prisma), { logger: false }),
      )
    } finally {
      await prisma.$disconnect()
      await database.drop()
    }
  })
})

await describeWith('mongodb', 'on MongoDB', (server) => {
  test('rows and Clerk are brought together', async () => {
    const offline = await offlineClerk()
    const database = await server.createDatabase('cli')
    const client = new MongoClient(database.url)
    const store = mongoStore(client.db())
    await store.ensureIndexes()
    try {
      await bringTogether(offline, () => createClerk(fromEnv(envOf(offline)), store, { logger: false }))
    } finally {
      await client.close()
      await database.drop()
    }
  })
})
