import { ConfigurationError, type ConfigurationProblem } from '@acme/clerk-core'
import { type ClientInternals, delegateName } from '../client/prisma-client.js'
import { modelProblems, relationProblems } from './declarations.js'
import { type Schema, type SchemaModel, type SchemaRelation, schemaOf } from './schema.js'

/** A relation to one row, with the column that points to it where this model has that. */
export interface ToOne {
  readonly one: string
  /** Scalar field of this model that holds the reference. Of several, the one that is not the tenant field. */
  readonly foreignKey?: string
  /** Field of the other model it refers to. Default `id`. */
  readonly references?: string
}

/** A relation to many rows. `manyToMany`: links stand in a table of their own, so linking changes no row. */
export interface ToMany {
  readonly many: string
  readonly manyToMany?: boolean
}

export type Relation = ToOne | ToMany

export interface ScopedModel {
  /** Field that names the organisation a row belongs to; `null`: rows are shared by all and read only. */
  readonly tenant: string | null
  /** Relations that may be used, by field. Any other throws, and its column can only be emptied. */
  readonly relations?: Readonly<Record<string, Relation>>
}

/** By name on the client: `note` for `prisma.note`. A model that is not named cannot be used. */
export type ScopedModels = Readonly<Record<string, ScopedModel>>

/** Thrown instead of running an operation that cannot be confined to the organisation. */
export class OrganizationScopeError extends Error {
  override readonly name = 'OrganizationScopeError'
  readonly code = 'organization-scope'
}

export type Condition = Readonly<Record<string, unknown>>

/** One model of a scope, with everything it refers to resolved. */
export interface Model {
  readonly name: string
  readonly tenant: string | null
  /** Condition that confines the model; empty for a shared one. */
  readonly own: Readonly<Record<string, string>>
  /** Condition for the rows of all others. */
  readonly foreign: Condition
  /** The relations that are declared. */
  readonly relations: ReadonlyMap<string, ResolvedRelation>
  /** Those of them, and of all others, that have a column here. */
  readonly references: readonly Reference[]
  readonly schema: SchemaModel
  /** By what the database would do to rows that refer to this one: no row of another organisation does. */
  readonly unreferred: {
    readonly onDelete: Condition
    /** By the field that is referred to. */
    readonly onUpdate: ReadonlyMap<string, Condition>
  }
  /** The client leaves the tenant field out of its answers (`new PrismaClient({ omit })`). */
  readonly omitsTenant: boolean
  isField(name: string): boolean
  isRelation(field: string): boolean
}

export interface ResolvedRelation {
  readonly field: string
  readonly target: Model
  readonly many: boolean
  /** To one row, or none. */
  readonly optional: boolean
  readonly manyToMany: boolean
  readonly foreignKey: string | null
  readonly references: string
  /** One to one: the field of the other model that leads back here. */
  readonly oneToOne: string | null
  /** The tenant field is part of the reference, so it cannot lead out of the organisation. */
  readonly withTenant: boolean
  /** Rows created through it belong to the organisation by the link itself, and Prisma takes no other word for it. */
  readonly givesTenant: boolean
}

/** A column that refers to another model. */
export interface Reference {
  readonly field: string
  readonly foreignKey: string
  /** `null`: not declared. */
  readonly relation: ResolvedRelation | null
}

export type Models = ReadonlyMap<string, Model>

/** What is declared, checked and found in the schema: once for a schema and a declaration, whatever the organisation. */
const checked = new WeakMap<Schema, WeakMap<ScopedModels, Checked>>()

interface Checked {
  readonly models: ScopedModels
  readonly described: ReadonlyMap<string, SchemaModel>
}

/** @throws {ConfigurationError} when the declaration does not fit the schema, or the schema cannot be read */
export function resolveModels(
  client: ClientInternals & { readonly _globalOmit?: Omitted },
  orgId: string,
  declared: ScopedModels,
): Models {
  const schema = schemaOf(client)
  if ('unreadable' in schema) {
    throw new ConfigurationError([
      {
        option: 'organizationScope',
        message: `the client's schema cannot be read: ${schema.unreadable}.`,
        remedy: 'Pass a client that Prisma 6 or 7 generated, not one that is wrapped in another object.',
      },
    ])
  }
  return build(orgId, checkOnce(schema, declared), client._globalOmit ?? {})
}

function checkOnce(schema: Schema, declared: ScopedModels): Checked {
  const known = checked.get(schema) ?? new WeakMap<ScopedModels, Checked>()
  checked.set(schema, known)
  const before = typeof declared === 'object' && declared !== null ? known.get(declared) : undefined
  if (before !== undefined) return before
  const models = copyOf(declared)
  const described = new Map([...schema.values()].map((model) => [delegateName(model.name), model]))
  const problems: ConfigurationProblem[] = []
  for (const [name, model] of Object.entries(models)) {
    problems.push(...modelProblems(models, name, model, described.get(name)))
  }
  for (const [name, { relations = {} }] of Object.entries(models)) {
    const model = described.get(name)
    if (model === undefined) continue
    for (const [field, relation] of Object.entries(relations)) {
      problems.push(...relationProblems(models, name, model, field, relation))
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  const found = { models, described }
  known.set(declared, found)
  return found
}

/** What is changed after the check does not count. */
function copyOf(declared: ScopedModels): ScopedModels {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  const isModel = (model: ScopedModel) =>
    isObject(model) &&
    (model.relations === undefined ||
      (isObject(model.relations) && Object.values(model.relations).every(isObject)))
  if (isObject(declared) && Object.values(declared).every(isModel)) return structuredClone(declared)
  throw new ConfigurationError([
    {
      option: 'organizationScope models',
      message: 'it must be an object of models, each an object with objects for its relations.',
      remedy: "For instance `{ note: { tenant: 'orgId' } }`.",
    },
  ])
}

interface Connections {
  readonly relations: Map<string, ResolvedRelation>
  readonly references: Reference[]
  readonly unreferred: { onDelete: Condition; readonly onUpdate: Map<string, Condition> }
}

/** A scope is made for each request, which uses few of its models: relations are resolved when they are needed. */
class ScopeModel implements Model {
  readonly name: string
  readonly tenant: string | null
  readonly own: Readonly<Record<string, string>>
  readonly schema: SchemaModel
  readonly omitsTenant: boolean
  readonly #connect: (model: Model) => Connections
  #connections: Connections | null = null

  constructor(
    known: Pick<Model, 'name' | 'tenant' | 'own' | 'schema' | 'omitsTenant'>,
    connect: (model: Model) => Connections,
  ) {
    this.name = known.name
    this.tenant = known.tenant
    this.own = known.own
    this.schema = known.schema
    this.omitsTenant = known.omitsTenant
    this.#connect = connect
  }

  get foreign(): Condition {
    const others = { NOT: this.own }
    const optional = this.tenant !== null && this.schema.fields.get(this.tenant)?.optional === true
    return optional ? { OR: [others, { [this.tenant ?? '']: null }] } : others
  }

  get relations() {
    return this.#connected.relations
  }

  get references() {
    return this.#connected.references
  }

  get unreferred() {
    return this.#connected.unreferred
  }

  get #connected(): Connections {
    this.#connections ??= this.#connect(this)
    return this.#connections
  }

  isField(field: string): boolean {
    return this.schema.fields.has(field)
  }

  isRelation(field: string): boolean {
    return this.schema.fields.get(field)?.kind === 'object'
  }
}

type Omitted = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>

function build(orgId: string, { models, described }: Checked, omitted: Omitted): Models {
  const built = new Map<string, Model>()
  const connect = (model: Model) => connectionsOf(model, models[model.name]?.relations ?? {}, built)
  for (const [name, { tenant }] of Object.entries(models)) {
    const schema = described.get(name)
    if (schema === undefined) continue
    const own = tenant === null ? {} : { [tenant]: orgId }
    const omitsTenant = tenant !== null && omitted[name]?.[tenant] === true
    built.set(name, new ScopeModel({ name, tenant, own, schema, omitsTenant }, connect))
  }
  return built
}

function connectionsOf(
  model: Model,
  declared: NonNullable<ScopedModel['relations']>,
  built: Models,
): Connections {
  const connections: Connections = {
    ...{ relations: new Map(), references: [] },
    unreferred: { onDelete: {}, onUpdate: new Map() },
  }
  for (const relation of model.schema.relations.values()) {
    const target = built.get(delegateName(relation.target))
    const resolved =
      target !== undefined && Object.hasOwn(declared, relation.field)
        ? resolve(model, relation, target)
        : null
    if (resolved !== null) connections.relations.set(relation.field, resolved)
    for (const foreignKey of relation.columns) {
      if (foreignKey !== model.tenant) {
        connections.references.push({ field: relation.field, foreignKey, relation: resolved })
      }
    }
    if (target !== undefined) guardReferred(model, connections, relation, target)
  }
  return connections
}

function resolve(model: Model, relation: SchemaRelation, target: Model): ResolvedRelation {
  const column = relation.columns.findIndex((name) => name !== model.tenant)
  const at = Math.max(column, 0)
  return {
    ...{ field: relation.field, target, many: relation.many, manyToMany: relation.manyToMany },
    optional: model.schema.fields.get(relation.field)?.optional === true,
    foreignKey: relation.columns[at] ?? null,
    references: relation.references[at] ?? 'id',
    oneToOne: !relation.many && relation.inverse?.many === false ? relation.inverse.field : null,
    withTenant: holdsTenant(relation.columns, relation.references, model.tenant, target.tenant),
    givesTenant:
      relation.referredBy !== null &&
      holdsTenant(relation.referredBy.columns, relation.referredBy.references, target.tenant, model.tenant),
  }
}

/** Whether the columns of `tenant` refer to the tenant field of the other model. */
const holdsTenant = (
  columns: readonly string[],
  references: readonly string[],
  tenant: string | null,
  other: string | null,
): boolean => tenant !== null && references[columns.indexOf(tenant)] === other

/** What the database does to rows that refer to this model's, where it does more than to refuse. */
function guardReferred(
  model: Model,
  { unreferred }: Connections,
  { field, many, referredBy }: SchemaRelation,
  target: Model,
): void {
  if (referredBy === null || target.tenant === null || model.tenant === null) return
  const { columns, references, onDelete, onUpdate } = referredBy
  if (holdsTenant(columns, references, target.tenant, model.tenant)) return
  const condition = { [field]: unlinked(target, many) }
  const refuses = (action: string) => action === 'Restrict' || action === 'NoAction'
  if (!refuses(onDelete)) unreferred.onDelete = { ...unreferred.onDelete, ...condition }
  if (refuses(onUpdate)) return
  for (const reference of references) {
    unreferred.onUpdate.set(reference, { ...unreferred.onUpdate.get(reference), ...condition })
  }
}

/** No row of another organisation on the other side. */
export const unlinked = (target: Model, many: boolean): Condition =>
  many ? { none: target.foreign } : { isNot: target.foreign }

/** The relation behind a field; `null`: a scalar. @throws {OrganizationScopeError} for a relation that is not declared */
export function relationOf(model: Model, field: string): ResolvedRelation | null {
  const relation = model.relations.get(field)
  if (relation !== undefined) return relation
  if (!model.isRelation(field)) return null
  throw new OrganizationScopeError(
    `The relation \`${model.name}.${field}\` is not declared in organizationScope.`,
  )
}
