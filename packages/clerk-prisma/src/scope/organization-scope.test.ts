import { servicesRequired } from '@acme/tools/services'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { ENGINES } from '../testing/databases.js'
import { OrganizationScopeError, type ScopedModels } from './models.js'
import { organizationScope } from './organization-scope.js'
import { createScopeDatabase, FOREIGN, foreignRows, MODELS, type ScopeClient, seed } from './testing.js'

const refused = expect.objectContaining({ name: 'OrganizationScopeError' })

for (const engine of ENGINES.filter(({ provider }) => provider !== 'mysql')) {
  const database = await createScopeDatabase(engine)
  describe(`organizationScope (${engine.title})`, async () => {
    if ('missing' in database) {
      test.skipIf(!servicesRequired())(database.missing, () => {
        throw new Error(database.missing)
      })
      return
    }
    const prisma = (await database.connect()) as unknown as ScopeClient
    const a = prisma.$extends(organizationScope('org_a', { models: MODELS }))
    afterAll(() => database.drop())
    let before = ''
    beforeEach(async () => {
      await seed(prisma)
      before = await foreignRows(prisma)
      return async () => expect(await foreignRows(prisma)).toBe(before)
    })

    test('every way of reading sees the rows of the organisation only', async () => {
      expect((await a.note.findMany({ orderBy: { id: 'asc' } })).map(({ id }) => id)).toEqual([
        ...['a-note1', 'a-note2', 'a-note3', 'a-stray'],
      ])
      expect(await a.note.findMany({ where: { orgId: 'org_b' } })).toEqual([])
      expect(await a.note.findMany({ where: { OR: [{ orgId: 'org_b' }, { id: 'b-note1' }] } })).toEqual([])
      expect(await a.note.findUnique({ where: { id: 'b-note1' } })).toBeNull()
      expect(
        await a.note.findUnique({ where: { orgId_title: { orgId: 'org_b', title: `${FOREIGN} 1` } } }),
      ).toBeNull()
      expect(await a.note.findUnique({ where: { id: 'a-note1' } })).toMatchObject({ title: 'mine 1' })
      expect(await a.note.findFirst({ where: { title: { contains: FOREIGN } } })).toBeNull()
      await expect(a.note.findUniqueOrThrow({ where: { id: 'b-note1' } })).rejects.toMatchObject({
        code: 'P2025',
      })
      await expect(a.note.findFirstOrThrow({ where: { id: 'b-note1' } })).rejects.toMatchObject({
        code: 'P2025',
      })
      expect(await a.note.count()).toBe(4)
      expect(await a.note.count({ where: { NOT: { orgId: 'org_a' } } })).toBe(0)
      expect(await a.note.aggregate({ _count: true, _max: { title: true } })).toMatchObject({ _count: 4 })
      expect(await a.note.groupBy({ by: ['orgId'], _count: true, orderBy: { orgId: 'asc' } })).toEqual([
        { orgId: 'org_a', _count: 4 },
      ])
    })

    test('a cursor on a row of another organisation finds nothing', async () => {
      const [first] = await a.note.findMany({ orderBy: { id: 'asc' }, cursor: { id: 'a-note2' } })
      expect(first?.id).toBe('a-note2')
      expect(await a.note.findMany({ orderBy: { id: 'asc' }, cursor: { id: 'b-note1' } })).toEqual([])
    })

    test('a cursor by a compound key does not leave the organisation', async () => {
      const orderBy = { title: 'asc' } as const
      const of = (orgId: string, title: string) =>
        a.note.findMany({ orderBy, cursor: { orgId_title: { orgId, title } } })
      expect((await of('org_a', 'mine 2'))[0]).toMatchObject({ id: 'a-note2' })
      await expect(of('org_b', `${FOREIGN} 1`)).rejects.toEqual(refused)
    })

    test('what is included is confined, through references that lead out of the organisation too', async () => {
      const notes = await a.note.findMany({
        orderBy: { id: 'asc' },
        include: { notebook: { include: { notes: true } }, tags: true, comments: true, country: true },
      })
      expect(JSON.stringify(notes)).not.toContain(FOREIGN)
      expect(notes[0]).toMatchObject({
        notebook: { id: 'a-notebook' },
        tags: [{ id: 'a-tag' }],
        country: { code: 'ch' },
      })
      expect(notes[3]).toMatchObject({ id: 'a-stray', notebook: null })
      const comment = await a.comment.findUnique({
        where: { id: 'a-comment-stray' },
        select: { text: true, note: { select: { title: true, comments: true } } },
      })
      expect(comment).toEqual({ text: 'mine', note: null })
      const own = await a.comment.findUnique({
        where: { id: 'a-comment1' },
        select: { note: { select: { title: true } } },
      })
      expect(own).toEqual({ note: { title: 'mine 1' } })
      const omitted = await a.comment.findUnique({
        where: { id: 'a-comment1' },
        include: { note: { omit: { orgId: true, notebookId: true } } },
      })
      expect(Object.keys(omitted?.note ?? {})).not.toContain('orgId')
      const shared = await a.country.findMany({ include: { notes: true } })
      expect(shared[0]?.notes.map(({ orgId }) => orgId)).toEqual(['org_a', 'org_a', 'org_a'])
    })

    test('the fluent way along relations is confined', async () => {
      expect(await a.note.findUnique({ where: { id: 'b-note1' } }).comments()).toBeNull()
      expect(await a.note.findUnique({ where: { id: 'a-note1' } }).comments()).toHaveLength(1)
      expect(await a.note.findUnique({ where: { id: 'a-stray' } }).notebook()).toBeNull()
      expect(await a.note.findUnique({ where: { id: 'a-note1' } }).notebook()).toMatchObject({
        id: 'a-notebook',
      })
      const beyond = await a.note
        .findUnique({ where: { id: 'a-stray' } })
        .notebook()
        .notes()
      expect(beyond?.map(({ orgId }) => orgId)).toEqual(['org_a'])
    })

    test('counts of relations leave out other organisations', async () => {
      const [note] = await a.note.findMany({
        where: { id: 'a-note1' },
        select: { _count: { select: { tags: true } } },
      })
      expect(note?._count.tags).toBe(1)
      const [all] = await a.tag.findMany({ include: { _count: true } })
      expect(all?._count).toEqual({ notes: 3 })
      const [country] = await a.country.findMany({ select: { _count: { select: { notes: { where: {} } } } } })
      expect(country?._count.notes).toBe(3)
    })

    test('conditions on relations do not look at other organisations', async () => {
      const foreign = { title: { contains: FOREIGN } }
      expect(await a.note.findMany({ where: { notebook: foreign } })).toEqual([])
      expect(await a.note.findMany({ where: { notebook: { is: foreign } } })).toEqual([])
      expect(await a.note.findMany({ where: { tags: { some: { name: FOREIGN } } } })).toEqual([])
      expect(await a.note.count({ where: { tags: { none: { name: FOREIGN } } } })).toBe(4)
      expect(await a.note.count({ where: { id: 'a-note1', tags: { every: { name: 'mine' } } } })).toBe(1)
      expect(await a.comment.count({ where: { note: { isNot: foreign } } })).toBe(4)
      expect(await a.country.count({ where: { notes: { some: foreign } } })).toBe(0)
      expect(await a.note.findMany({ where: { AND: [{ OR: [{ notebook: foreign }] }] } })).toEqual([])
    })

    test('an order by rows of another model is refused, by a shared one it is not', async () => {
      await expect(a.note.findMany({ orderBy: { notebook: { title: 'asc' } } })).rejects.toEqual(refused)
      await expect(a.note.findMany({ orderBy: [{ comments: { _count: 'desc' } }] })).rejects.toEqual(refused)
      expect(await a.note.findMany({ orderBy: { country: { name: 'asc' } } })).toHaveLength(4)
    })

    test('whatever is created belongs to the organisation', async () => {
      expect(await a.note.create({ data: { title: 'n', orgId: 'org_a' } })).toMatchObject({ orgId: 'org_a' })
      await a.notebook.create({
        data: {
          id: 'new',
          title: 'n',
          notes: { create: [{ title: 'x', comments: { create: { text: 'c' } } }] },
        } as never,
      })
      await a.note.createMany({ data: [{ title: 'm1' }, { title: 'm2' }] as never })
      await a.note.createManyAndReturn({ data: [{ title: 'm3' }] as never })
      await a.note.upsert({ where: { id: 'u' }, create: { id: 'u', title: 'u' } as never, update: {} })
      await a.workspace.update({
        where: { orgId: 'org_a' },
        data: { notebooks: { create: { title: 'via' } } },
      })
      expect(await prisma.note.count({ where: { orgId: 'org_a' } })).toBe(10)
      expect(await prisma.comment.findFirst({ where: { text: 'c' } })).toMatchObject({ orgId: 'org_a' })
      expect(await prisma.notebook.count({ where: { title: 'via', orgId: 'org_a' } })).toBe(1)
    })

    test('the organisation of a row is not the caller’s to say', async () => {
      const data = { title: 'x', orgId: 'org_b' }
      await expect(a.note.create({ data })).rejects.toEqual(refused)
      await expect(a.note.createMany({ data: [data] })).rejects.toEqual(refused)
      await expect(a.note.createManyAndReturn({ data: [data] })).rejects.toEqual(refused)
      await expect(a.note.update({ where: { id: 'a-note1' }, data: { orgId: 'org_b' } })).rejects.toEqual(
        refused,
      )
      await expect(a.note.updateMany({ data: { orgId: { set: 'org_b' } } })).rejects.toEqual(refused)
      await expect(a.note.updateManyAndReturn({ data: { orgId: 'org_b' } })).rejects.toEqual(refused)
      await expect(
        a.note.upsert({ where: { id: 'x' }, create: data, update: { orgId: 'org_b' } }),
      ).rejects.toEqual(refused)
      await expect(
        a.notebook.update({
          where: { id: 'a-notebook' },
          data: { workspace: { connect: { orgId: 'org_b' } } },
        }),
      ).rejects.toEqual(refused)
      await expect(
        a.note.update({
          where: { id: 'a-note1' },
          data: { comments: { create: { text: 'x', orgId: 'org_b' } } },
        }),
      ).rejects.toEqual(refused)
      expect(
        await a.note.update({ where: { id: 'a-note1' }, data: { orgId: 'org_a', stars: 1 } }),
      ).toMatchObject({ stars: 1 })
    })

    test('rows of another organisation are neither changed nor deleted', async () => {
      const missing = { code: 'P2025' }
      await expect(a.note.update({ where: { id: 'b-note1' }, data: { stars: 9 } })).rejects.toMatchObject(
        missing,
      )
      await expect(a.note.delete({ where: { id: 'b-note1' } })).rejects.toMatchObject(missing)
      await expect(
        a.note.upsert({
          where: { id: 'b-note1' },
          create: { id: 'b-note1', title: 't' } as never,
          update: { stars: 9 },
        }),
      ).rejects.toMatchObject({ code: 'P2002' })
      expect(await a.note.updateMany({ where: { orgId: 'org_b' }, data: { stars: 9 } })).toEqual({ count: 0 })
      expect(await a.note.updateManyAndReturn({ where: { id: 'b-note1' }, data: { stars: 9 } })).toEqual([])
      expect(await a.comment.deleteMany({})).toEqual({ count: 4 })
      expect(await prisma.comment.count()).toBe(3)
    })

    test('a link to a row of another organisation is refused, as a reference too', async () => {
      const where = { id: 'a-note2' }
      const missing = { code: 'P2025' }
      await expect(
        a.note.update({ where, data: { notebook: { connect: { id: 'b-notebook' } } } }),
      ).rejects.toMatchObject(missing)
      await expect(a.note.update({ where, data: { notebookId: 'b-notebook' } })).rejects.toMatchObject(
        missing,
      )
      await expect(
        a.note.create({ data: { title: 'x', notebookId: 'b-notebook' } as never }),
      ).rejects.toMatchObject(missing)
      await expect(
        a.note.createMany({ data: [{ title: 'x', notebookId: 'b-notebook' }] as never }),
      ).rejects.toEqual(refused)
      await expect(a.note.updateMany({ data: { notebookId: 'b-notebook' } })).rejects.toEqual(refused)
      await expect(
        a.note.update({ where, data: { tags: { connect: [{ id: 'b-tag' }] } } }),
      ).rejects.toBeDefined()
      await expect(a.note.update({ where, data: { tags: { set: [{ id: 'b-tag' }] } } })).rejects.toBeDefined()
      await expect(
        a.note.update({ where, data: { comments: { connect: { id: 'b-comment1' } } } }),
      ).rejects.toBeDefined()
      await expect(
        a.note.update({
          where,
          data: {
            tags: {
              connectOrCreate: { where: { id: 'b-tag' }, create: { id: 'b-tag', name: 'x' } as never },
            },
          },
        }),
      ).rejects.toBeDefined()
      expect(await a.note.findUnique({ where, include: { tags: true } })).toMatchObject({
        notebookId: 'a-notebook',
        tags: [{ id: 'a-tag' }],
      })
    })

    test('references and links to rows of its own, and to shared ones, work', async () => {
      const data = { title: 'x', notebookId: 'a-notebook', countryCode: 'ch' } as never
      expect(await a.note.create({ data })).toMatchObject({
        notebookId: 'a-notebook',
        countryCode: 'ch',
        orgId: 'org_a',
      })
      const where = { id: 'a-note2' }
      expect(await a.note.update({ where, data: { notebookId: null } })).toMatchObject({ notebookId: null })
      expect(
        await a.note.update({ where, data: { notebookId: 'a-notebook', countryCode: null } }),
      ).toMatchObject({
        notebookId: 'a-notebook',
        countryCode: null,
      })
      expect(await a.note.update({ where, data: { country: { connect: { code: 'ch' } } } })).toMatchObject({
        countryCode: 'ch',
      })
      await a.note.update({ where, data: { tags: { set: [] } } })
      await a.note.update({ where, data: { tags: { create: { name: 'fresh' } as never } } })
      await a.note.update({ where, data: { draft: { create: { text: 'd' } as never } } })
      await a.note.update({ where, data: { draft: { update: { text: 'e' } } } })
      await a.note.update({
        where,
        data: { draft: { upsert: { create: { text: 'f' } as never, update: { text: 'f' } } } },
      })
      expect(await a.note.findUnique({ where, include: { draft: true, tags: true } })).toMatchObject({
        draft: { text: 'f', orgId: 'org_a' },
        tags: [{ name: 'fresh', orgId: 'org_a' }],
      })
      await a.note.update({ where, data: { draft: { delete: true } } })
      expect(await a.draft.count({ where: { text: 'f' } })).toBe(0)
    })

    test('nested writes reach no row of another organisation', async () => {
      const where = { id: 'a-stray' }
      const ways = [
        () => a.note.update({ where, data: { notebook: { update: { title: 'taken' } } } }),
        () =>
          a.note.update({ where, data: { notebook: { update: { where: {}, data: { title: 'taken' } } } } }),
        () => a.note.update({ where, data: { notebook: { delete: true } } }),
        () => a.draft.update({ where: { id: 'a-draft' }, data: { note: { update: { title: 'taken' } } } }),
        () =>
          a.comment.update({
            where: { id: 'a-comment-stray' },
            data: { note: { update: { tags: { deleteMany: {} } } } },
          }),
        () =>
          a.note.update({
            where: { id: 'a-note1' },
            data: { tags: { update: { where: { id: 'b-tag' }, data: { name: 'taken' } } } },
          }),
        () => a.note.update({ where: { id: 'a-note1' }, data: { tags: { delete: { id: 'b-tag' } } } }),
      ]
      for (const way of ways)
        await expect(way()).rejects.toMatchObject({ code: expect.stringMatching(/^P20(25|17)$/) })
      await a.note.update({
        where: { id: 'a-note1' },
        data: { tags: { updateMany: { where: {}, data: { name: 'all' } } } },
      })
      await a.note.update({ where: { id: 'a-note1' }, data: { tags: { deleteMany: {} } } })
    })

    test('shared models are read only', async () => {
      expect(await a.country.findUnique({ where: { code: 'ch' } })).toMatchObject({ name: 'Switzerland' })
      await expect(a.country.create({ data: { code: 'at', name: 'Austria' } })).rejects.toEqual(refused)
      await expect(a.country.update({ where: { code: 'ch' }, data: { name: 'x' } })).rejects.toEqual(refused)
      await expect(a.country.updateMany({ data: { name: 'x' } })).rejects.toEqual(refused)
      await expect(a.country.deleteMany()).rejects.toEqual(refused)
      await expect(a.country.delete({ where: { code: 'ch' } })).rejects.toEqual(refused)
      await expect(
        a.note.update({ where: { id: 'a-note1' }, data: { country: { update: { name: 'x' } } } }),
      ).rejects.toEqual(refused)
      await expect(
        a.note.update({ where: { id: 'a-note1' }, data: { country: { create: { code: 'at', name: 'x' } } } }),
      ).rejects.toEqual(refused)
    })

    test('raw queries, models and relations that are not declared throw', async () => {
      await expect(a.$queryRaw`SELECT 1`).rejects.toEqual(refused)
      await expect(a.$executeRaw`SELECT 1`).rejects.toEqual(refused)
      await expect(a.$queryRawUnsafe('SELECT 1')).rejects.toEqual(refused)
      await expect(a.$executeRawUnsafe('SELECT 1')).rejects.toEqual(refused)
      await expect(a.secret.findMany()).rejects.toEqual(refused)
      await expect(a.note.findMany({ include: { secrets: true } })).rejects.toEqual(refused)
      await expect(a.note.findMany({ select: { secrets: true } })).rejects.toEqual(refused)
      await expect(a.note.findMany({ select: { _count: { select: { secrets: true } } } })).rejects.toEqual(
        refused,
      )
      await expect(a.note.findMany({ where: { secrets: { some: {} } } })).rejects.toEqual(refused)
      await expect(
        a.note.findMany({ where: { NOT: [{ OR: [{ secrets: { none: {} } }] }] } }),
      ).rejects.toEqual(refused)
      await expect(a.note.findMany({ orderBy: { secrets: { _count: 'asc' } } })).rejects.toEqual(refused)
      await expect(
        a.note.create({ data: { title: 'x', orgId: 'org_a', secrets: { create: {} } } }),
      ).rejects.toEqual(refused)
    })

    test('transactions of both kinds stay confined', async () => {
      const [found, count] = await a.$transaction([
        a.note.findMany({ where: { id: 'b-note1' } }),
        a.note.count(),
      ])
      expect([found, count]).toEqual([[], 4])
      await a.$transaction(async (tx) => {
        expect(await tx.note.count()).toBe(4)
        expect(await tx.note.findUnique({ where: { id: 'b-note1' } })).toBeNull()
        await expect(tx.$queryRaw`SELECT 1`).rejects.toEqual(refused)
      })
    })

    test('a declaration that does not fit the schema is refused with everything wrong in it', () => {
      const models: ScopedModels = {
        note: {
          tenant: 'organizationId',
          relations: { notebook: { one: 'notebook' }, title: { one: 'note' } },
        },
        nothing: { tenant: 'orgId' },
      }
      expect(() => prisma.$extends(organizationScope('org_a', { models }))).toThrow(
        /no field `organizationId`[\s\S]*no model `nothing`[\s\S]*`notebook`, which is not declared[\s\S]*`note.title` is no relation/,
      )
      expect(() => organizationScope({ not: '' } as never, { models: MODELS })).toThrow(
        /orgId must be a string/,
      )
      expect(new OrganizationScopeError('x').code).toBe('organization-scope')
    })
  })
}
