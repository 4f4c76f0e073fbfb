import { expect, test } from 'vitest'
import type { Engine, TestClient } from './testing/databases.js'
import { describeEngines } from './testing/describe-engines.js'
import { aMembership, anEvent, anInvitation, anOrganization, aUser, DAY, T } from './testing/snapshots.js'
import { SHAPES, type Shape } from './testing/stores.js'

const ROWS = 4000

/** Tables of a size at which an index is worth its while to every planner. */
async function fill(prisma: TestClient, { provider }: Engine): Promise<void> {
  const numbers = Array.from({ length: ROWS }, (_, i) => i)
  const deletedAt = (i: number) => (i % 100 === 0 ? new Date(T - 30 * DAY) : null)
  const clerkId = (i: number) => (i % 2 === 0 ? `user_${i}` : null)
  const many = async <D>(
    model: { createMany(args: { data: D[] }): PromiseLike<unknown> },
    row: (i: number) => D,
  ) => {
    for (let from = 0; from < ROWS; from += 500)
      await model.createMany({ data: numbers.slice(from, from + 500).map(row) })
  }
  await many(prisma.user, (i) => ({
    clerkId: clerkId(i),
    email: `Someone${i}@example.com`,
    deletedAt: deletedAt(i),
    version: T,
  }))
  await many(prisma.account, (i) => ({
    ...{
      externalAuthId: clerkId(i),
      emailAddress: `Someone${i}@example.com`,
      handle: `someone${i}`,
      plan: 'free',
    },
    ...{ removedAt: deletedAt(i), clerkVersion: T },
  }))
  await many(prisma.organization, (i) => ({ clerkId: `org_${i}`, version: T, deletedAt: deletedAt(i) }))
  await many(prisma.company, (i) => ({
    ...{ clerkId: `org_${i}`, slug: `slug-${i}`, plan: 'free', version: T, deletedAt: deletedAt(i) },
  }))
  await many(prisma.membership, (i) => ({
    ...{ clerkId: `orgmem_${i}`, orgId: `org_${i % 50}`, userId: `user_${i % 1000}`, permissions: [] },
    ...{ createdAt: new Date(T + i), version: T, role: `org:role_${i % 20}` },
  }))
  await many(prisma.clerkRole, (i) => ({
    ...{ clerkId: `role_${i}`, key: `org:role_${i}`, permissions: [], version: T },
  }))
  await many(prisma.invitation, (i) => ({
    clerkId: `orginv_${i}`,
    orgId: `org_${i}`,
    status: 'pending',
    version: T,
  }))
  await many(prisma.webhookEvent, (i) => ({
    ...{ id: `msg_${i}`, type: 'user.updated', timestamp: T + i, subjects: '[]', body: '', succeeded: '' },
    ...{ attempts: 1, receivedAt: T + i, dueAt: T + i },
    ...(i % 100 === 0 ? { status: 'open' } : { status: 'done', finishedAt: T + i }),
  }))
  await many(prisma.clerkChange, (i) => ({
    ...{ id: `msg_${i}`, type: 'user.updated', at: T + i, subjects: '[]' },
    ...(i % 100 === 0 ? { narrows: `user_${i % 1000}`, version: T } : {}),
  }))
  if (provider === 'mysql') {
    const tables = [
      'User',
      'accounts',
      'Organization',
      'Company',
      'Membership',
      'ClerkRole',
      'Invitation',
      'WebhookEvent',
      'ClerkChange',
    ]
    await prisma.$queryRawUnsafe(`ANALYZE TABLE ${tables.map((table) => `\`${table}\``).join(', ')}`)
  } else await prisma.$executeRawUnsafe('ANALYZE')
}

/** Every method of every store, with rows that are there and rows that are not. */
async function everything(prisma: TestClient, shape: Shape): Promise<void> {
  const { users, organizations, inbox } = SHAPES[shape](prisma)
  await users.findByClerkId('user_2')
  await users.apply(aUser({ clerkId: 'user_2', version: T + 1 }))
  await users.apply(aUser({ clerkId: 'user_2', version: T + 1 }))
  await users.apply(aUser({ clerkId: 'user_new', email: 'Someone4@example.com', version: T + 2 }))
  await users.apply(aUser({ clerkId: 'user_claims', email: null, username: null, version: 0 }))
  await users.remove('user_4', T)
  await users.remove('user_unknown', T)
  const [row] = await users.findLinkable({ email: 'someone7@EXAMPLE.com' })
  expect(row).toBeDefined()
  await users.link(row?.id as never, aUser({ clerkId: 'user_linked', email: 'someone7@example.com' }))
  expect(await users.purge(T - 20 * DAY, T)).toBeGreaterThan(0)

  await organizations.findOrganization('org_1')
  await organizations.applyOrganization(anOrganization({ clerkId: 'org_1', version: T + 1 }))
  await organizations.applyOrganization(anOrganization({ clerkId: 'org_new' }))
  await organizations.removeOrganization('org_2', T)
  await organizations.findMembership('org_3', 'user_3')
  await organizations.applyMembership(aMembership({ clerkId: 'orgmem_3', version: T + 1 }))
  await organizations.removeMembership({ ...aMembership(), clerkId: 'orgmem_4' }, T)
  await organizations.listMemberships({ userId: 'user_5' })
  await organizations.listMemberships({ orgId: 'org_5' })
  const role = { key: 'org:role_1', permissions: [], version: T + 1 }
  expect(await organizations.findRole('org:role_6')).not.toBeNull()
  await organizations.applyRole({ ...role, clerkId: 'role_1' })
  await organizations.applyRole({ ...role, clerkId: 'role_new' })
  await organizations.removeRole('role_2', T)
  await organizations.removeRole('role_unknown', T)
  await organizations.applyInvitation(anInvitation({ clerkId: 'orginv_1', version: T + 1 }))
  await organizations.findInvitation('orginv_2')

  await inbox.claim(anEvent({ id: 'msg_new' }), 60_000)
  await inbox.claim(anEvent({ id: 'msg_100' }), 60_000)
  await inbox.claim(anEvent({ id: 'msg_5' }), 60_000)
  const claim = await inbox.claim(anEvent({ id: 'msg_owned' }), 60_000)
  const owner = claim.status === 'claimed' ? claim.owner : ''
  expect(await inbox.renew('msg_owned', owner, 60_000)).toBe(true)
  expect(await inbox.succeeded('msg_owned', owner, 'mail')).toBe(true)
  expect(await inbox.release('msg_owned', owner, { error: 'failed', retryAfterMs: 0 })).toBe(true)
  expect(await inbox.finish('msg_owned', owner, 'done')).toBe(false)
  expect((await inbox.due(10)).length).toBe(10)
  expect(await inbox.find('msg_100')).not.toBeNull()
  const { next } = await inbox.list({ limit: 10 })
  await inbox.list({ limit: 10, ...(next !== null && { after: next }) })
  await inbox.list({ limit: 10, since: Date.now() - 1000 })
  await inbox.list({ limit: 10, status: 'open' })
  await inbox.discardEarlier('user_1', { exceptId: 'msg_owned' })
  const { position } = await inbox.append({
    ...{ id: 'msg_1', type: 'user.updated' },
    subjects: [],
    narrows: null,
    version: null,
  })
  await inbox.changesSince(null, 10)
  await inbox.changesSince(position, 10)
  await inbox.changesSince('100.0~5-7@1', 10)
  await inbox.revocations(null, 10)
  expect(await inbox.prune(Date.now() - T - (shape === 'recommended' ? 50 : 150))).toBeGreaterThan(40)
}

/** What in a plan says that a table is read from end to end. */
const PLANS: Record<
  Engine['provider'],
  (prisma: TestClient, sql: string, values: unknown[]) => Promise<string[]>
> = {
  async postgresql(prisma, sql, values) {
    const plan = await prisma.$queryRawUnsafe<{ 'QUERY PLAN': string }[]>(`EXPLAIN ${inline(sql, values)}`)
    return plan.map((line) => line['QUERY PLAN']).filter((line) => /Seq Scan/.test(line))
  },
  async sqlite(prisma, sql, values) {
    const plan = await prisma.$queryRawUnsafe<{ detail: string }[]>(
      `EXPLAIN QUERY PLAN ${inline(sql, values)}`,
    )
    return plan.map(({ detail }) => detail).filter((detail) => /^SCAN/.test(detail) && !/pragma/.test(detail))
  },
  async mysql(prisma, sql, values) {
    const plan = await prisma.$queryRawUnsafe<{ table: string; type: string | null; rows: bigint }[]>(
      `EXPLAIN ${inline(sql, values)}`,
    )
    return plan
      .filter(({ type }) => type === 'ALL' || type === 'index')
      .map(({ table, type, rows }) => `${table}: ${type}, ${rows} rows`)
  },
}

/** The statement with its values in it, as the planner sees them. */
function inline(sql: string, values: readonly unknown[]): string {
  let next = 0
  return sql.replaceAll(/\$(\d+)|\?/g, (_, n) => literal(values[n === undefined ? next++ : Number(n) - 1]))
}

function literal(value: unknown): string {
  const text = String(value)
  if (value === null || /^\d+$/.test(text)) return text
  // MariaDB compares what is no time to it as text, without an index.
  const time = text.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d\.\d{3})Z$/, '$1 $2')
  return typeof value === 'string' ? `'${time.replaceAll("'", "''")}'` : text
}

await describeEngines(
  'queries',
  (engine, database) => {
    test('no query of the product reads a table from end to end', { timeout: 120_000 }, async () => {
      const prisma = await database.connect({ log: true })
      await fill(prisma, engine)
      const sent = new Map<string, unknown[]>()
      prisma.$on('query' as never, ({ query, params }: { query: string; params: string }) => {
        if (/^\s*(SELECT|UPDATE|DELETE)/.test(query)) sent.set(query, JSON.parse(params))
      })
      for (const shape of ['recommended', 'existing'] as const) await everything(prisma, shape)
      // Only asked once per process, and of the catalogue.
      const queries = [...sent].filter(([sql]) => !/pg_index|pragma_|information_schema/.test(sql))
      expect(queries.length).toBeGreaterThan(30)

      const scans: Record<string, string[]> = {}
      for (const [sql, values] of queries) {
        const found = await PLANS[engine.provider](prisma, sql, values)
        if (found.length > 0) scans[sql] = found
      }
      expect(scans).toEqual({})
    })

    test('a user lookup is one query, and an update of a known user another', async () => {
      const prisma = await database.connect({ log: true })
      const { users } = SHAPES.recommended(prisma)
      await users.apply(aUser({ clerkId: 'user_counted' }))
      const sent: string[] = []
      prisma.$on('query' as never, ({ query }: { query: string }) => sent.push(query))
      await users.findByClerkId('user_counted')
      expect(sent).toHaveLength(1)
      if (engine.provider === 'mysql') return
      await users.apply(aUser({ clerkId: 'user_counted', version: T + DAY }))
      expect(sent).toHaveLength(2)
    })
  },
  ({ client }) => client.startsWith('v7'),
)
