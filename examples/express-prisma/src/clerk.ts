import { createClerk, fromEnv } from '@acme/clerk-core'
import { prismaStore } from '@acme/clerk-prisma'
import type { Administrator } from './administrators.js'
import type { Database } from './database.js'

export type TeamClerk = ReturnType<typeof createTeamClerk>

// Gives `req.auth.user` the type of our own row.
declare module '@acme/clerk-core' {
  interface Register {
    clerk: TeamClerk
    localUser: Administrator
  }
}

export function createTeamClerk(prisma: Database, env: Readonly<Record<string, string | undefined>>) {
  const clerk = createClerk(fromEnv(env), prismaStore(prisma), {
    // Service accounts.
    accept: { apiKeys: true },
  })

  // Every user begins with the free plan. An event may come twice: `upsert` makes the second time harmless.
  clerk.on(
    'user.created',
    ({ data }) =>
      prisma.subscription.upsert({
        where: { userId: data.id },
        create: { userId: data.id, plan: 'free' },
        update: {},
      }),
    { name: 'free-subscription' },
  )
  return clerk
}
