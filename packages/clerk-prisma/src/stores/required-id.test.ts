import { expect, test } from 'vitest'
import { prismaStore } from '../prisma-store.js'
import { applySql } from '../testing/databases.js'
import { describeEngines } from '../testing/describe-engines.js'

const GUESTS = {
  model: 'guest',
  fields: {
    ...{ username: null, phone: null, firstName: null, lastName: null, imageUrl: null },
    ...{ publicMetadata: null, clerkCreatedAt: null, lastSignInAt: null, lastActiveAt: null },
  },
} as const

const snapshot = (clerkId: string, version = 1) => ({ clerkId, version, externalId: `of ${clerkId}` })

await describeEngines('a model whose clerkId is required', (_engine, database) => {
  const open = async () => {
    const prisma = await database.connect()
    await prisma.guest.deleteMany()
    return { prisma, users: prismaStore(prisma, { users: GUESTS }).users }
  }

  test('has rows, deletions and purges like any other, and no row that could be linked', async () => {
    const { prisma, users } = await open()
    const email = 'ada@example.com'
    await users.applyMany([snapshot('user_1'), snapshot('user_2')])
    await users.apply({ ...snapshot('user_1', 2), email })
    // The address changes hands: its row and its new one are both Clerk's.
    await users.apply({ ...snapshot('user_2', 3), email, emailVerified: true })
    expect(await users.remove('user_3', 5)).toMatchObject({ clerkId: 'user_3' })
    expect(await users.findLinkable({ email })).toEqual([])
    expect(await users.findLinkable({ externalId: 'of user_1' })).toEqual([])
    const [row] = await prisma.guest.findMany({ where: { clerkId: 'user_1' } })
    for (const by of ['verified-email', 'external-id'] as const)
      expect(await users.link(row?.id ?? '', { ...snapshot('user_4'), email }, by)).toBeNull()
    expect(await users.purge(10)).toBe(1)
    expect((await users.list({ after: null, limit: 10 })).map(({ clerkId }) => clerkId)).toEqual([
      'user_1',
      'user_2',
      'user_3',
    ])
  })

  test('is no fault, unless rows are to be linked: then it says what to do', async () => {
    const { prisma, users } = await open()
    expect(await users.inspect()).toEqual([])
    expect(await users.inspect({ linking: false })).toEqual([])
    const [found, ...others] = await users.inspect({ linking: true })
    expect(others).toEqual([])
    expect(found).toMatchObject({
      severity: 'error',
      message: '`guest.clerkId` is required: no row is without a Clerk id, so none is ever linked.',
      remedy: expect.stringMatching(
        /^Set `linking` to 'off', or .*`clerkId String\?`.*let the column be empty: /,
      ),
    })
    // Its statement works, and the schema of the client is told of still.
    await applySql(prisma, found?.remedy.replace(/^.*let the column be empty: /, '') ?? '')
    expect(await users.inspect({ linking: true })).toMatchObject([
      { remedy: expect.stringMatching(/^Set `linking` to 'off', or make the field .*`clerkId String\?`\)$/) },
    ])
  })
})
