import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { ENGINES } from '../testing/databases.js'
import { organizationScope } from './organization-scope.js'
import { createScopeDatabase, foreignRows, MODELS, type ScopeClient, seed } from './testing.js'

const refused = expect.objectContaining({ name: 'OrganizationScopeError' })

/** As untyped code may call it. */
type Untyped = Record<string, Record<string, (args?: unknown) => Promise<unknown>>>

for (const engine of ENGINES.filter(({ provider }) => provider === 'sqlite')) {
  describe(`what is handed to a scoped client (${engine.title})`, async () => {
    const database = await createScopeDatabase(engine)
    if ('missing' in database) throw new Error(database.missing)
    const prisma = (await database.connect()) as unknown as ScopeClient
    const scope = organizationScope('org_a', { models: MODELS })
    const a = prisma.$extends(scope)
    const untyped = a as unknown as Untyped
    afterAll(() => database.drop())
    let before = ''
    beforeEach(async () => {
      await seed(prisma)
      before = await foreignRows(prisma)
      return async () => expect(await foreignRows(prisma)).toBe(before)
    })

    const where = { id: 'a-note1' }
    const late = { toJSON: () => 'b-note1' }
    test.each<[string, string, string, unknown]>([
      ['a condition that is a list', 'note', 'deleteMany', { where: [] }],
      ['a condition that is null', 'note', 'deleteMany', { where: null }],
      ['a condition that says later what it is', 'note', 'findMany', { where: late }],
      ['such a condition on a relation', 'note', 'findMany', { where: { draft: late } }],
      ['a list for a condition on a relation', 'note', 'findMany', { where: { comments: [] } }],
      ['an unknown condition on a relation', 'note', 'findMany', { where: { comments: { only: {} } } }],
      ['a reference that says later what it is', 'draft', 'create', { data: { text: 'x', noteId: late } }],
      ['one that is set', 'draft', 'updateMany', { data: { noteId: { set: late } } }],
      ['an unknown argument', 'note', 'findMany', { whereNot: {} }],
      ['an unknown argument of a relation', 'note', 'findMany', { include: { comments: { all: true } } }],
      ['an unknown nested write', 'note', 'update', { where, data: { comments: { replace: {} } } }],
      ['an unknown argument of one', 'note', 'update', { where, data: { comments: { upsert: { all: 1 } } } }],
      ['a list that is included', 'note', 'findMany', { include: { comments: [] } }],
      ['a cursor with conditions', 'note', 'findMany', { cursor: { id: 'a-note1', OR: [{}] } }],
      ['every count', 'note', 'findMany', { include: { _count: true } }],
      ['a tenant that is computed', 'note', 'update', { where, data: { orgId: { increment: 'b' } } }],
      [
        'columns and links at once',
        'note',
        'update',
        { where, data: { parentId: null, notebook: { connect: { id: 'a-notebook' } } } },
      ],
      [
        'a column that the parent gives',
        'note',
        'update',
        { where, data: { comments: { create: { text: 'x', noteId: null } } } },
      ],
    ])('%s is refused', async (_, model, operation, args) => {
      await expect(untyped[model]?.[operation]?.(args)).rejects.toEqual(refused)
    })

    test('what is inherited counts as its own', async () => {
      const data = Object.create({ noteId: 'b-note1' }, { text: { value: 'x', enumerable: true } })
      await expect(a.draft.create({ data })).rejects.toMatchObject({ code: 'P2025' })
      expect(await untyped.note?.findMany?.(Object.create({ where: { id: 'b-note1' } }))).toEqual([])
    })

    test('what is undefined says nothing, as in Prisma', async () => {
      const all = { where: { comments: { some: undefined }, draft: undefined, OR: undefined } }
      expect(await untyped.note?.count?.(all)).toBe(4)
      expect(await untyped.note?.findMany?.({ include: { comments: undefined } })).toHaveLength(4)
      expect(await untyped.note?.count?.()).toBe(4)
    })

    test('a reference that has the organisation in it needs no check, and none to leave', async () => {
      const rows = [{ id: 'p1', text: 'x', notebookId: 'a-notebook' }] as never
      expect(await a.page.createMany({ data: rows })).toEqual({ count: 1 })
      const stolen = [{ text: 'x', notebookId: 'b-notebook' }] as never
      await expect(a.page.createMany({ data: stolen })).rejects.toMatchObject({ code: 'P2003' })
      const page = { id: 'p1' }
      expect(await a.page.update({ where: page, data: { notebookId: null } })).toMatchObject({
        ...{ orgId: 'org_a', notebookId: null },
      })
      const connected = await a.page.update({
        where: page,
        data: { notebook: { connect: { id: 'a-notebook' } } },
      })
      expect(connected).toMatchObject({ orgId: 'org_a', notebookId: 'a-notebook' })
      await expect(
        a.page.update({ where: page, data: { notebook: { connect: { id: 'b-notebook' } } } }),
      ).rejects.toMatchObject({ code: 'P2025' })
      await expect(
        a.page.update({ where: page, data: { notebook: { disconnect: true } } as never }),
      ).rejects.toEqual(refused)
      const made = await a.notebook.update({
        where: { id: 'a-notebook' },
        data: { pages: { create: { id: 'p2', text: 'y' } } },
        include: { pages: true },
      })
      expect(made.pages.map(({ orgId }) => orgId)).toEqual(['org_a', 'org_a', 'org_a'])
    })

    test('a row is found by its compound key, and takes a place that is its own', async () => {
      await prisma.note.update({ where: { id: 'a-note1' }, data: { nextId: 'a-note2' } })
      const orgId_title = { orgId: 'org_a', title: 'mine 1' }
      expect(await a.note.update({ where: { orgId_title }, data: { nextId: 'a-note2' } })).toMatchObject({
        nextId: 'a-note2',
      })
      await expect(
        a.note.update({ where: { id: 'a-stray' }, data: { nextId: 'a-note2' } }),
      ).rejects.toMatchObject({ code: 'P2002' })
    })

    test('a conflict in a transaction is an error as well', async () => {
      const nextId = 'a-note2'
      await prisma.note.update({ where: { id: 'a-note1' }, data: { nextId } })
      await expect(
        a.$transaction(async (tx) => tx.note.update({ where: { id: 'a-stray' }, data: { nextId } })),
      ).rejects.toMatchObject({ code: 'P2025' })
    })

    test('a client that omits the tenant everywhere is confined all the same, and goes on omitting it', async () => {
      const omitting = Object.create(prisma, {
        _globalOmit: { value: { notebook: { orgId: true }, note: { orgId: true } } },
      }) as ScopeClient
      const scoped = scope(omitting)
      const [own, stray] = await scoped.note.findMany({
        where: { id: { in: ['a-note1', 'a-stray'] } },
        orderBy: { id: 'asc' },
        include: { notebook: true },
      })
      expect(own?.notebook).toEqual({ id: 'a-notebook', title: 'mine' })
      expect(stray?.notebook).toBeNull()
    })
  })
}
