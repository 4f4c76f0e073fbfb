import fc from 'fast-check'
import { FOREIGN, type MODELS } from '../scope/testing.js'

export type ModelName = keyof typeof MODELS
export type Args = Record<string, unknown>
export type Call = [model: ModelName, operation: string, args: Args]
type Gen = fc.Arbitrary<Args>

interface Shape {
  readonly ids: readonly string[]
  readonly text: string | null
  readonly to: Readonly<Record<string, ModelName>>
  /** Columns that refer to another row. */
  readonly columns: Readonly<Record<string, ModelName>>
  /** Of these, what a row cannot do without. */
  readonly required?: readonly string[]
}

/** What random operations are made of: for each model its texts, and its relations with where they lead. */
export const SHAPES: Record<ModelName, Shape> = {
  workspace: { ids: ['workspace'], text: 'title', to: { notebooks: 'notebook' }, columns: {} },
  notebook: {
    ...{ ids: ['notebook'], text: 'title', columns: {} },
    to: { workspace: 'workspace', notes: 'note', pages: 'page' },
  },
  note: {
    ids: ['note1', 'note2', 'note3', 'note3', 'stray', 'stray'],
    text: 'title',
    to: {
      ...{ notebook: 'notebook', country: 'country', comments: 'comment', tags: 'tag', draft: 'draft' },
      ...{ cover: 'cover', parent: 'note', children: 'note', next: 'note', previous: 'note' },
      ...{ labels: 'noteLabel' },
    },
    columns: { notebookId: 'notebook', parentId: 'note', nextId: 'note', countryCode: 'country' },
  },
  draft: { ids: ['draft'], text: 'text', to: { note: 'note' }, columns: { noteId: 'note' } },
  cover: {
    ...{ ids: ['cover'], text: 'text', to: { note: 'note' }, columns: { noteId: 'note' } },
    required: ['noteId'],
  },
  seat: { ids: ['seat'], text: 'text', to: { country: 'country' }, columns: { countryCode: 'country' } },
  comment: {
    ids: ['comment1', 'comment3', 'comment-stray', 'comment-stray'],
    ...{ text: 'text', to: { note: 'note' }, columns: { noteId: 'note' } },
  },
  tag: { ids: ['tag'], text: 'name', to: { notes: 'note' }, columns: {} },
  label: { ids: ['label'], text: 'name', to: { notes: 'noteLabel' }, columns: {} },
  noteLabel: {
    ...{ ids: ['link', 'link-stray'], text: null, to: { note: 'note', label: 'label' } },
    ...{ columns: { noteId: 'note', labelId: 'label' }, required: ['noteId', 'labelId'] },
  },
  page: { ids: ['page'], text: 'text', to: { notebook: 'notebook' }, columns: { notebookId: 'notebook' } },
  country: { ids: ['ch', 'fr'], text: 'name', to: { notes: 'note', seat: 'seat' }, columns: {} },
}
const MANY = ['notebooks', 'notes', 'pages', 'comments', 'tags', 'children', 'labels']
const isMany = (field: string) => MANY.includes(field)

const org = fc.constantFrom('a', 'a', 'b')
const looked = fc.constantFrom('mine', FOREIGN)
/** Never what B has, so that finding it in an answer means one thing. */
const written = fc.oneof(fc.constant('mine 1'), fc.uuid())
const idOf = (model: ModelName) =>
  model === 'country'
    ? fc.constantFrom(...SHAPES.country.ids)
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
    ...(text === null
      ? []
      : ([[text, looked.map((contains) => ({ contains }))]] as [string, fc.Arbitrary<unknown>][])),
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
        const filter = oneKey(filters.map((name) => [name, nested]))
        if (isMany(field)) return [field, filter]
        const nothing = fc.constantFrom(null, { is: null }, { isNot: null }, { is: null, isNot: null })
        return [field, fc.oneof(filter, filter, nested, nothing)]
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
      const selected = fc.record({ select: fc.constant({ [SHAPES[target].text ?? 'id']: true }) })
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
  const counted = Object.entries(SHAPES[model].to)
    .filter(([field]) => isMany(field))
    .map(([field, target]): [string, fc.Arbitrary<unknown>] => [
      field,
      fc.oneof(
        fc.constant(true),
        where(target, 1).map((w) => ({ where: w })),
      ),
    ])
  const count = fc.oneof(
    fc.constant(true),
    oneKey(counted.length === 0 ? [['id', fc.constant(true)]] : counted).map((select) => ({ select })),
  )
  return fc.oneof(
    oneKey([...relations, ['_count', count]]),
    someKeys(Object.fromEntries([...relations.slice(0, 3), ['_count', count]])),
  )
}

/** @param create a row: with an id, so that two databases give it the same */
function values(model: ModelName, depth: number, create: boolean): Gen {
  const { text, to, columns, required = [] } = SHAPES[model]
  const column = Object.fromEntries(Object.entries(columns).map(([name, target]) => [name, idOf(target)]))
  const needed = Object.fromEntries(required.map((name) => [name, column[name] ?? fc.constant(null)]))
  const given = fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    someKeys(
      Object.fromEntries(Object.entries(column).map(([name, id]) => [name, fc.oneof(id, fc.constant(null))])),
    ),
    oneKey(Object.keys(column).length === 0 ? [['id', fc.uuid()]] : Object.entries(column)),
  )
  const own = text === null ? fc.constant({}) : written.map((value): Args => ({ [text]: value }))
  const id = create ? fc.uuid().map((value): Args => ({ id: value })) : fc.constant({})
  const nested =
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
        )
  return fc
    .tuple(id, own, create ? (fc.record(needed) as Gen) : fc.constant({}), given, nested)
    .map(([...parts]) => {
      const all: Args = Object.assign({}, ...parts)
      if (model === 'country') delete all.id
      // Prisma takes either links or columns; with both it is refused, now and then.
      const linked = Object.keys(parts[4]).some((field) => !isMany(field)) && all.id !== undefined
      return linked ? Object.fromEntries(Object.entries(all).filter(([key]) => !(key in columns))) : all
    })
}

/** Deleted are rows to which no row of B refers: others stay, which is a test of its own. */
const REFERRED = ['a-note3', 'a-label', 'a-notebook']
const deletable = (condition: Args): Args => ({ AND: [condition, { id: { notIn: REFERRED } }] })

function nestedWrite(model: ModelName, many: boolean, depth: number): Gen {
  const data = values(model, depth, false)
  const both = fc.record({ where: unique(model), create: values(model, depth, true), update: data, data })
  const create = both.map((b) => b.create)
  if (!many) {
    return oneKey([
      ['create', create],
      ['connect', unique(model)],
      ['connect', unique(model)],
      ['connectOrCreate', both.map((b) => ({ where: b.where, create: b.create }))],
      ['connectOrCreate', both.map((b) => ({ where: b.where, create: { ...b.create, ...b.where } }))],
      [
        'update',
        fc.oneof(
          data,
          data.map((d) => ({ data: d, where: {} })),
        ),
      ],
      ['upsert', both.map((b) => ({ create: b.create, update: b.update }))],
      ['delete', fc.constant(true)],
      ['disconnect', fc.constantFrom(true, {})],
    ])
  }
  return oneKey([
    ['create', create],
    ['createMany', values(model, 0, true).map((d) => ({ data: [d] }))],
    ['connect', fc.array(unique(model), { minLength: 1, maxLength: 2 })],
    ['connectOrCreate', both.map((b) => ({ where: b.where, create: b.create }))],
    ['disconnect', unique(model)],
    ['set', fc.array(unique(model), { maxLength: 2 })],
    ['update', both.map((b) => ({ where: b.where, data: b.data }))],
    [
      'updateMany',
      fc.tuple(where(model, 0), values(model, 0, false)).map(([w, d]) => ({ where: w, data: d })),
    ],
    ['upsert', both.map((b) => ({ where: b.where, create: b.create, update: b.update }))],
    ['delete', unique(model)],
    ['deleteMany', where(model, 0).map(deletable)],
  ])
}

function operation(model: ModelName): fc.Arbitrary<Call> {
  const relations = fc.oneof(
    fc.constant({}),
    include(model, 1).map((i) => (Object.keys(i).length === 0 ? {} : { include: i })),
  )
  const w = where(model, 2)
  const data = values(model, 2, false)
  const row = values(model, 2, true)
  const plain = values(model, 0, true)
  const many = values(model, 0, false)
  const key = model === 'country' ? 'code' : 'id'
  const order = { orderBy: { [key]: 'asc' } }
  const named = (name: string, args: Gen) => args.map((a): Call => [model, name, a])
  const merge = (...parts: Gen[]) => fc.tuple(...parts).map((all): Args => Object.assign({}, ...all))
  const found = unique(model).map((u): Args => ({ where: u }))
  const filtered = w.map((value): Args => ({ where: value }))
  const cursor = fc.oneof(
    fc.constant({}),
    unique(model).map((u): Args => ({ cursor: u })),
    looked.map(
      (title): Args =>
        model === 'note' ? { cursor: { orgId_title: { orgId: 'org_a', title: `${title} 2` } } } : {},
    ),
  )
  return fc.oneof(
    named('findMany', merge(filtered, relations, cursor, fc.constant(order))),
    named('findFirst', merge(filtered, relations, fc.constant(order))),
    named('findUnique', merge(found, relations)),
    named('findUniqueOrThrow', merge(found, relations)),
    named('count', filtered),
    named('aggregate', merge(filtered, fc.constant({ _count: true, _max: { [key]: true } }))),
    named('groupBy', merge(filtered, fc.constant({ by: [key], _count: true, ...order }))),
    named(
      'create',
      merge(
        row.map((d) => ({ data: d })),
        relations,
      ),
    ),
    named(
      'createMany',
      plain.map((d) => ({ data: [d] })),
    ),
    named(
      'createManyAndReturn',
      plain.map((d) => ({ data: [d] })),
    ),
    {
      weight: 6,
      arbitrary: named(
        'update',
        merge(
          found,
          data.map((d) => ({ data: d })),
          relations,
        ),
      ),
    },
    named(
      'updateMany',
      merge(
        filtered,
        many.map((d) => ({ data: d })),
      ),
    ),
    named(
      'updateManyAndReturn',
      merge(
        filtered,
        many.map((d) => ({ data: d })),
      ),
    ),
    named(
      'upsert',
      merge(
        found,
        fc.tuple(row, data).map(([create, update]) => ({ create, update })),
        relations,
      ),
    ),
    named('delete', merge(found, relations)),
    named(
      'deleteMany',
      w.map((value) => ({ where: model === 'country' ? value : deletable(value) })),
    ),
  )
}

/** The rows of A that refer to rows of B, and nested writes along that reference: where a hole would be. */
/** Rows that refer across, and nested writes along that reference: where a hole would be. */
const through: fc.Arbitrary<Call> = fc
  .constantFrom(
    ...([
      ['note', 'a-stray', 'notebook'],
      ['draft', 'a-draft', 'note'],
      ['comment', 'a-comment-stray', 'note'],
      ['note', 'a-note1', 'tags'],
      ['note', 'a-note3', 'draft'],
      ['note', 'a-note3', 'cover'],
      ['note', 'a-note3', 'previous'],
      ['note', 'a-note3', 'children'],
      ['note', 'a-note3', 'labels'],
      ['note', 'a-note1', 'draft'],
      ['note', 'a-note1', 'next'],
      ['cover', 'a-cover', 'note'],
      ['seat', 'a-seat', 'country'],
      ['page', 'a-page', 'notebook'],
    ] as const),
  )
  .chain(([model, id, field]) => {
    const target = (SHAPES[model].to as Record<string, ModelName>)[field] ?? model
    const write = nestedWrite(target, isMany(field), 1)
    return write.map((nested): Call => [model, 'update', { where: { id }, data: { [field]: nested } }])
  })

/** Columns of relations that are one to one, by which another row could be displaced. */
const displacing: fc.Arbitrary<Call> = fc
  .constantFrom(
    ...([
      ['draft', 'a-draft', 'noteId', 'note'],
      ['cover', 'a-cover', 'noteId', 'note'],
      ['note', 'a-note1', 'nextId', 'note'],
      ['seat', 'a-seat', 'countryCode', 'country'],
    ] as const),
  )
  .chain(([model, id, column, target]) =>
    idOf(target).map((value): Call => [model, 'update', { where: { id }, data: { [column]: value } }]),
  )

export const operations: fc.Arbitrary<Call[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: through },
    { weight: 2, arbitrary: displacing },
    ...(Object.keys(SHAPES) as ModelName[]).map(operation),
  ),
  { minLength: 5, maxLength: 15 },
)

const NESTED_CREATES = ['create', 'createMany', 'connectOrCreate', 'upsert']

/** The same call for a client without a scope: whatever it creates says whose it is, unless the link does. */
export function stamped([model, operation, args]: Call): Args {
  if (operation === 'create') return { ...args, data: stampRow(model, args.data) }
  if (operation.startsWith('createMany')) {
    return { ...args, data: (args.data as unknown[]).map((row) => stampRow(model, row)) }
  }
  const { create, update, data } = args as { create?: unknown; update?: unknown; data?: unknown }
  return {
    ...args,
    ...(create === undefined ? {} : { create: stampRow(model, create) }),
    ...(update === undefined ? {} : { update: stampNested(model, update) }),
    ...(data === undefined ? {} : { data: stampNested(model, data) }),
  }
}

const GIVEN_BY_PARENT = ['notebooks', 'pages']

function stampRow(model: ModelName, row: unknown, parent = ''): Args {
  const inner = stampNested(model, row)
  if (GIVEN_BY_PARENT.includes(parent)) return inner
  // The page has its organisation from the notebook it is linked to.
  return model === 'page' && 'notebook' in inner ? inner : { ...inner, orgId: 'org_a' }
}

function stampNested(model: ModelName, data: unknown): Args {
  return Object.fromEntries(
    Object.entries(data as Args).map(([field, value]) => {
      const target = SHAPES[model].to[field]
      if (target === undefined || typeof value !== 'object' || value === null) return [field, value]
      return [
        field,
        Object.fromEntries(
          Object.entries(value).map(([name, argument]) => [
            name,
            stampArgument(target, field, name, argument),
          ]),
        ),
      ]
    }),
  )
}

function stampArgument(target: ModelName, field: string, name: string, argument: unknown): unknown {
  const row = (value: unknown) => stampRow(target, value, field)
  const given = argument as { create?: unknown; update?: unknown; data?: unknown }
  if (name === 'create') return row(argument)
  if (name === 'createMany') return { data: (given.data as unknown[]).map(row) }
  if (NESTED_CREATES.includes(name)) {
    return {
      ...given,
      create: row(given.create),
      ...(given.update === undefined ? {} : { update: stampNested(target, given.update) }),
    }
  }
  if (name !== 'update') return argument
  return given.data === undefined
    ? stampNested(target, argument)
    : { ...given, data: stampNested(target, given.data) }
}
