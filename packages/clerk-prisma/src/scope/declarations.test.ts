import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENGINES } from '../testing/databases.js'
import type { ScopedModels } from './models.js'
import { organizationScope } from './organization-scope.js'
import { createScopeDatabase, MODELS, type ScopeClient, seed } from './testing.js'

type Written = Record<string, { tenant: string | null; relations?: Record<string, object> }>

/** The right declaration, changed in one place. */
function changed(change: (models: Written) => void): ScopedModels {
  const models = structuredClone(MODELS) as Written
  change(models)
  return models as ScopedModels
}
const relation = (model: string, field: string, declared: object) =>
  changed((models) => {
    models[model] = {
      tenant: null,
      ...models[model],
      relations: { ...models[model]?.relations, [field]: declared },
    }
  })

for (const engine of ENGINES.filter(({ provider }) => provider === 'sqlite')) {
  describe(`what is declared to organizationScope (${engine.title})`, async () => {
    const database = await createScopeDatabase(engine)
    if ('missing' in database) throw new Error(database.missing)
    const prisma = (await database.connect()) as unknown as ScopeClient
    beforeAll(() => seed(prisma))
    afterAll(() => database.drop())

    test.each<[string, ScopedModels, RegExp]>([
      ['one for many', relation('note', 'comments', { one: 'comment' }), /`note\.comments` is to many/],
      ['many for one', relation('note', 'draft', { many: 'draft' }), /`note\.draft` is to one/],
      ['a forgotten column', relation('note', 'notebook', { one: 'notebook' }), /foreignKey: 'notebookId'/],
      [
        'a misspelt column',
        relation('note', 'notebook', { one: 'notebook', foreignKey: 'notebookID' }),
        /foreignKey: 'notebookId'/,
      ],
      [
        'another column',
        relation('note', 'notebook', { one: 'notebook', foreignKey: 'title' }),
        /foreignKey: 'notebookId'/,
      ],
      [
        'a column where there is none',
        relation('note', 'draft', { one: 'draft', foreignKey: 'title' }),
        /`note\.draft`.*no column/,
      ],
      [
        'another field referred to',
        relation('note', 'country', { one: 'country', foreignKey: 'countryCode', references: 'name' }),
        /references: 'code'/,
      ],
      [
        'a field referred to forgotten',
        relation('note', 'country', { one: 'country', foreignKey: 'countryCode' }),
        /references: 'code'/,
      ],
      ['a table of links forgotten', relation('note', 'tags', { many: 'tag' }), /manyToMany: true/],
      [
        'a table of links invented',
        relation('note', 'comments', { many: 'comment', manyToMany: true }),
        /`note\.comments`.*manyToMany/,
      ],
      ['another model', relation('note', 'notebook', { one: 'draft', foreignKey: 'notebookId' }), /leads to/],
      ['neither one nor many', relation('note', 'notebook', {}), /`note\.notebook`/],
      ['both', relation('note', 'notebook', { one: 'notebook', many: 'notebook' }), /`note\.notebook`/],
      [
        'an option it does not know',
        relation('note', 'notebook', { one: 'notebook', foreignkey: 'notebookId', foreignKey: 'notebookId' }),
        /foreignkey/,
      ],
      [
        'a shared model that has the organisation’s field',
        changed((models) => {
          models.note = { ...models.note, tenant: null }
        }),
        /`note`.*shared.*`orgId`/,
      ],
      [
        'a shared model that refers to rows of an organisation',
        changed((models) => {
          models.secret = { tenant: null }
        }),
        /`secret`.*shared.*`note`/,
      ],
      [
        'a field of another type',
        changed((models) => {
          models.note = { ...models.note, tenant: 'stars' }
        }),
        /`note\.stars`/,
      ],
      [
        'no tenant at all',
        changed((models) => {
          models.note = {} as never
        }),
        /`note`.*tenant/,
      ],
    ])('%s is refused when the scope is made', (_, models, message) => {
      expect(() => prisma.$extends(organizationScope('org_a', { models }))).toThrow(
        expect.objectContaining({ name: 'ConfigurationError', message: expect.stringMatching(message) }),
      )
    })

    test('a client that hides its schema is refused, and one that is wrapped in part', () => {
      const make = (hidden: object) => () => organizationScope('org_a', { models: MODELS })(hidden)
      const internals = prisma as unknown as Record<string, object>
      const _engineConfig = internals._engineConfig
      const extend = () => prisma
      // What was read of one object is not read again.
      const models = () => ({ _runtimeDataModel: structuredClone(internals._runtimeDataModel) })
      expect(make({ $extends: extend, ...models(), _engineConfig })).not.toThrow()
      for (const client of [
        { $extends: extend },
        { $extends: extend, ...models() },
        { $extends: extend, _engineConfig },
        {
          $extends: extend,
          ...models(),
          _engineConfig: { inlineSchema: 'model Note {\n id String @id\n}' },
        },
        { $extends: extend, ...models(), _engineConfig: { inlineSchema: 'model Note {' } },
      ]) {
        expect(make(client)).toThrow(
          expect.objectContaining({ name: 'ConfigurationError', message: expect.stringMatching(/schema/) }),
        )
      }
    })

    test('the column of a relation that is not declared may be emptied, and nothing else', async () => {
      const models = changed((written) => {
        delete written.note?.relations?.notebook
      })
      const a = prisma.$extends(organizationScope('org_a', { models }))
      const refused = { name: 'OrganizationScopeError', message: expect.stringMatching(/notebookId/) }
      const data = { title: 'n', notebookId: 'b-notebook' } as never
      const where = { id: 'a-note2' }
      await expect(a.note.create({ data })).rejects.toMatchObject(refused)
      await expect(a.note.createMany({ data: [data] })).rejects.toMatchObject(refused)
      await expect(a.note.update({ where, data })).rejects.toMatchObject(refused)
      await expect(a.note.updateMany({ where, data })).rejects.toMatchObject(refused)
      await expect(
        a.note.update({ where, data: { notebookId: { set: 'a-notebook' } } }),
      ).rejects.toMatchObject(refused)
      expect(await a.note.create({ data: { title: 'n', notebookId: null } as never })).toMatchObject({
        notebookId: null,
      })
      expect(await a.note.update({ where, data: { notebookId: null } })).toMatchObject({ notebookId: null })
    })
  })
}
