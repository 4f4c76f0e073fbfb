import { ConfigurationError, createClerk, fromEnv, memoryStore, withConnection } from '@acme/clerk-core'
import { startClerk } from '@acme/clerk-testing'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { engineOf } from '../testing/databases.js'
import { organizationScope } from './organization-scope.js'
import { createScopeDatabase, MODELS, type ScopeClient, seed } from './testing.js'

const ORIGIN = 'http://localhost:3000'
const offline = await startClerk()
const database = await createScopeDatabase(engineOf('v7-sqlite'))
if ('missing' in database) throw new Error(database.missing)
const prisma = (await database.connect()) as unknown as ScopeClient

const clerkOf = () =>
  createClerk({
    ...fromEnv({ ...offline.env, CLERK_AUTHORIZED_PARTIES: ORIGIN }),
    ...memoryStore(),
  })
const [clerk, other] = [clerkOf(), clerkOf()]
const user = offline.createUser({ firstName: 'Ada' })

const [ours, theirs] = ['Ours', 'Theirs'].map((name) =>
  offline.createOrganization({ name, createdBy: user.id }),
)
const [a, b] = [ours?.id as string, theirs?.id as string]

afterAll(async () => {
  await Promise.all([clerk.close(), other.close(), offline.stop(), database.drop()])
})
beforeEach(async () => {
  await seed(prisma)
  await prisma.note.createMany({
    data: [a, b].map((orgId) => ({ id: `note of ${orgId}`, orgId, title: orgId })),
  })
})

/** As while a request of a member of the organisation is answered by this clerk. */
async function asMemberOf<T>(organization: string | null, call: () => Promise<T>, by = clerk): Promise<T> {
  const session = offline.createSession(user, { organization })
  const { authorization } = await offline.authHeader(session, { azp: ORIGIN })
  const connection = by.watch(await by.authenticate({ authorization }))
  return withConnection(by, connection, call) as Promise<T>
}

describe('organizationScope without an id', () => {
  const db = prisma.$extends(organizationScope({ models: MODELS }))
  const titles = async () => (await db.note.findMany()).map(({ title }) => title)

  test('requests that interleave see and change the rows of their own organisation', async () => {
    const asked = [a, b, a, b, b, a]
    expect(await Promise.all(asked.map((orgId) => asMemberOf(orgId, titles)))).toEqual(
      asked.map((orgId) => [orgId]),
    )
    const write = () =>
      db.$transaction(async (tx) => {
        await tx.note.create({ data: { id: 'written', orgId: a, title: 'written' } })
        return tx.note.count()
      })
    expect(await asMemberOf(a, write)).toBe(2)
    await expect(asMemberOf(b, write)).rejects.toMatchObject({ code: 'organization-scope' })
    await asMemberOf(b, () => db.note.deleteMany())
    expect(await prisma.note.count({ where: { orgId: a } })).toBe(2)
    expect(await prisma.note.count({ where: { orgId: b } })).toBe(0)
  })

  test('of two clerks it has to be told whose requests count', async () => {
    const named = prisma.$extends(organizationScope({ models: MODELS, clerk: other }))
    const both = <T>(call: () => Promise<T>) => asMemberOf(a, () => asMemberOf(b, call, other))
    expect(await both(() => named.note.findMany())).toMatchObject([{ orgId: b }])
    await expect(both(titles)).rejects.toMatchObject({ code: 'clerk-not-named' })
  })

  test('outside a request every operation refuses', async () => {
    await expect(db.note.findMany()).rejects.toMatchObject({ code: 'no-current-auth' })
    await expect(db.note.deleteMany()).rejects.toMatchObject({ code: 'no-current-auth' })
  })

  test('in a request without an organisation every operation refuses', async () => {
    await expect(asMemberOf(null, titles)).rejects.toMatchObject({
      code: 'organization-required',
      status: 403,
    })
  })

  test('what is declared is checked at once', () => {
    const wrong = { note: { tenant: 'organisation' } }
    expect(() => prisma.$extends(organizationScope({ models: wrong as never }))).toThrow(ConfigurationError)
    const unnamed = { models: MODELS, clerk: undefined } as never
    expect(() => prisma.$extends(organizationScope(unnamed))).toThrow(ConfigurationError)
  })

  test('undefined is no organisation', () => {
    expect(() => organizationScope(undefined as never, { models: MODELS })).toThrow(/orgId/)
    expect(() => organizationScope(undefined as never)).toThrow(/orgId/)
  })
})
