import { createClerk, fromEnv } from '@acme/clerk-core'
import { drizzleStore } from '@acme/clerk-drizzle'
import type { Database } from './database.js'
import * as schema from './schema.js'

export type TeamClerk = ReturnType<typeof createTeamClerk>

// Gives `c.var.auth.user` the type of our own row, `plan` included.
declare module '@acme/clerk-core' {
  interface Register {
    clerk: TeamClerk
  }
}

export function createTeamClerk(db: Database, env: Readonly<Record<string, string | undefined>>) {
  return createClerk(fromEnv(env), drizzleStore(db, schema))
}
