import type { PrismaClient } from '../../generated/v7-sqlite-scope/client.ts'
import { createDatabase, type Engine, type TestDatabase } from '../testing/databases.js'
import type { ScopedModels } from './models.js'

export type ScopeClient = PrismaClient

export const MODELS = {
  workspace: { tenant: 'orgId', relations: { notebooks: { many: 'notebook' } } },
  notebook: {
    tenant: 'orgId',
    relations: {
      workspace: { one: 'workspace', foreignKey: 'orgId', references: 'orgId' },
      notes: { many: 'note' },
    },
  },
  note: {
    tenant: 'orgId',
    relations: {
      notebook: { one: 'notebook', foreignKey: 'notebookId' },
      country: { one: 'country', foreignKey: 'countryCode', references: 'code' },
      comments: { many: 'comment' },
      tags: { many: 'tag', manyToMany: true },
      draft: { one: 'draft' },
    },
  },
  draft: { tenant: 'orgId', relations: { note: { one: 'note', foreignKey: 'noteId' } } },
  comment: { tenant: 'orgId', relations: { note: { one: 'note', foreignKey: 'noteId' } } },
  tag: { tenant: 'orgId', relations: { notes: { many: 'note', manyToMany: true } } },
  country: { tenant: null, relations: { notes: { many: 'note' } } },
} as const satisfies ScopedModels

export async function createScopeDatabase(engine: Engine): Promise<TestDatabase | { missing: string }> {
  return createDatabase(engine, ['prisma/scope.sql'], 'scope')
}

const TABLES = ['comment', 'draft', 'secret', 'note', 'tag', 'notebook', 'workspace', 'country'] as const

/** What every value of the other organisation holds, and no other does. */
export const FOREIGN = 'belongs to B'

/**
 * Two organisations with the same rows, and references of A's rows into B's as they may stand in a database from before:
 * `a-stray` points to B's notebook, `a-draft` and `a-comment-stray` to B's notes, tags are linked across.
 */
export async function seed(prisma: ScopeClient): Promise<void> {
  for (const table of TABLES) await (prisma[table] as ScopeClient['note']).deleteMany()
  await prisma.country.create({ data: { code: 'ch', name: 'Switzerland' } })
  for (const [org, title] of [
    ['a', 'mine'],
    ['b', FOREIGN],
  ] as const) {
    const orgId = `org_${org}`
    await prisma.workspace.create({ data: { id: `${org}-workspace`, orgId, title } })
    await prisma.notebook.create({ data: { id: `${org}-notebook`, orgId, title } })
    await prisma.tag.create({ data: { id: `${org}-tag`, orgId, name: title } })
    for (const n of [1, 2, 3]) {
      await prisma.note.create({
        data: {
          id: `${org}-note${n}`,
          orgId,
          title: `${title} ${n}`,
          notebookId: `${org}-notebook`,
          countryCode: 'ch',
        },
      })
      await prisma.comment.create({
        data: { id: `${org}-comment${n}`, orgId, text: title, noteId: `${org}-note${n}` },
      })
      await prisma.note.update({
        where: { id: `${org}-note${n}` },
        data: { tags: { connect: { id: `${org}-tag` } } },
      })
    }
  }
  await prisma.draft.create({ data: { id: 'b-draft', orgId: 'org_b', text: FOREIGN, noteId: 'b-note1' } })
  await prisma.draft.create({ data: { id: 'a-draft', orgId: 'org_a', text: 'mine', noteId: 'b-note2' } })
  await prisma.note.create({
    data: { id: 'a-stray', orgId: 'org_a', title: 'stray', notebookId: 'b-notebook' },
  })
  await prisma.comment.create({
    data: { id: 'a-comment-stray', orgId: 'org_a', text: 'mine', noteId: 'b-note1' },
  })
  await prisma.note.update({ where: { id: 'a-note1' }, data: { tags: { connect: { id: 'b-tag' } } } })
  await prisma.note.update({ where: { id: 'b-note1' }, data: { tags: { connect: { id: 'a-tag' } } } })
}

/** Every row that is not A's, as JSON. */
export async function foreignRows(prisma: ScopeClient): Promise<string> {
  const orgId = { not: 'org_a' }
  return JSON.stringify([
    await prisma.workspace.findMany({ where: { orgId }, orderBy: { id: 'asc' } }),
    await prisma.notebook.findMany({ where: { orgId }, orderBy: { id: 'asc' } }),
    await prisma.note.findMany({
      where: { orgId },
      orderBy: { id: 'asc' },
      include: { tags: { where: { orgId } } },
    }),
    await prisma.draft.findMany({ where: { orgId }, orderBy: { id: 'asc' } }),
    await prisma.comment.findMany({ where: { orgId }, orderBy: { id: 'asc' } }),
    await prisma.tag.findMany({ where: { orgId }, orderBy: { id: 'asc' } }),
    await prisma.country.findMany(),
  ])
}
