import { describeWith } from '@acme/tools/services/vitest'
import { eq, sql } from 'drizzle-orm'
import type { drizzle } from 'drizzle-orm/node-postgres'
import { expect, test } from 'vitest'
import { openScope, rowsOf, seed } from '../testing/scope/databases.js'
import { checkIsolation } from '../testing/scope/isolation.js'

type Plain = ReturnType<typeof drizzle>

await describeWith('postgres', 'a scope on PostgreSQL', (server) => {
  test('a scoped call neither shows nor changes what is not its own, and does to its own what it would do alone', async () => {
    const databases = [
      await server.createDatabase('scope'),
      await server.createDatabase('scope_alone'),
    ] as const
    const both = await openScope('pg', databases[0].url)
    const alone = await openScope('pg', databases[1].url)
    try {
      await checkIsolation(both, alone, Number(process.env.FUZZ_RUNS ?? 15))
    } finally {
      await Promise.all([both.close(), alone.close()])
      await Promise.all(databases.map((database) => database.drop()))
    }
  })

  test('an id that the collation takes for equal is another organisation', async () => {
    const database = await server.createDatabase('scope')
    const opened = await openScope('pg', database.url)
    try {
      await seed(opened)
      await opened.run(
        `create collation any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
      )
      await opened.run('alter table notes alter column org_id type text collate any_case')
      await opened.run(`update notes set org_id = 'ORG_A' where org_id = 'org_b'`)
      const { notes } = opened.tables
      const a = opened.scope(opened.db, 'org_a')
      expect(await opened.db.select().from(notes).where(eq(notes.orgId, 'org_a'))).toHaveLength(7)
      expect(await a.select().from(notes)).toHaveLength(4)
      expect(await a.query.notes.findMany()).toHaveLength(4)
      expect(await a.$count(notes)).toBe(4)
      expect(await a.update(notes).set({ stars: 9 }).returning()).toHaveLength(4)
    } finally {
      await opened.close()
      await database.drop()
    }
  })

  test('what PostgreSQL alone has is confined: locks, lateral joins, rows by the first of each, writes in `with`', async () => {
    const database = await server.createDatabase('scope')
    const opened = await openScope('pg', database.url)
    try {
      await seed(opened)
      const before = await rowsOf(opened, false)
      const a = opened.scope(opened.db as unknown as Plain, 'org_a')
      const { notes, comments, secrets } = opened.tables as unknown as Record<string, never> &
        typeof opened.tables
      const [n, c] = [notes as never as typeof notes, comments as never as typeof comments]
      const locked = a
        .select()
        .from(n as never)
        .for('update', { of: n as never, skipLocked: true })
      expect(await locked).toHaveLength(4)
      expect(() =>
        a
          .select()
          .from(n as never)
          .for('update; drop table notes' as never)
          .toSQL(),
      ).toThrow(/lock/)
      const first = a.selectDistinctOn([n.orgId as never], { id: n.id as never }).from(n as never)
      expect(await first).toHaveLength(1)
      const latest = a
        .select({ id: c.id as never })
        .from(c as never)
        .where(eq(c.noteId, n.id))
        .limit(1)
        .as('latest')
      const lateral = a
        .select({ id: n.id as never, latest: sql`${(latest as never as { id: never }).id}` })
        .from(n as never)
        .leftJoinLateral(latest, sql`true`)
      expect(((await lateral) as { latest: string | null }[]).map((row) => row.latest).sort()).toEqual([
        'a-comment1',
        'a-comment2',
        null,
        null,
      ])
      const gone = a.$with('gone').as(a.delete(c as never).returning({ id: c.id as never }))
      expect(await a.with(gone).select().from(gone)).toHaveLength(3)
      expect(() =>
        a
          .select()
          .from(secrets as never)
          .toSQL(),
      ).toThrow(/secrets/)
      expect(await rowsOf(opened, false)).toBe(before)
    } finally {
      await opened.close()
      await database.drop()
    }
  })
})
