import { createClerk, fromEnv } from '@acme/clerk-core'
import { mongoStore } from '@acme/clerk-mongo'
import type { Db } from 'mongodb'

export type TeamClerk = Awaited<ReturnType<typeof createTeamClerk>>

// Gives `ctx.state.auth.user` the type of our own document, `plan` included.
declare module '@acme/clerk-core' {
  interface Register {
    clerk: TeamClerk
  }
}

export async function createTeamClerk(db: Db, env: Readonly<Record<string, string | undefined>>) {
  // Fields of the application's own: set when the document is made, and never touched by Clerk. When Clerk made the user
  // is `clerkCreatedAt`.
  const store = mongoStore(db, { create: () => ({ plan: 'free', createdAt: new Date() }) })
  await store.ensureIndexes()
  return createClerk(fromEnv(env), store)
}
