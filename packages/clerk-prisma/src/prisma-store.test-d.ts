// Checked by the compiler alone.
import type { ClerkOptions } from '@acme/clerk-core'
import type { Stores, UserRecord } from '@acme/clerk-core/store'
import { expectTypeOf } from 'vitest'
import type { PrismaClient as PrismaClient6 } from '../generated/v6-postgresql-app/client.ts'
import type { PrismaClient } from '../generated/v7-postgresql-app/client.ts'
import type { PrismaClient as ScopeClient } from '../generated/v7-sqlite-scope/client.ts'
import { organizationScope, type PrismaUser, prismaStore } from './index.js'

declare const prisma: PrismaClient
declare const prisma6: PrismaClient6
declare const scoped: ScopeClient

const stores = prismaStore(prisma)
type User = NonNullable<Awaited<ReturnType<typeof stores.users.findByClerkId>>>
expectTypeOf<User['id']>().toEqualTypeOf<string>()
expectTypeOf<User['theme']>().toEqualTypeOf<string | null>()
expectTypeOf<User['version']>().toEqualTypeOf<number>()
expectTypeOf<User>().toExtend<UserRecord>()
expectTypeOf<PrismaUser<PrismaClient>>().toEqualTypeOf<User>()
expectTypeOf(stores).toExtend<Stores<User>>()
expectTypeOf(stores).toExtend<Pick<ClerkOptions<User>, 'users'>>()

const user6 = await prismaStore(prisma6).users.remove('user_1', 0)
expectTypeOf(user6.theme).toEqualTypeOf<string | null>()

const mapped = prismaStore(prisma, {
  users: {
    model: 'account',
    fields: {
      id: 'accountId',
      clerkId: 'externalAuthId',
      email: 'emailAddress',
      emailVerified: 'emailConfirmed',
      username: 'handle',
      phone: null,
      firstName: 'givenName',
      lastName: 'familyName',
      imageUrl: 'avatar',
      externalId: 'foreignId',
      publicMetadata: 'metadata',
      isActive: 'enabled',
      version: 'clerkVersion',
      deletedAt: 'removedAt',
    },
    create: ({ clerkId }) => ({ plan: 'free', note: clerkId }),
  },
})
const account = await mapped.users.remove('user_1', 0)
expectTypeOf(account.id).toEqualTypeOf<number>()
expectTypeOf(account.plan).toEqualTypeOf<string>()
expectTypeOf(account.emailAddress).toEqualTypeOf<string | null>()
expectTypeOf(account.email).toEqualTypeOf<string | null>()
// @ts-expect-error a row in a cache must not be changed
account.email = 'x'

await prisma.$transaction(async (tx) => {
  const { users } = prismaStore(tx)
  expectTypeOf((await users.remove('user_1', 0)).theme).toEqualTypeOf<string | null>()
})

const extended = prismaStore(prisma.$extends({ query: {} }))
expectTypeOf((await extended.users.remove('user_1', 0)).theme).toEqualTypeOf<string | null>()

// @ts-expect-error there is no such model
prismaStore(prisma, { users: { model: 'people' } })
// @ts-expect-error a required field cannot be missing
prismaStore(prisma, { users: { fields: { email: null } } })
// @ts-expect-error there is no such field
prismaStore(prisma, { users: { fields: { nickname: 'nick' } } })

const db = scoped.$extends(organizationScope('org_a', { models: { note: { tenant: 'orgId' } } }))
expectTypeOf(await db.note.findFirst()).toEqualTypeOf<Awaited<ReturnType<ScopeClient['note']['findFirst']>>>()
