import type { ConfigurationProblem } from '@acme/clerk-core'
import { delegateName } from '../client/prisma-client.js'
import type { Relation, ScopedModel, ScopedModels } from './models.js'
import type { SchemaModel, SchemaRelation } from './schema.js'

const problem = (message: string, remedy: string): ConfigurationProblem => ({
  option: 'organizationScope models',
  message,
  remedy,
})

/** What is wrong with the declaration of a model, its relations aside. */
export function* modelProblems(
  models: ScopedModels,
  name: string,
  declared: ScopedModel,
  model: SchemaModel | undefined,
): Generator<ConfigurationProblem> {
  if (model === undefined) {
    yield problem(
      `the client has no model \`${name}\`.`,
      'Give the name as it is on the client, and the client itself.',
    )
    return
  }
  yield* unknownKeys(name, declared, ['tenant', 'relations'])
  const { tenant } = declared
  if (tenant === null) yield* sharedProblems(models, name, model)
  else yield* tenantProblems(name, tenant, model)
}

function* tenantProblems(name: string, tenant: unknown, model: SchemaModel): Generator<ConfigurationProblem> {
  const remedy = 'Name the field that holds the id of the organisation.'
  if (typeof tenant !== 'string') {
    yield problem(
      `\`${name}\` says nothing about its tenant.`,
      `${remedy} \`null\`: its rows are shared by all.`,
    )
    return
  }
  const field = model.fields.get(tenant)
  if (field === undefined || field.kind === 'object')
    yield problem(`\`${name}\` has no field \`${tenant}\`.`, remedy)
  else if (field.type !== 'String' || field.list) yield problem(`\`${name}.${tenant}\` is no String.`, remedy)
}

/** Rows that are shared by all do not belong to an organisation, and so do not refer to what does. */
function* sharedProblems(
  models: ScopedModels,
  name: string,
  model: SchemaModel,
): Generator<ConfigurationProblem> {
  const remedy = 'Give it its tenant field. A model without one cannot be confined: leave it out.'
  const tenants = new Set(Object.values(models).map(({ tenant }) => tenant))
  for (const field of model.fields.keys()) {
    if (tenants.has(field))
      yield problem(
        `\`${name}\` is declared as shared by all, and has the tenant field \`${field}\`.`,
        remedy,
      )
  }
  for (const { columns, target, field } of model.relations.values()) {
    const other = delegateName(target)
    if (columns.length === 0 || models[other]?.tenant === null) continue
    yield problem(
      `\`${name}\` is declared as shared by all, and \`${name}.${field}\` refers to \`${other}\`, which is not.`,
      `${remedy} If the rows of \`${other}\` are shared too, declare it with \`tenant: null\`.`,
    )
  }
}

/** What is wrong with the declaration of one relation. */
export function* relationProblems(
  models: ScopedModels,
  name: string,
  model: SchemaModel,
  field: string,
  declared: Relation,
): Generator<ConfigurationProblem> {
  const path = `\`${name}.${field}\``
  const relation = model.relations.get(field)
  const given = new Map(Object.entries(declared))
  const target = given.get('one') ?? given.get('many')
  if (typeof target !== 'string' || (given.has('one') && given.has('many'))) {
    yield problem(`${path} says neither \`one\` nor \`many\`, or both.`, 'Name the model it leads to, once.')
    return
  }
  yield* unknownKeys(`${name}.${field}`, declared, ['one', 'many', 'foreignKey', 'references', 'manyToMany'])
  if (!Object.hasOwn(models, target))
    yield problem(`${path} leads to \`${target}\`, which is not declared.`, 'Declare it too.')
  if (relation === undefined) {
    yield problem(`${path} is no relation to \`${target}\`.`, 'See the schema.')
    return
  }
  const tenantOf = (delegate: string) => models[delegate]?.tenant ?? null
  const wanted = declarationOf(relation, tenantOf(name), tenantOf(target))
  if (wanted === null) {
    yield problem(
      `${path} has several columns, or a list of them, and cannot be confined.`,
      'Leave it out, or let it refer by the tenant field and one other.',
    )
    return
  }
  yield* differences(path, given, target, relation, wanted)
  if (relation.inverse === null) {
    yield problem(
      `the schema hides the other side of ${path} from the client.`,
      'Take the `@ignore` away, or leave the relation out.',
    )
  }
}

type Wanted = ReadonlyMap<string, unknown>

/** The declaration that fits the schema. `null`: none does. */
function declarationOf(
  { target, many, manyToMany, columns, references }: SchemaRelation,
  tenant: string | null,
  other: string | null,
): Wanted | null {
  const wanted = new Map<string, unknown>([[many ? 'many' : 'one', delegateName(target)]])
  if (manyToMany) return columns.length > 0 ? null : wanted.set('manyToMany', true)
  const pairs = columns.map((column, at) => [column, references[at]] as const)
  const others = pairs.filter(([column, reference]) => column !== tenant || reference !== other)
  const [pair] = pairs.length === 1 ? pairs : others
  if (pairs.length > 1 && (others.length !== 1 || tenant === null)) return null
  if (pair === undefined) return wanted
  return wanted.set('foreignKey', pair[0]).set('references', pair[1])
}

function* differences(
  path: string,
  given: ReadonlyMap<string, unknown>,
  target: string,
  relation: SchemaRelation,
  wanted: Wanted,
): Generator<ConfigurationProblem> {
  const remedy = `In the schema it is ${written(wanted)}.`
  if (given.has('many') !== relation.many)
    yield problem(`${path} is to ${relation.many ? 'many rows' : 'one row'}.`, remedy)
  if (target !== delegateName(relation.target))
    yield problem(
      `${path} is no relation to \`${target}\`, it leads to \`${delegateName(relation.target)}\`.`,
      remedy,
    )
  const same = (key: string, without: unknown) => (given.get(key) ?? without) === (wanted.get(key) ?? without)
  if (!same('foreignKey', undefined)) {
    const what = wanted.has('foreignKey') ? 'another column' : 'no column on this side'
    yield problem(`${path} has ${what}.`, remedy)
  } else if (!same('references', wanted.has('foreignKey') ? 'id' : undefined)) {
    yield problem(`${path} refers to another field.`, remedy)
  }
  if (!same('manyToMany', false)) yield problem(`${path} has another \`manyToMany\`.`, remedy)
}

const written = (wanted: Wanted) =>
  `\`{ ${[...wanted]
    .filter(([key, value]) => key !== 'references' || value !== 'id')
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? `'${value}'` : String(value)}`)
    .join(', ')} }\``

function* unknownKeys(
  path: string,
  declared: object,
  known: readonly string[],
): Generator<ConfigurationProblem> {
  for (const key of Object.keys(declared)) {
    if (!known.includes(key))
      yield problem(`\`${path}\` has an unknown \`${key}\`.`, `Known are ${known.join(', ')}.`)
  }
}
