import { createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql'
import { expect, test } from 'vitest'
import { drizzleStore } from './drizzle-store.js'
import { createDatabase, ENGINES } from './testing/databases.js'
import * as schema from './testing/schema.sqlite.js'

const T = 1_700_000_000_000
const DAY = 24 * 3600 * 1000

test('no statement of the stores reads a table from end to end', async () => {
  const place = await createDatabase(ENGINES.libsql)
  if ('missing' in place) throw new Error(place.missing)
  const client = createClient({ url: place.url })
  const statements: { readonly sql: string; readonly args: never[] }[] = []
  const db = drizzle(client, {
    logger: { logQuery: (sql, args) => void statements.push({ sql, args: args as never[] }) },
  })
  const { users, organizations, inbox } = drizzleStore(db, schema)
  const aUser = {
    clerkId: 'user_1',
    email: 'ada@example.com',
    emailVerified: true,
    username: null,
    phone: null,
  }
  const member = { clerkId: 'orgmem_1', orgId: 'org_1', userId: 'user_1', createdAt: T }

  for (const clerkId of ['user_1', 'user_2', 'user_3']) await users.apply({ ...aUser, clerkId, version: T })
  await users.apply({ ...aUser, version: T + 1, lastSignInAt: T })
  await users.applyMany(
    ['user_1', 'user_2', 'user_4'].map((clerkId) => ({ ...aUser, clerkId, version: T + 2 })),
  )
  await users.touch('user_1', { lastSignInAt: T + 5, lastActiveAt: T + 5 })
  await db.insert(schema.users).values([{ email: 'Bob@example.com' }, { email: 'Eve@example.com' }])
  const [bob] = await users.findLinkable({ email: 'bob@EXAMPLE.com' })
  await users.link(bob?.id ?? 0, { ...aUser, clerkId: 'user_5', email: 'bob@example.com', version: T })
  await users.findLinkable({ externalId: '1' })
  await users.list({ after: 'user_1', limit: 10 })
  await users.remove('user_2', T)
  await users.purge(T + DAY, T + 30 * DAY)
  await organizations.applyMembership({ ...member, role: 'org:admin', version: T })
  await organizations.findMembership('org_1', 'user_1')
  await organizations.listMemberships({ userId: 'user_1' })
  await organizations.listMemberships({ orgId: 'org_1' })
  await organizations.removeMembership(member, T)
  await organizations.findRole('org:admin')
  const event = { id: 'msg_1', type: 'user.created', timestamp: T, subjects: ['user_1'], body: '{}' }
  const claim = await inbox.claim(event, 1000)
  await inbox.claim(event, 1000)
  if (claim.status === 'claimed') await inbox.release('msg_1', claim.owner, { error: 'x', retryAfterMs: 0 })
  await inbox.due(10)
  await inbox.list({ limit: 10, since: T })
  await inbox.discardEarlier('user_1', { exceptId: 'msg_2' })
  const { position } = await inbox.append({ ...event, narrows: 'user_1', version: T })
  await inbox.append({ ...event, narrows: null, version: null })
  await inbox.changesSince(null, 10)
  await inbox.changesSince(position, 10)
  await inbox.revocations(null, 10)
  await inbox.prune(DAY)

  // Of a size at which an index is worth its while to the planner.
  const many = Array.from({ length: 3000 }, (_, i) => ({ email: `Someone${i}@example.com` }))
  for (const clerkId of [true, false])
    await db
      .insert(schema.users)
      .values(many.map(({ email }, i) => ({ email, clerkId: clerkId ? `user_many_${i}` : null })))
  await client.execute('ANALYZE users')
  const scans = new Set<string>()
  const plans: string[] = []
  for (const { sql, args } of statements) {
    if (!/^(select|update|delete|insert)/.test(sql)) continue
    const { rows } = await client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args })
    for (const { detail } of rows) {
      plans.push(String(detail))
      if (/^SCAN (users|organizations|memberships|invitations|clerk_\w+)$/.test(String(detail)))
        scans.add(sql)
    }
  }
  expect(statements.length).toBeGreaterThan(40)
  expect([...scans]).toEqual([])
  // Not all rows without a Clerk id, of which an application may have many.
  expect(plans.join('\n')).toContain('users_email_lower_idx')
  client.close()
  await place.drop()
})
