import { describeWith } from '@acme/tools/services/vitest'
import { eq, or, sql } from 'drizzle-orm'
import type { MySqlRawQueryResult } from 'drizzle-orm/mysql2'
import { expect, test } from 'vitest'
import { openScope, rowsOf, seed } from '../testing/scope/databases.js'
import { checkIsolation } from '../testing/scope/isolation.js'

interface Upsert {
  onDuplicateKeyUpdate(given: object): Promise<MySqlRawQueryResult>
}

await describeWith('mariadb', 'a scope on MariaDB', (server) => {
  test('a scoped call neither shows nor changes what is not its own, and does to its own what it would do alone', async () => {
    const databases = [
      await server.createDatabase('scope'),
      await server.createDatabase('scope_alone'),
    ] as const
    const both = await openScope('mysql', databases[0].url)
    const alone = await openScope('mysql', databases[1].url)
    try {
      await checkIsolation(both, alone, Number(process.env.FUZZ_RUNS ?? 15))
    } finally {
      await Promise.all([both.close(), alone.close()])
      await Promise.all(databases.map((database) => database.drop()))
    }
  })

  test('an id that the collation takes for equal is another organisation, and an upsert of its row changes nothing', async () => {
    const database = await server.createDatabase('scope')
    const opened = await openScope('mysql', database.url)
    try {
      await seed(opened)
      const { notes, notebooks } = opened.tables
      const other = opened.scope(opened.db, 'ORG_A')
      expect(await opened.db.select().from(notebooks).where(sql`${notebooks.orgId} = 'ORG_A'`)).toHaveLength(
        2,
      )
      expect(await other.select().from(notebooks)).toEqual([])
      expect(await other.query.notebooks.findMany({ with: { notes: true } })).toEqual([])
      await other.delete(notebooks)
      await other.update(notebooks).set({ title: 'x' })
      expect(await opened.db.$count(notebooks, sql`${notebooks.title} = 'mine'`)).toBe(2)

      const before = await rowsOf(opened, false)
      const a = opened.scope(opened.db, 'org_a')
      const upsert = (id: string) =>
        (
          a.insert(notes).values({ id, orgId: 'org_a', title: 'mine' }) as unknown as Upsert
        ).onDuplicateKeyUpdate({
          set: { title: 'changed', stars: 9 },
        })
      const [foreign] = await upsert('b-note1')
      expect(foreign).toMatchObject({ insertId: 0 })
      expect(await rowsOf(opened, false)).toBe(before)
      await upsert('a-note1')
      expect(await a.$count(notes, sql`${notes.title} = 'changed'`)).toBe(1)
    } finally {
      await opened.close()
      await database.drop()
    }
  })

  test('an object in the place of a text writes no other column: the driver would write its keys into the statement', async () => {
    const database = await server.createDatabase('scope')
    const opened = await openScope('mysql', database.url)
    try {
      await seed(opened)
      const { notes } = opened.tables
      const before = await rowsOf(opened, false)
      const a = opened.scope(opened.db, 'org_a')
      const title = { title: 'x', org_id: 'org_b' } as never
      const attacks: (() => PromiseLike<unknown>)[] = [
        async () => a.update(notes).set({ title }),
        async () => a.update(notes).set({ title: sql`${title}` }),
        async () => a.update(notes).set({ title: [title] as never }),
        async () =>
          a
            .update(notes)
            .set({ title: sql.placeholder('title') as never })
            .prepare()
            .execute({ title }),
        async () =>
          a
            .update(notes)
            .set({ title: sql`${sql.placeholder('title')}` })
            .prepare()
            .execute({ title }),
        async () => a.insert(notes).values({ id: 'x', orgId: 'org_a', title }),
        async () => a.select().from(notes).where(eq(notes.title, title)),
      ]
      // Values stand where question marks do, also in names, so that these would take the organisation's.
      const named = { one: sql`${notes.id}`.as('1?'), two: sql`${notes.id}`.as('2?') }
      const moved = or(
        eq(notes.title, 'org_b'),
        eq(notes.title, 'org_b'),
        eq(notes.title, 'x'),
        eq(notes.title, 'x'),
      )
      attacks.push(
        async () => a.select(named).from(notes).where(moved).orderBy(sql`${named.one}`, sql`${named.two}`),
        async () => a.select({ x: sql`concat('?', ${notes.id})` }).from(notes),
        async () => a.select({ x: sql`concat(${'title'}${'x'})` }).from(notes),
      )
      for (const attack of attacks) {
        await expect(attack()).rejects.toMatchObject({ code: 'organization-scope' })
        expect(await rowsOf(opened, false)).toBe(before)
      }
      const given = a
        .update(notes)
        .set({ title: sql.placeholder('title') as never })
        .prepare()
      await given.execute({ title: 'given' })
      expect(await a.$count(notes, eq(notes.title, 'given'))).toBe(4)
    } finally {
      await opened.close()
      await database.drop()
    }
  })
})
