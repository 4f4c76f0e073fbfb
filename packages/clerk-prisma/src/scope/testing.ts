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
      pages: { many: 'page' },
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
      cover: { one: 'cover' },
      parent: { one: 'note', foreignKey: 'parentId' },
      children: { many: 'note' },
      next: { one: 'note', foreignKey: 'nextId' },
      previous: { one: 'note' },
      labels: { many: 'noteLabel' },
    },
  },
  draft: { tenant: 'orgId', relations: { note: { one: 'note', foreignKey: 'noteId' } } },
  comment: { tenant: 'orgId', relations: { note: { one: 'note', foreignKey: 'noteId' } } },
  tag: { tenant: 'orgId', relations: { notes: { many: 'note', manyToMany: true } } },
  country: { tenant: null, relations: { notes: { many: 'note' }, seat: { one: 'seat' } } },
  cover: { tenant: 'orgId', relations: { note: { one: 'note', foreignKey: 'noteId' } } },
  seat: {
    tenant: 'orgId',
    relations: { country: { one: 'country', foreignKey: 'countryCode', references: 'code' } },
  },
  label: { tenant: 'orgId', relations: { notes: { many: 'noteLabel' } } },
  noteLabel: {
    tenant: 'orgId',
    relations: {
      note: { one: 'note', foreignKey: 'noteId' },
      label: { one: 'label', foreignKey: 'labelId' },
    },
  },
  page: { tenant: 'orgId', relations: { notebook: { one: 'notebook', foreignKey: 'notebookId' } } },
} as const satisfies ScopedModels

export async function createScopeDatabase(engine: Engine): Promise<TestDatabase | { missing: string }> {
  return createDatabase(engine, ['prisma/scope.sql'], 'scope')
}

/** In the order in which they can be deleted. */
const TABLES = [
  ...(['page', 'noteLabel', 'label', 'seat', 'cover', 'comment', 'draft', 'secret', 'note', 'tag'] as const),
  ...(['notebook', 'workspace', 'country'] as const),
] as const

/** What every value of the other organisation holds, and no other does. */
export const FOREIGN = 'belongs to B'

/**
 * Two organisations with the same rows on both sides of every kind of relation, and references across as they may stand
 * in a database from before. A's to B's: `a-stray` points to B's notebook, `a-draft` and `a-comment-stray` to B's notes.
 * B's to A's: `b-note2`, `b-note3`, `b-comment3`, `b-draft-stray`, `b-cover-stray` and a label of B on A's note. Tags are
 * linked across.
 */
export async function seed(prisma: ScopeClient): Promise<void> {
  for (const table of TABLES) await (prisma[table] as ScopeClient['note']).deleteMany()
  await prisma.country.createMany({
    data: [
      { code: 'ch', name: 'Switzerland' },
      { code: 'fr', name: 'France' },
    ],
  })
  const orgs = [
    { org: 'a', orgId: 'org_a', text: 'mine' },
    { org: 'b', orgId: 'org_b', text: FOREIGN },
  ]
  const numbers = [1, 2, 3] as const
  const each = <T>(of: (org: { org: string; orgId: string; text: string }, n: number) => T) =>
    orgs.flatMap((org) => numbers.map((n) => of(org, n)))
  await prisma.workspace.createMany({
    data: orgs.map(({ org, orgId, text }) => ({ id: `${org}-workspace`, orgId, title: text })),
  })
  await prisma.notebook.createMany({
    data: orgs.map(({ org, orgId, text }) => ({ id: `${org}-notebook`, orgId, title: text })),
  })
  await prisma.tag.createMany({
    data: orgs.map(({ org, orgId, text }) => ({ id: `${org}-tag`, orgId, name: text })),
  })
  await prisma.label.createMany({
    data: orgs.map(({ org, orgId, text }) => ({ id: `${org}-label`, orgId, name: text })),
  })
  await prisma.note.createMany({
    data: [
      ...each(({ org, orgId, text }, n) => ({
        ...{ id: `${org}-note${n}`, orgId, title: `${text} ${n}`, countryCode: 'ch' },
        // B's second note is in A's notebook; its third is a child of A's, and stands before it.
        notebookId: n === 2 ? 'a-notebook' : `${org}-notebook`,
        ...(org === 'b' && n === 3 ? { parentId: 'a-note3', nextId: 'a-note3' } : {}),
      })),
      { id: 'a-stray', orgId: 'org_a', title: 'stray', notebookId: 'b-notebook' },
    ],
  })
  await prisma.comment.createMany({
    data: [
      ...each(({ org, orgId, text }, n) => ({
        // B's third comment is on A's note.
        ...{ id: `${org}-comment${n}`, orgId, text, noteId: n === 3 ? 'a-note3' : `${org}-note${n}` },
      })),
      { id: 'a-comment-stray', orgId: 'org_a', text: 'mine', noteId: 'b-note1' },
    ],
  })
  await prisma.draft.createMany({
    data: [
      { id: 'b-draft', orgId: 'org_b', text: FOREIGN, noteId: 'b-note1' },
      { id: 'a-draft', orgId: 'org_a', text: 'mine', noteId: 'b-note2' },
      { id: 'b-draft-stray', orgId: 'org_b', text: FOREIGN, noteId: 'a-note3' },
    ],
  })
  await prisma.cover.createMany({
    data: [
      { id: 'b-cover', orgId: 'org_b', text: FOREIGN, noteId: 'b-note1' },
      { id: 'a-cover', orgId: 'org_a', text: 'mine', noteId: 'a-note1' },
      { id: 'b-cover-stray', orgId: 'org_b', text: FOREIGN, noteId: 'a-note3' },
    ],
  })
  await prisma.seat.createMany({
    data: [
      { id: 'b-seat', orgId: 'org_b', text: FOREIGN, countryCode: 'ch' },
      { id: 'a-seat', orgId: 'org_a', text: 'mine' },
    ],
  })
  await prisma.noteLabel.createMany({
    data: [
      ...orgs.map(({ org, orgId }) => ({
        ...{ id: `${org}-link`, orgId, noteId: `${org}-note1`, labelId: `${org}-label` },
      })),
      { id: 'b-link-stray', orgId: 'org_b', noteId: 'a-note3', labelId: 'a-label' },
    ],
  })
  await prisma.page.createMany({
    data: orgs.map(({ org, orgId, text }) => ({
      ...{ id: `${org}-page`, orgId, text, notebookId: `${org}-notebook` },
    })),
  })
  for (const [note, tags] of Object.entries(TAGS)) {
    await prisma.note.update({
      where: { id: note },
      data: { tags: { connect: tags.map((id) => ({ id })) } },
    })
  }
}

const TAGS = {
  ...{ 'a-note1': ['a-tag', 'b-tag'], 'a-note2': ['a-tag'], 'a-note3': ['a-tag'] },
  ...{ 'b-note1': ['b-tag', 'a-tag'], 'b-note2': ['b-tag'], 'b-note3': ['b-tag'] },
}

/** A's rows without any of B's: what refers to those refers to nothing. */
export async function seedAlone(prisma: ScopeClient): Promise<void> {
  await seed(prisma)
  const where = { orgId: 'org_b' }
  for (const table of TABLES) {
    if (table !== 'secret' && table !== 'country')
      await (prisma[table] as ScopeClient['note']).deleteMany({ where })
  }
}

const orgOther = { not: 'org_a' }

async function rowsOf(prisma: ScopeClient, orgId: string | { not: string }): Promise<unknown> {
  const those = { where: { orgId }, orderBy: { id: 'asc' } } as const
  return [
    await prisma.note.findMany({ ...those, include: { tags: { where: { orgId }, orderBy: { id: 'asc' } } } }),
    await prisma.workspace.findMany(those),
    await prisma.notebook.findMany(those),
    await prisma.draft.findMany(those),
    await prisma.comment.findMany(those),
    await prisma.tag.findMany(those),
    await prisma.cover.findMany(those),
    await prisma.seat.findMany(those),
    await prisma.label.findMany(those),
    await prisma.noteLabel.findMany(those),
    await prisma.page.findMany(those),
    await prisma.country.findMany({ orderBy: { code: 'asc' } }),
  ]
}

/** Every row that is not A's, as JSON. */
export const foreignRows = async (prisma: ScopeClient): Promise<string> =>
  JSON.stringify(await rowsOf(prisma, orgOther))

export const ownRows = (prisma: ScopeClient): Promise<unknown> => rowsOf(prisma, 'org_a')
