import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { engineOf } from '../testing/databases.js'
import { organizationScope } from './organization-scope.js'
import { createScopeDatabase, FOREIGN, foreignRows, MODELS, type ScopeClient, seed } from './testing.js'

const database = await createScopeDatabase(engineOf('v7-sqlite'))
if ('missing' in database) throw new Error(database.missing)
const prisma = (await database.connect()) as unknown as ScopeClient
afterAll(() => database.drop())

type ModelName = keyof typeof MODELS
type Args = Record<string, unknown>
type Gen = fc.Arbitrary<Args>

/** What random operations are made of: for each model its texts, and its relations with where they lead. */
const SHAPES: Record<
  ModelName,
  { ids: readonly string[]; text: string; to: Record<string, ModelName>; fks: Record<string, ModelName> }
> = {
  workspace: { ids: ['workspace'], text: 'title', to: { notebooks: 'notebook' }, fks: {} },
  notebook: { ids: ['notebook'], text: 'title', to: { workspace: 'workspace', notes: 'note' }, fks: {} },
  note: {
    ids: ['note1', 'stray', 'stray'],
    text: 'title',
    to: { notebook: 'notebook', country: 'country', comments: 'comment', tags: 'tag', draft: 'draft' },
    fks: { notebookId: 'notebook' },
  },
  draft: { ids: ['draft'], text: 'text', to: { note: 'note' }, fks: { noteId: 'note' } },
  comment: {
    ids: ['comment1', 'comment-stray', 'comment-stray'],
    text: 'text',
    to: { note: 'note' },
    fks: { noteId: 'note' },
  },
  tag: { ids: ['tag'], text: 'name', to: { notes: 'note' }, fks: {} },
  country: { ids: ['ch'], text: 'name', to: { notes: 'note' }, fks: {} },
}
const isMany = (field: string) => field.endsWith('s')

const org = fc.constantFrom('a', 'a', 'b')
const looked = fc.constantFrom('mine', FOREIGN)
/** Never what B has, so that finding it in an answer means one thing. */
const written = fc.oneof(fc.constant('mine 1'), fc.uuid())
const idOf = (model: ModelName) =>
  model === 'country'
    ? fc.constant('ch')
    : fc.tuple(org, fc.constantFrom(...SHAPES[model].ids)).map(([o, id]) => `${o}-${id}`)
const unique = (model: ModelName): Gen =>
  idOf(model).map((id) => (model === 'country' ? { code: id } : { id }))
const tenant = fc.constantFrom('org_a', 'org_b')

const oneKey = (entries: [string, fc.Arbitrary<unknown>][]): Gen =>
  fc.oneof(...entries.map(([key, value]) => value.map((v): Args => ({ [key]: v }))))
const someKeys = (entries: Record<string, fc.Arbitrary<unknown>>): Gen =>
  fc.record(entries, { requiredKeys: [] }) as Gen

function where(model: ModelName, depth: number): Gen {
  const { text, to } = SHAPES[model]
  const plain: [string, fc.Arbitrary<unknown>][] = [
    [text, looked.map((contains) => ({ contains }))],
    ...(model === 'country'
      ? []
      : ([
          ['orgId', tenant],
          ['id', idOf(model)],
        ] as [string, fc.Arbitrary<unknown>][])),
  ]
  if (depth === 0) return fc.oneof(fc.constant({}), oneKey(plain))
  const inner = where(model, depth - 1)
  return fc.oneof(
    fc.constant({}),
    oneKey(plain),
    oneKey([
      ['AND', fc.array(inner, { maxLength: 2 })],
      ['OR', fc.array(inner, { minLength: 1, maxLength: 2 })],
      ['NOT', inner],
    ]),
    oneKey(
      Object.entries(to).map(([field, target]) => {
        const nested = where(target, depth - 1)
        const filters = isMany(field) ? (['some', 'none', 'every'] as const) : (['is', 'isNot'] as const)
        return [field, oneKey(filters.map((filter) => [filter, nested]))]
      }),
    ),
  )
}

function include(model: ModelName, depth: number): Gen {
  const relations = Object.entries(SHAPES[model].to).map(
    ([field, target]): [string, fc.Arbitrary<unknown>] => {
      if (depth === 0) return [field, fc.constant(true)]
      const deeper = include(target, depth - 1).map((nested) =>
        Object.keys(nested).length === 0 ? {} : { include: nested },
      )
      const selected = fc.record({ select: fc.constant({ [SHAPES[target].text]: true }) })
      return [
        field,
        isMany(field)
          ? fc.oneof(
              fc.constant(true),
              deeper,
              fc.tuple(deeper, where(target, 1)).map(([d, w]) => ({ ...d, where: w })),
            )
          : fc.oneof(fc.constant(true), deeper, selected),
      ]
    },
  )
  return someKeys({ ...Object.fromEntries(relations), _count: fc.constant(true) })
}

function values(model: ModelName, depth: number): Gen {
  const { text, to, fks } = SHAPES[model]
  return fc
    .tuple(
      written.map((value): Args => ({ [text]: value })),
      fc.oneof(
        { weight: 3, arbitrary: fc.constant({}) },
        someKeys(Object.fromEntries(Object.entries(fks).map(([fk, target]) => [fk, idOf(target)]))),
      ),
      depth === 0
        ? fc.constant({})
        : fc.oneof(
            fc.constant({}),
            oneKey(
              Object.entries(to).map(([field, target]) => [
                field,
                nestedWrite(target, isMany(field), depth - 1),
              ]),
            ),
          ),
    )
    .map(([own, references, nested]) => ({ ...own, ...references, ...nested }))
}

function nestedWrite(model: ModelName, many: boolean, depth: number): Gen {
  const data = values(model, depth)
  const both = fc.record({ where: unique(model), create: data, update: data, data })
  if (!many) {
    return oneKey([
      ['create', data],
      ['connect', unique(model)],
      ['connectOrCreate', both.map(({ where: w, create }) => ({ where: w, create }))],
      [
        'update',
        fc.oneof(
          data,
          data.map((d) => ({ data: d, where: {} })),
        ),
      ],
      ['upsert', both.map(({ create, update }) => ({ create, update }))],
      ['delete', fc.constant(true)],
      ['disconnect', fc.constant(true)],
    ])
  }
  return oneKey([
    ['create', data],
    ['createMany', data.map((d) => ({ data: [d] }))],
    ['connect', fc.array(unique(model), { minLength: 1, maxLength: 2 })],
    ['connectOrCreate', both.map(({ where: w, create }) => ({ where: w, create }))],
    ['disconnect', unique(model)],
    ['set', fc.array(unique(model), { maxLength: 2 })],
    ['update', both.map(({ where: w, data: d }) => ({ where: w, data: d }))],
    ['updateMany', fc.tuple(where(model, 0), data).map(([w, d]) => ({ where: w, data: d }))],
    ['upsert', both.map(({ where: w, create, update }) => ({ where: w, create, update }))],
    ['delete', unique(model)],
    ['deleteMany', where(model, 0)],
  ])
}

function operation(model: ModelName): fc.Arbitrary<[ModelName, string, Args]> {
  const relations = fc.oneof(
    fc.constant({}),
    include(model, 1).map((i) => (Object.keys(i).length === 0 ? {} : { include: i })),
  )
  const w = where(model, 2)
  const data = values(model, 2)
  const named = (name: string, args: Gen) => args.map((a): [ModelName, string, Args] => [model, name, a])
  const merge = (...parts: Gen[]) => fc.tuple(...parts).map((all): Args => Object.assign({}, ...all))
  const key = unique(model).map((u): Args => ({ where: u }))
  const filtered = w.map((value): Args => ({ where: value }))
  const cursor = fc.oneof(
    fc.constant({}),
    unique(model).map((u): Args => ({ cursor: u, orderBy: { id: 'asc' } })),
  )
  return fc.oneof(
    named('findMany', merge(filtered, relations, model === 'country' ? fc.constant({}) : cursor)),
    named('findFirst', merge(filtered, relations)),
    named('findUnique', merge(key, relations)),
    named('count', filtered),
    named(
      'create',
      merge(
        data.map((d) => ({ data: d })),
        relations,
      ),
    ),
    named(
      'createMany',
      values(model, 0).map((d) => ({ data: [d] })),
    ),
    {
      weight: 6,
      arbitrary: named(
        'update',
        merge(
          key,
          data.map((d) => ({ data: d })),
          relations,
        ),
      ),
    },
    named(
      'updateMany',
      merge(
        filtered,
        values(model, 0).map((d) => ({ data: d })),
      ),
    ),
    named(
      'updateManyAndReturn',
      merge(
        filtered,
        values(model, 0).map((d) => ({ data: d })),
      ),
    ),
    named(
      'upsert',
      merge(
        key,
        fc.tuple(data, data).map(([create, update]) => ({ create, update })),
        relations,
      ),
    ),
    named('delete', merge(key, relations)),
    named('deleteMany', filtered),
  )
}

/** The rows of A that refer to rows of B, and nested writes along that reference: where a hole would be. */
const through: fc.Arbitrary<[ModelName, string, Args]> = fc
  .constantFrom(
    ['note', 'a-stray', 'notebook'] as const,
    ['draft', 'a-draft', 'note'] as const,
    ['comment', 'a-comment-stray', 'note'] as const,
    ['note', 'a-note1', 'tags'] as const,
  )
  .chain(([model, id, field]) => {
    const write = nestedWrite(SHAPES[model].to[field] ?? model, isMany(field), 1)
    return write.map((nested) => [model, 'update', { where: { id }, data: { [field]: nested } }])
  })

const operations = fc.array(
  fc.oneof({ weight: 4, arbitrary: through }, ...(Object.keys(SHAPES) as ModelName[]).map(operation)),
  { minLength: 5, maxLength: 15 },
)

test('random operations under one organisation neither read nor change a row of another', async () => {
  const a = prisma.$extends(organizationScope('org_a', { models: MODELS }))
  const run = async (model: ModelName, name: string, args: Args): Promise<unknown> =>
    (a[model] as unknown as Record<string, (args: Args) => Promise<unknown>>)[name]?.(args)
  const outcomes = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(operations, async (list) => {
      await seed(prisma)
      const before = await foreignRows(prisma)
      for (const [model, name, args] of list) {
        const call = `${model}.${name}(${JSON.stringify(args)})`
        const rowsOfA =
          model === 'country'
            ? 1
            : await (prisma[model] as ScopeClient['note']).count({ where: { orgId: 'org_a' } })
        const outcome = await run(model, name, args).then(
          (answer) => {
            expect(JSON.stringify(answer), call).not.toMatch(/org_b|belongs to B/)
            if (typeof answer === 'number') expect(answer, call).toBeLessThanOrEqual(rowsOfA)
            return 'done'
          },
          (error: Error) => {
            if (error.name === 'AssertionError') throw error
            return error.name
          },
        )
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        expect(await foreignRows(prisma), call).toBe(before)
      }
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 40) },
  )
  const all = [...outcomes.values()].reduce((sum, n) => sum + n, 0)
  expect((outcomes.get('done') ?? 0) / all, JSON.stringify([...outcomes])).toBeGreaterThan(0.4)
}, 120_000)
