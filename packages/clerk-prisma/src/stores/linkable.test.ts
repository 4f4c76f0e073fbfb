import { ConfigurationError } from '@acme/clerk-core'
import type { UserSnapshot } from '@acme/clerk-core/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prismaStore } from '../prisma-store.js'
import { createDatabase, engineOf, type TestClient, type TestDatabase } from '../testing/databases.js'
import { accountOptions } from '../testing/stores.js'

let database: TestDatabase
let prisma: TestClient
beforeAll(async () => {
  const created = await createDatabase(engineOf('v7-sqlite'))
  if ('missing' in created) throw new Error(created.missing)
  database = created
  prisma = await database.connect()
})
afterAll(() => database.drop())

const imported = (externalId: string): UserSnapshot => ({
  clerkId: `user_${externalId}`,
  externalId,
  version: 1,
})

test('a named column is compared in place of the id, and must still hold the value when the link is written', async () => {
  const users = { ...accountOptions.users, externalIdColumn: 'note' } as const
  const store = prismaStore(prisma, { ...accountOptions, users }).users
  const row = await prisma.account.create({ data: { plan: 'pro', note: 'Crm-7' } })
  for (const other of [String(row.accountId), 'crm-7', 'Crm-7 ', 'Crm-%'])
    expect(await store.findLinkable({ externalId: other })).toEqual([])
  expect(await store.findLinkable({ externalId: 'Crm-7' })).toMatchObject([
    { id: row.accountId, clerkId: null },
  ])
  const where = { accountId: row.accountId }
  await prisma.account.update({ where, data: { note: 'Crm-8' } })
  expect(await store.link(row.accountId, imported('Crm-7'), 'external-id')).toBeNull()
  const linked = await store.link(row.accountId, imported('Crm-8'), 'external-id')
  expect(linked).toMatchObject({
    id: row.accountId,
    clerkId: 'user_Crm-8',
    note: 'Crm-8',
    externalId: 'Crm-8',
  })
})

test('a named column is found where a field of the contract hides it in the row', async () => {
  const users = { fields: { externalId: 'theme' }, externalIdColumn: 'externalId' } as const
  const store = prismaStore(prisma, { users }).users
  const { id } = await prisma.user.create({ data: { externalId: 'legacy-7' } })
  expect(await store.findLinkable({ externalId: 'legacy-7' })).toMatchObject([{ id, externalId: null }])
  expect(await store.link(id, imported('legacy-7'), 'external-id')).toMatchObject({
    clerkId: 'user_legacy-7',
  })
})

test.each([['version'], ['nothing'], ['deletedAt']])(
  '%s is refused at the start as a named column',
  (column) => {
    expect(() => prismaStore(prisma, { users: { externalIdColumn: column } })).toThrow(ConfigurationError)
  },
)

test('what an Int cannot be finds no row and is no error', async () => {
  const store = prismaStore(prisma, accountOptions).users
  const { accountId } = await prisma.account.create({ data: { plan: 'pro' } })
  for (const other of ['abc', '2147483648', '9999999999999999999999', `0${accountId}`, `${accountId}.0`, ' '])
    expect(await store.findLinkable({ externalId: other })).toEqual([])
  expect(await store.findLinkable({ externalId: String(accountId) })).toHaveLength(1)
})
