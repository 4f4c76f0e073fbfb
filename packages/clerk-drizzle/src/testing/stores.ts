import { drizzleStore } from '../drizzle-store.js'
import type { TestDatabase, TestSchema } from './databases.js'

/** Names an existing application may have had for everything, unique columns and required ones of its own. */
const existing = {
  users: {
    fields: {
      id: 'accountId',
      clerkId: 'externalAuthId',
      email: 'emailAddress',
      emailVerified: 'emailConfirmed',
      username: 'handle',
      phone: 'phoneNumber',
      externalId: 'foreignId',
      privateMetadata: 'secretMetadata',
    },
    create: ({ clerkId }: { clerkId: string }) => ({ plan: 'free', passwordHash: `none for ${clerkId}` }),
  },
  organizations: { fields: { name: 'title' }, create: () => ({ plan: 'free' }) },
} as const

/** The two shapes of schema that the kit runs on. */
export const SHAPES = {
  recommended: (db: TestDatabase, schema: TestSchema) => drizzleStore(db, schema),
  existing: (db: TestDatabase, schema: TestSchema) =>
    drizzleStore(db, { ...schema, users: schema.accounts, organizations: schema.companies }, existing),
} as const

export type Shape = keyof typeof SHAPES
