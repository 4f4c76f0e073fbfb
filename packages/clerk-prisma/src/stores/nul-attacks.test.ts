import { afterAll, describe, expect, test } from 'vitest'
import { prismaStore } from '../prisma-store.js'
import { createDatabase, ENGINES, type TestClient } from '../testing/databases.js'
import { aUser } from '../testing/snapshots.js'

const open = (prisma: TestClient) => prismaStore(prisma)

for (const engine of ENGINES.filter(({ client }) => client.startsWith('v7'))) {
  const database = await createDatabase(engine)
  // Which databases there have to be is the conformance tests' business.
  if ('missing' in database) continue
  const stores = open(await database.connect())

  describe(`a text with a NUL on ${engine.title}`, () => {
    afterAll(() => database.drop())

    test.each(['email', 'firstName', 'username', 'externalId'])('in %s is no outage', async (column) => {
      await expectNoOutage(() =>
        stores.users.apply(aUser({ clerkId: `user_${column}`, [column]: 'a\u0000b@example.com' })),
      )
    })

    test.each<[string, () => Promise<unknown>]>([
      ['an address that is looked for', () => stores.users.findLinkable({ email: 'a\u0000b@example.com' })],
      ['the id of a user', () => stores.users.findByClerkId('user_\u0000')],
      [
        'the id of an organisation, which a header names',
        () => stores.organizations.findMembership('org_\u0000', 'user_1'),
      ],
      [
        'metadata',
        () => stores.users.apply(aUser({ clerkId: 'user_m', publicMetadata: { 'a\u0000': 'b\u0000' } })),
      ],
    ])('in %s is no outage either', async (_name, ask) => {
      await expectNoOutage(ask)
    })
  })
}

/** An outage is answered 503 and tried again for ever, an error that is none of the store's 500. */
async function expectNoOutage(ask: () => Promise<unknown>): Promise<void> {
  const error = await ask().then(
    () => null,
    (reason: unknown) => reason as Error,
  )
  expect(error === null || error.name === 'StoreInputError', String(error)).toBe(true)
}
