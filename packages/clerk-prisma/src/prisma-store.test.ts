import { ConfigurationError } from '@acme/clerk-core'
import { expect, test } from 'vitest'
import { prismaStore } from './prisma-store.js'
import { describeEngines } from './testing/describe-engines.js'
import { aMembership, anEvent, anOrganization, aUser, T } from './testing/snapshots.js'
import { accountOptions, SHAPES, type Shape } from './testing/stores.js'

const shapes = Object.keys(SHAPES) as Shape[]

await describeEngines('prismaStore', (engine, database) => {
  test('a row has the columns of the application, synced ones under both names', async () => {
    const prisma = await database.connect()
    const { users } = prismaStore(prisma, accountOptions)
    const { user } = await users.apply(aUser({ clerkId: 'user_names', email: 'names@example.com' }))
    expect(user).toMatchObject({
      ...{ id: user.accountId, clerkId: 'user_names', externalAuthId: 'user_names', plan: 'free' },
      ...{ email: 'names@example.com', emailAddress: 'names@example.com', seenAt: new Date(T) },
    })
    expect(user.passwordHash).toBe('none for user_names')
  })

  test('a field that the model does not have is not stored, and null in the row', async () => {
    const prisma = await database.connect()
    const fields = { ...accountOptions.users.fields, phone: null, publicMetadata: null }
    const { users } = prismaStore(prisma, { users: { ...accountOptions.users, fields } })
    const snapshot = aUser({ clerkId: 'user_without', email: null, username: null, phone: '+15555550100' })
    expect((await users.apply(snapshot)).user).toMatchObject({ phone: null, publicMetadata: null })
    expect((await users.apply(snapshot)).outcome).toBe('unchanged')
    expect(await prisma.account.findUnique({ where: { externalAuthId: 'user_without' } })).toMatchObject({
      ...{ phoneNumber: null, metadata: null },
    })
  })

  test('private metadata is stored where a column is named for it, kept when it is not sent, and purged', async () => {
    const prisma = await database.connect()
    const { users } = prismaStore(prisma, accountOptions)
    const snapshot = aUser({ clerkId: 'user_private', email: null, username: null })
    await users.apply({ ...snapshot, privateMetadata: { secret: 1 } })
    await users.apply({ ...snapshot, version: T + 1 })
    const where = { externalAuthId: 'user_private' }
    expect(await prisma.account.findUnique({ where })).toMatchObject({ secretMetadata: { secret: 1 } })
    await users.remove('user_private', 1)
    expect(await users.purge(2, T)).toBe(1)
    expect(await prisma.account.findUnique({ where })).toMatchObject({
      secretMetadata: null,
      metadata: null,
      seenAt: null,
    })
  })

  test.each(shapes)(
    'in an open transaction of the %s schema a known row is no error, and all of it rolls back',
    async (shape) => {
      const prisma = await database.connect()
      const known = aUser({
        clerkId: `user_known_${shape}`,
        email: `known-${shape}@example.com`,
        username: `known-${shape}`,
      })
      const taken = { ...known, clerkId: `user_taken_${shape}`, version: T + 5 }
      await SHAPES[shape](prisma).users.apply(known)
      const work = prisma.$transaction(
        async (tx) => {
          const { users, organizations, inbox } = SHAPES[shape](tx as typeof prisma)
          expect((await users.apply(known)).outcome).toBe('unchanged')
          expect((await users.apply({ ...known, version: T - 1 })).outcome).toBe('stale')
          expect((await users.apply({ ...known, version: T + 1 })).outcome).toBe('updated')
          // Takes address and username of the other row, where these are unique.
          expect((await users.apply(taken)).outcome).toBe('created')
          await users.remove(taken.clerkId, T)
          await organizations.applyOrganization(anOrganization({ clerkId: `org_${shape}` }))
          await organizations.applyMembership(aMembership({ clerkId: `orgmem_${shape}` }))
          expect((await inbox.claim(anEvent({ id: `msg_${shape}` }), 1000)).status).toBe('claimed')
          expect((await inbox.claim(anEvent({ id: `msg_${shape}` }), 1000)).status).toBe('busy')
          throw new Error('roll back')
        },
        { timeout: 15_000 },
      )
      await expect(work).rejects.toThrow('roll back')
      const { users, inbox } = SHAPES[shape](prisma)
      expect(await users.findByClerkId(taken.clerkId)).toBeNull()
      expect(await users.findByClerkId(known.clerkId)).toMatchObject({ version: T, email: known.email })
      expect((await inbox.claim(anEvent({ id: `msg_${shape}` }), 1000)).status).toBe('claimed')
    },
  )

  test('an import inside a transaction meets a known row without ending it', async () => {
    const prisma = await database.connect()
    const known = aUser({ clerkId: 'user_import_known', version: T + 9 })
    await prismaStore(prisma).users.apply(known)
    await prisma.$transaction(
      async (tx) => {
        const { users } = prismaStore(tx)
        for (let n = 0; n < 12; n++) await users.apply(aUser({ clerkId: `user_import_${n}` }))
        expect((await users.apply(known)).outcome).toBe('unchanged')
        expect((await users.apply(aUser({ clerkId: 'user_import_last' }))).outcome).toBe('created')
      },
      { timeout: 15_000 },
    )
    expect(await prismaStore(prisma).users.findByClerkId('user_import_last')).not.toBeNull()
  })

  test('an import outside of one meets a known row too', async () => {
    const { users } = prismaStore(await database.connect())
    const known = aUser({ clerkId: 'user_bulk_known', version: T + 9 })
    await users.apply(known)
    for (let n = 0; n < 12; n++) await users.apply(aUser({ clerkId: `user_bulk_${n}` }))
    expect((await users.apply({ ...known, version: T + 10 })).outcome).toBe('updated')
    for (let n = 0; n < 12; n++) await users.apply(aUser({ clerkId: `user_bulk_again_${n}` }))
    expect((await users.apply(known)).outcome).toBe('stale')
  })

  test('a client with extensions of the application is as good', async () => {
    const prisma = await database.connect()
    const seen: string[] = []
    const extended = prisma.$extends({
      query: {
        async $allOperations({ operation, args, query }) {
          seen.push(operation)
          return query(args)
        },
      },
      result: {
        user: { hello: { needs: { firstName: true }, compute: ({ firstName }) => `Hello ${firstName}` } },
      },
    })
    const { users } = prismaStore(extended)
    const { user } = await users.apply(aUser({ clerkId: 'user_extended' }))
    expect((await users.findByClerkId('user_extended'))?.id).toBe(user.id)
    expect(seen).toContain('findUnique')
  })

  test('who never asked for uniqueness is told of none, and of the database’s own unasked', async () => {
    const prisma = await database.connect()
    const address = { email: 'Shared@example.com', username: 'shared' }
    for (const shape of shapes) {
      const { users } = SHAPES[shape](prisma)
      await users.apply(aUser({ ...address, clerkId: `user_first_${shape}` }))
      await users.apply(aUser({ ...address, clerkId: `user_second_${shape}`, version: T + 1 }))
      const first = await users.findByClerkId(`user_first_${shape}`)
      expect(first?.email).toBe(shape === 'existing' ? null : 'Shared@example.com')
      expect(first?.emailVerified).toBe(shape !== 'existing')
    }
  })

  test('a unique index that the store cannot know of keeps no user out', async () => {
    const prisma = await database.connect()
    const { users } = prismaStore(prisma, { users: { ...accountOptions.users, unique: [] } })
    const taken = { email: 'hidden@example.com', username: null, version: T + 9 }
    await users.apply(aUser({ ...taken, clerkId: 'user_hidden_1' }))
    expect((await users.apply(aUser({ ...taken, clerkId: 'user_hidden_2' }))).user.email).toBeNull()
    await users.apply(aUser({ clerkId: 'user_hidden_3', email: null, username: null }))
    const { user, outcome } = await users.apply(
      aUser({ ...taken, clerkId: 'user_hidden_3', version: T + 99_999 }),
    )
    expect([user.email, user.version, outcome]).toEqual([null, T + 99_999, 'updated'])
  })

  test('an error of the database names model and remedy, and nothing of what was stored', async () => {
    const prisma = await database.connect()
    const { users } = prismaStore(prisma, {
      users: { model: 'account', fields: accountOptions.users.fields },
    })
    const missing = await users
      .apply(aUser({ clerkId: 'user_secret', email: 'secret@example.com' }))
      .catch((error) => error)
    expect(missing).toMatchObject({ name: 'StoreFaultError', fault: 'required', field: 'plan' })
    expect(missing.message).toMatch(/plan/)
    expect(`${missing.stack}${JSON.stringify(missing)}`).not.toMatch(/secret@example\.com/)
    expect(missing.cause).toBeUndefined()
  })

  test('a database that cannot be reached is an outage in every store, never an answer', {
    timeout: 60_000,
  }, async () => {
    const url = engine.server === null ? 'file:/nowhere/at/all.db' : database.url.replace(/:\d+\//, ':9/')
    const { users, organizations, inbox } = prismaStore(await database.connect({ url }))
    const unavailable = { name: 'StoreUnavailableError' }
    await Promise.all([
      expect(users.findByClerkId('user_1')).rejects.toMatchObject(unavailable),
      expect(users.apply(aUser())).rejects.toMatchObject(unavailable),
      expect(organizations.findMembership('org_1', 'user_1')).rejects.toMatchObject(unavailable),
      expect(inbox.claim(anEvent(), 1000)).rejects.toMatchObject(unavailable),
      expect(users.ping()).rejects.toMatchObject(unavailable),
      expect(organizations.ping()).rejects.toMatchObject(unavailable),
      expect(inbox.ping()).rejects.toMatchObject(unavailable),
    ])
  })

  test('what may not be an id is refused before anything is sent', async () => {
    const { users } = prismaStore(await database.connect())
    const refused = { name: 'StoreInputError' }
    await expect(users.link({ not: '' } as never, aUser())).rejects.toMatchObject(refused)
    await expect(users.findLinkable({ email: { contains: '' } } as never)).rejects.toMatchObject(refused)
    await expect(users.findByClerkId('user_\0')).rejects.toMatchObject(refused)
  })

  test('text that a database cannot hold keeps no event from being applied', async () => {
    const { users } = prismaStore(await database.connect())
    const publicMetadata = { plan: 'pro', odd: 'a\0b\ud800', list: ['\0', { deep: '\udfff' }] }
    const { user } = await users.apply(
      aUser({ clerkId: 'user_nul', firstName: 'A\0da', lastName: 'x\ud800', publicMetadata }),
    )
    expect(user).toMatchObject({ publicMetadata: { plan: 'pro' }, version: T })
    expect(user.firstName).toBe('Ada')
  })

  test('the Kelvin sign is no k', async () => {
    const prisma = await database.connect()
    await prisma.user.create({ data: { email: 'kate@example.com', emailVerified: true } })
    const { users } = prismaStore(prisma)
    expect(await users.findLinkable({ email: '\u212Aate@example.com' })).toEqual([])
    expect(await users.findLinkable({ email: 'KATE@example.com' })).toHaveLength(1)
  })

  test('a schema that lacks something is refused at once, with everything that is missing', async () => {
    const prisma = await database.connect()
    const attempt = () =>
      prismaStore(prisma, { users: { model: 'account' }, inbox: { model: 'nothing' as 'user' } })
    expect(attempt).toThrow(ConfigurationError)
    expect(attempt).toThrow(/no field `clerkId`[\s\S]*no field `email`[\s\S]*no model `nothing`/)
    const wrongType = () => prismaStore(prisma, { inbox: { fields: { dueAt: 'attempts' } } })
    expect(wrongType).toThrow(/is Int[\s\S]*Make it Float/)
    const unknown = new Proxy(prisma, {
      get: (target, key) => (key === '_activeProvider' ? 'oracle' : Reflect.get(target, key)),
    })
    expect(() => prismaStore(unknown)).toThrow(/"oracle" is not supported/)
  })

  test.runIf(engine.provider === 'mysql')(
    'ids in a column that ignores case are refused, and no row is changed',
    async () => {
      const prisma = await database.connect()
      await prisma.$executeRawUnsafe(
        'ALTER TABLE `Organization` MODIFY `clerkId` VARCHAR(191) COLLATE utf8mb4_unicode_ci NOT NULL',
      )
      const { organizations } = prismaStore(prisma)
      await organizations.applyOrganization(anOrganization({ clerkId: 'org_aB' }))
      const refused = { name: 'StoreFaultError', driverCode: 'collation' }
      await expect(organizations.findOrganization('org_Ab')).rejects.toMatchObject(refused)
      const newer = anOrganization({ clerkId: 'org_Ab', name: 'taken', version: T + 1 })
      await expect(organizations.applyOrganization(newer)).rejects.toMatchObject(refused)
      await expect(organizations.removeOrganization('org_Ab', T)).rejects.toMatchObject(refused)
      expect(await organizations.findOrganization('org_aB')).toMatchObject({ name: 'Acme', deletedAt: null })
    },
  )
})
