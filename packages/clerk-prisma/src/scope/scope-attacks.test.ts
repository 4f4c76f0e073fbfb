import { ConfigurationError } from '@acme/clerk-core'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { engineOf } from '../testing/databases.js'
import type { ScopedModels } from './models.js'
import { organizationScope } from './organization-scope.js'
import { createScopeDatabase, foreignRows, MODELS, type ScopeClient, seed } from './testing.js'

const database = await createScopeDatabase(engineOf('v7-sqlite'))
if ('missing' in database) throw new Error(database.missing)
const prisma = (await database.connect()) as unknown as ScopeClient
afterAll(() => database.drop())

describe('a declaration that the schema contradicts makes no scope', () => {
  const { note, draft } = MODELS
  const wrong: Record<string, ScopedModels> = {
    '{ one } on a relation to many': {
      ...MODELS,
      note: { ...note, relations: { ...note.relations, comments: { one: 'comment' } } },
    },
    '{ many } on a relation to one': {
      ...MODELS,
      note: { ...note, relations: { ...note.relations, notebook: { many: 'notebook' } } },
    },
    'a foreign key that was forgotten': {
      ...MODELS,
      note: { ...note, relations: { ...note.relations, notebook: { one: 'notebook' } } },
    },
    'a foreign key that is misspelt': {
      ...MODELS,
      note: {
        ...note,
        relations: { ...note.relations, notebook: { one: 'notebook', foreignKey: 'noteBookId' } },
      },
    },
    'a foreign key that is another column': {
      ...MODELS,
      note: { ...note, relations: { ...note.relations, notebook: { one: 'notebook', foreignKey: 'title' } } },
    },
    'a relation that leads to another model': {
      ...MODELS,
      draft: { ...draft, relations: { note: { one: 'notebook', foreignKey: 'noteId' } } },
    },
    'manyToMany where the link is a column': {
      ...MODELS,
      note: { ...note, relations: { ...note.relations, comments: { many: 'comment', manyToMany: true } } },
    },
  }
  test.each(Object.entries(wrong))('%s', (_name, models) => {
    expect(() => prisma.$extends(organizationScope('org_a', { models }))).toThrow(ConfigurationError)
  })
})

test('a column that refers to another row leads to no other organisation, though its relation is not declared', async () => {
  await seed(prisma)
  const refer = async () => {
    const models = { ...MODELS, comment: { tenant: 'orgId' } } satisfies ScopedModels
    const a = prisma.$extends(organizationScope('org_a', { models }))
    return a.comment.create({ data: { id: 'new', text: 'mine', noteId: 'b-note1', orgId: 'org_a' } })
  }
  // Refused when the scope is made, or when the column is written.
  await expect(refer()).rejects.toThrow()
  expect(await prisma.comment.findUnique({ where: { id: 'new' } })).toBeNull()
})

describe('a write through a one-to-one relation that is occupied', () => {
  const a = prisma.$extends(organizationScope('org_a', { models: MODELS }))
  let foreign = ''
  beforeEach(async () => {
    await seed(prisma)
    // A's draft is free, and B's draft stands on a note of A's, as it may in a database from before.
    await prisma.draft.update({ where: { id: 'a-draft' }, data: { noteId: null } })
    await prisma.draft.update({ where: { id: 'b-draft' }, data: { noteId: 'a-note1' } })
    foreign = await foreignRows(prisma)
  })

  const create = { id: 'new-draft', text: 'mine', orgId: 'org_a' }
  const connect = { id: 'a-draft' }
  const note1 = { id: 'a-note1' }
  const newNote = { id: 'new-note', title: 'new', orgId: 'org_a' }
  const paths: Record<string, () => Promise<unknown>> = {
    'create, from the side without the key': () =>
      a.note.update({ where: note1, data: { draft: { create } } as never }),
    'connect, from the side without the key': () =>
      a.note.update({ where: note1, data: { draft: { connect } } as never }),
    'connectOrCreate, from the side without the key': () =>
      a.note.update({
        where: note1,
        data: { draft: { connectOrCreate: { where: connect, create } } } as never,
      }),
    'connectOrCreate of a new one': () =>
      a.note.update({
        where: note1,
        data: { draft: { connectOrCreate: { where: { id: 'none' }, create } } } as never,
      }),
    'upsert, from the side without the key': () =>
      a.note.update({
        where: note1,
        data: { draft: { upsert: { create, update: { text: 'mine' } } } } as never,
      }),
    'an upsert of the whole row': () =>
      a.note.upsert({ where: note1, create: newNote as never, update: { draft: { create } } as never }),
    'connect, from the side with the key': () =>
      a.draft.update({ where: connect, data: { note: { connect: note1 } } as never }),
    'connectOrCreate, from the side with the key': () =>
      a.draft.update({
        where: connect,
        data: { note: { connectOrCreate: { where: note1, create: newNote } } } as never,
      }),
    'the foreign key itself': () => a.draft.update({ where: connect, data: { noteId: 'a-note1' } as never }),
    'create, from the side with the key': () =>
      a.draft.create({ data: { id: 'new-draft', text: 'mine', note: { connect: note1 } } as never }),
  }
  test.each(Object.entries(paths))(
    'clears no foreign key of another organisation: %s',
    async (_name, write) => {
      const outcome = await write().then(
        () => 'done',
        (error: unknown) => error,
      )
      expect(await foreignRows(prisma), String(outcome)).toBe(foreign)
    },
  )
})
