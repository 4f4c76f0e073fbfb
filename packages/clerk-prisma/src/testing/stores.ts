import type { PrismaStores } from '../prisma-store.js'
import { prismaStore } from '../prisma-store.js'
import type { TestClient } from './databases.js'

/** Names an existing application may have had for everything, unique columns and required ones of its own. */
export const accountOptions = {
  users: {
    model: 'account',
    fields: {
      id: 'accountId',
      clerkId: 'externalAuthId',
      email: 'emailAddress',
      emailVerified: 'emailConfirmed',
      username: 'handle',
      phone: 'phoneNumber',
      firstName: 'givenName',
      lastName: 'familyName',
      imageUrl: 'avatar',
      externalId: 'foreignId',
      publicMetadata: 'metadata',
      privateMetadata: 'secretMetadata',
      banned: 'barred',
      isActive: 'enabled',
      version: 'clerkVersion',
      deletedAt: 'removedAt',
      lastSignInAt: 'seenAt',
      lastActiveAt: 'activeAt',
      clerkCreatedAt: 'joinedAt',
    },
    create: ({ clerkId }: { clerkId: string }) => ({ plan: 'free', passwordHash: `none for ${clerkId}` }),
  },
  organizations: {
    model: 'company',
    fields: { name: 'title', publicMetadata: 'metadata' },
    create: () => ({ plan: 'free' }),
  },
} as const

/** The two shapes of schema every test of the stores runs on. */
export const SHAPES = {
  recommended: (prisma: TestClient) => prismaStore(prisma),
  existing: (prisma: TestClient) => prismaStore(prisma, accountOptions),
} as const

export type Shape = keyof typeof SHAPES
export type AnyStores = PrismaStores<never, never, never>
