import { servicesRequired } from '@acme/tools/services'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { ENGINES } from '../testing/databases.js'
import { organizationScope } from './organization-scope.js'
import { createScopeDatabase, foreignRows, MODELS, type ScopeClient, seed } from './testing.js'

// B's draft, cover and third note refer to A's `a-note3`; B's seat to the shared `ch`. Prisma makes room for a link that
// is one to one: it clears the reference of the row that stood there, in any organisation.
for (const engine of ENGINES.filter(({ provider }) => provider !== 'mysql')) {
  const database = await createScopeDatabase(engine)
  describe(`one-to-one relations under organizationScope (${engine.title})`, async () => {
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

    const draft = { text: 'x' } as never
    const taken = { id: 'a-note3' }
    const ways: Record<string, () => Promise<unknown>> = {
      'a column in create': () => a.draft.create({ data: { text: 'x', noteId: 'a-note3' } as never }),
      'a column in update': () => a.draft.update({ where: { id: 'a-draft' }, data: { noteId: 'a-note3' } }),
      'a column in upsert, created': () =>
        a.draft.upsert({
          where: { id: 'none' },
          create: { text: 'x', noteId: 'a-note3' } as never,
          update: {},
        }),
      'a column in upsert, updated': () =>
        a.draft.upsert({ where: { id: 'a-draft' }, create: draft, update: { noteId: 'a-note3' } }),
      'connect from the side of the column, in create': () =>
        a.draft.create({ data: { text: 'x', note: { connect: taken } } as never }),
      'connect from the side of the column, in update': () =>
        a.draft.update({ where: { id: 'a-draft' }, data: { note: { connect: taken } } }),
      'connectOrCreate from the side of the column': () =>
        a.draft.update({
          where: { id: 'a-draft' },
          data: {
            note: { connectOrCreate: { where: taken, create: { id: 'a-note3', title: 'x' } as never } },
          },
        }),
      'connectOrCreate that could create another': () =>
        a.draft.update({
          where: { id: 'a-draft' },
          data: { note: { connectOrCreate: { where: taken, create: { title: 'x' } as never } } },
        }),
      'create from the other side': () => a.note.update({ where: taken, data: { draft: { create: draft } } }),
      'connect from the other side': () =>
        a.note.update({ where: taken, data: { draft: { connect: { id: 'a-draft' } } } }),
      'connectOrCreate from the other side': () =>
        a.note.update({
          where: taken,
          data: { draft: { connectOrCreate: { where: { id: 'a-draft' }, create: draft } } },
        }),
      'upsert from the other side': () =>
        a.note.update({ where: taken, data: { draft: { upsert: { create: draft, update: draft } } } }),
      'connect from the other side in upsert': () =>
        a.note.upsert({
          where: taken,
          create: { title: 'x' } as never,
          update: { draft: { connect: { id: 'a-draft' } } },
        }),
      'connect from the other side, below': () =>
        a.notebook.update({
          where: { id: 'a-notebook' },
          data: { notes: { update: { where: taken, data: { draft: { connect: { id: 'a-draft' } } } } } },
        }),
      'required, from the side of the column': () =>
        a.cover.update({ where: { id: 'a-cover' }, data: { note: { connect: taken } } }),
      'required, from the other side': () =>
        a.note.update({ where: taken, data: { cover: { connect: { id: 'a-cover' } } } }),
      'to itself, from the side of the column': () =>
        a.note.update({ where: { id: 'a-note1' }, data: { next: { connect: taken } } }),
      'to itself, as a column': () =>
        a.note.update({ where: { id: 'a-note1' }, data: { nextId: 'a-note3' } }),
      'to itself, from the other side': () =>
        a.note.update({ where: taken, data: { previous: { connect: { id: 'a-note1' } } } }),
      'to a shared row': () =>
        a.seat.update({ where: { id: 'a-seat' }, data: { country: { connect: { code: 'ch' } } } }),
      'to a shared row, as a column': () =>
        a.seat.update({ where: { id: 'a-seat' }, data: { countryCode: 'ch' } }),
    }
    test.each(Object.keys(ways))('what B occupies is refused and stays: %s', async (way) => {
      await expect(ways[way]?.()).rejects.toMatchObject({
        code: expect.stringMatching(/^(P2002|P2014|P2025|organization-scope)$/),
      })
      expect(await prisma.draft.findUnique({ where: { id: 'a-draft' } })).toMatchObject({ noteId: 'b-note2' })
    })

    test('a column that is taken within the organisation is a conflict, and changes nothing', async () => {
      await prisma.draft.update({ where: { id: 'a-draft' }, data: { noteId: 'a-note1' } })
      const data = { text: 'x', noteId: 'a-note1' } as never
      await expect(a.draft.create({ data })).rejects.toMatchObject({ code: 'P2002' })
      await expect(a.cover.create({ data })).rejects.toMatchObject({ code: 'P2002' })
      expect(await prisma.draft.findUnique({ where: { id: 'a-draft' } })).toMatchObject({ noteId: 'a-note1' })
      expect(
        await a.draft.update({ where: { id: 'a-draft' }, data: { noteId: 'a-note1', text: 'y' } }),
      ).toMatchObject({ text: 'y', noteId: 'a-note1' })
    })

    test('a link within the organisation makes room as Prisma does', async () => {
      await prisma.draft.update({ where: { id: 'a-draft' }, data: { noteId: 'a-note1' } })
      const created = await a.draft.create({
        data: { text: 'x', note: { connect: { id: 'a-note1' } } } as never,
      })
      expect(created.noteId).toBe('a-note1')
      expect(await prisma.draft.findUnique({ where: { id: 'a-draft' } })).toMatchObject({ noteId: null })
      await a.note.update({ where: { id: 'a-note1' }, data: { draft: { connect: { id: 'a-draft' } } } })
      expect(await prisma.draft.findUnique({ where: { id: created.id } })).toMatchObject({ noteId: null })
      await a.note.update({ where: { id: 'a-note1' }, data: { draft: { create: draft } } })
      expect(await prisma.draft.findUnique({ where: { id: 'a-draft' } })).toMatchObject({ noteId: null })
    })

    test('a row to which rows of another organisation refer is neither deleted nor renamed', async () => {
      await expect(a.note.delete({ where: taken })).rejects.toMatchObject({ code: 'P2025' })
      await a.draft.deleteMany()
      await a.cover.deleteMany()
      await a.note.deleteMany()
      expect(await prisma.note.findMany({ where: { orgId: 'org_a' }, select: { id: true } })).toEqual([taken])
      await expect(a.note.update({ where: taken, data: { id: 'new' } })).rejects.toMatchObject({
        code: 'P2025',
      })
      await expect(a.note.updateMany({ data: { id: 'new' } })).rejects.toMatchObject({
        code: 'organization-scope',
      })
      await expect(
        a.notebook.update({ where: { id: 'a-notebook' }, data: { notes: { delete: taken } } }),
      ).rejects.toMatchObject({ code: 'P2017' })
      await expect(a.label.delete({ where: { id: 'a-label' } })).rejects.toMatchObject({ code: 'P2025' })
    })
  })
}
