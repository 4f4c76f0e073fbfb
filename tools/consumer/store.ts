// The tables of an example in the conformance kit, outside this workspace; kits.ts runs it there, with the packages as they are
// published.
import * as nodeTest from 'node:test'
import { drizzleStore } from '@acme/clerk-drizzle'
import { describeConformance } from '@acme/clerk-testing/conformance'
import { asc, eq, sql } from 'drizzle-orm'
import { openDatabase } from './database.js'
import * as schema from './schema.js'

const { users, organizations, memberships, invitations, clerkRoles, clerkInbox, clerkChanges } = schema
const TABLES = [users, organizations, memberships, invitations, clerkRoles, clerkInbox, clerkChanges]

describeConformance(nodeTest, {
  capabilities: [
    ...(['users', 'organizations', 'roles', 'inbox', 'linking', 'purge', 'activity', 'bulk'] as const),
    ...(['listing', 'custom-columns'] as const),
  ],
  async open() {
    const { db, close } = await openDatabase({ DATABASE_URL: 'file:conformance.db' })
    const idIs = (id: unknown) => eq(users.id, Number(id))
    return {
      stores: drizzleStore(db, schema),
      raceRounds: 5,
      async reset() {
        for (const table of TABLES) await db.delete(table)
      },
      probe: {
        users: async () => db.select().from(users),
        organizations: async () => db.select().from(organizations),
        memberships: async () => db.select().from(memberships),
        roles: async () => db.select().from(clerkRoles),
        invitations: async () => db.select().from(invitations),
        inbox: async () => db.select().from(clerkInbox),
        log: async () => db.select().from(clerkChanges).orderBy(asc(clerkChanges.position)),
      },
      async createLocalUser(fields) {
        const [row] = await db.insert(users).values(fields).returning({ id: users.id })
        return row?.id
      },
      setActive: async (id, isActive) => void (await db.update(users).set({ isActive }).where(idIs(id))),
      customColumn: {
        write: async (id, plan) => void (await db.update(users).set({ plan }).where(idIs(id))),
        read: async (id) => (await db.select().from(users).where(idIs(id)))[0]?.plan ?? null,
      },
      async elapse(ms) {
        const { receivedAt, dueAt, leaseUntil, finishedAt } = clerkInbox
        await db.update(clerkInbox).set({
          receivedAt: sql`${receivedAt} - ${ms}`,
          dueAt: sql`${dueAt} - ${ms}`,
          leaseUntil: sql`${leaseUntil} - ${ms}`,
          finishedAt: sql`${finishedAt} - ${ms}`,
        })
        await db.update(clerkChanges).set({ at: sql`${clerkChanges.at} - ${ms}` })
      },
      close: async () => close(),
    }
  },
})
