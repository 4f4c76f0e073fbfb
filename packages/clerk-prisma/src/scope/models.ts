import { ConfigurationError, type ConfigurationProblem } from '@acme/clerk-core'
import { type ClientInternals, describeModel, type ModelDescription } from '../client/prisma-client.js'

/** A relation to one row, with the column that points to it where this model has that. */
export interface ToOne {
  readonly one: string
  /** Scalar field of this model that holds the reference. */
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
  /** Relations that may be used, by field. Any other throws. */
  readonly relations?: Readonly<Record<string, Relation>>
}

/** By name on the client: `note` for `prisma.note`. A model that is not named cannot be used. */
export type ScopedModels = Readonly<Record<string, ScopedModel>>

/** Thrown instead of running an operation that cannot be confined to the organisation. */
export class OrganizationScopeError extends Error {
  override readonly name = 'OrganizationScopeError'
  readonly code = 'organization-scope'
}

/** One model of a scope, with everything it refers to resolved. */
export interface Model {
  readonly name: string
  readonly tenant: string | null
  /** Condition that confines the model; empty for a shared one. */
  readonly own: Readonly<Record<string, string>>
  readonly relations: ReadonlyMap<string, ResolvedRelation>
  isField(name: string): boolean
  isRelation(field: string): boolean
}

export interface ResolvedRelation {
  readonly target: Model
  readonly many: boolean
  readonly manyToMany: boolean
  readonly foreignKey: string | null
  readonly references: string
  /** Rows created through it belong to the organisation by the link itself, and Prisma takes no other word for it. */
  readonly givesTenant: boolean
}

export type Models = ReadonlyMap<string, Model>

/** @throws {ConfigurationError} when the declaration does not fit the schema */
export function resolveModels(client: ClientInternals, orgId: string, models: ScopedModels): Models {
  const problems: ConfigurationProblem[] = []
  const problem = (message: string, remedy: string) =>
    problems.push({ option: 'organizationScope models', message, remedy })
  const resolved = new Map<string, Model & { relations: Map<string, ResolvedRelation> }>()

  for (const [name, { tenant }] of Object.entries(models)) {
    const description = describeModel(client, name)
    if (description === null) {
      problem(
        `the client has no model \`${name}\`.`,
        'Give the name as it is on the client, and the client itself.',
      )
      continue
    }
    if (tenant !== null && fieldOf(description, tenant)?.kind !== 'scalar') {
      problem(
        `\`${name}\` has no field \`${tenant}\`.`,
        'Name the field that holds the id of the organisation.',
      )
    }
    const relationFields = new Set(
      description.fields.filter(({ kind }) => kind === 'object').map((f) => f.name),
    )
    resolved.set(name, {
      name,
      tenant,
      own: tenant === null ? {} : { [tenant]: orgId },
      relations: new Map(),
      isField: (name) => fieldOf(description, name) !== undefined,
      isRelation: (field) => relationFields.has(field),
    })
  }

  for (const [name, { relations = {} }] of Object.entries(models)) {
    const description = describeModel(client, name)
    for (const [field, relation] of Object.entries(relations)) {
      const targetName = 'one' in relation ? relation.one : relation.many
      const target = resolved.get(targetName)
      const found = description === null ? undefined : fieldOf(description, field)
      if (target === undefined) {
        problem(`\`${name}.${field}\` leads to \`${targetName}\`, which is not declared.`, 'Declare it too.')
      } else if (found?.kind !== 'object' || describeModel(client, targetName)?.name !== found.type) {
        problem(`\`${name}.${field}\` is no relation to \`${targetName}\`.`, 'See the schema.')
      } else {
        const inverse = inverseOf(client, name, field, targetName, models)
        resolved.get(name)?.relations.set(field, {
          target,
          many: 'many' in relation,
          manyToMany: 'many' in relation && relation.manyToMany === true,
          foreignKey: ('one' in relation && relation.foreignKey) || null,
          references: ('one' in relation && relation.references) || 'id',
          givesTenant:
            inverse?.foreignKey !== undefined &&
            inverse.foreignKey === target.tenant &&
            (inverse.references ?? 'id') === models[name]?.tenant,
        })
      }
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  return resolved
}

/** The same relation as the other model declares it. */
function inverseOf(
  client: ClientInternals,
  model: string,
  field: string,
  target: string,
  models: ScopedModels,
): ToOne | undefined {
  const own = describeModel(client, model)
  const other = describeModel(client, target)
  const relationName = own && fieldOf(own, field)?.relationName
  const back = other?.fields.find(
    (f) => f.relationName === relationName && (target !== model || f.name !== field),
  )
  const inverse = back && models[target]?.relations?.[back.name]
  return inverse !== undefined && 'one' in inverse ? inverse : undefined
}

const fieldOf = ({ fields }: ModelDescription, name: string) => fields.find((field) => field.name === name)

/** The relation behind a field; `null`: a scalar. @throws {OrganizationScopeError} for a relation that is not declared */
export function relationOf(model: Model, field: string): ResolvedRelation | null {
  const relation = model.relations.get(field)
  if (relation !== undefined) return relation
  if (!model.isRelation(field)) return null
  throw new OrganizationScopeError(
    `The relation \`${model.name}.${field}\` is not declared in organizationScope.`,
  )
}
