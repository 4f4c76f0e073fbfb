import { type Model, OrganizationScopeError, type ResolvedRelation, relationOf } from './models.js'
import { type Args, confine, isArgs, listOf } from './where.js'

const refuse = (message: string): never => {
  throw new OrganizationScopeError(message)
}

/** A row to be created: of this organisation, and linked to its rows only. */
export function confineCreate(model: Model, data: unknown, own: Args = writable(model)): Args {
  const values = confineFields(model, data)
  const tenantRelation = [...model.relations].find(([, { foreignKey }]) => foreignKey === model.tenant)
  if (!usesRelations(model, values)) return { ...values, ...own }
  const linked = linkReferences(model, values, 'create')
  if (Object.keys(own).length === 0) return linked
  if (tenantRelation === undefined) return { ...linked, ...own }
  // Prisma takes either references or links: where one is a link, the organisation has to be.
  const [field, { references }] = tenantRelation
  return { ...linked, [field]: { connect: { [references]: Object.values(own)[0] } } }
}

/** Rows of `createMany`: columns only, so what a reference leads to cannot be checked. */
export function confineCreateMany(model: Model, data: unknown, own: Args = writable(model)): Args[] {
  return listOf(data).map((row) => ({
    ...checkReferences(model, confineFields(model, row), 'create'),
    ...own,
  }))
}

export function confineUpdate(model: Model, data: unknown): Args {
  writable(model)
  const values = confineFields(model, data)
  return usesRelations(model, values) ? linkReferences(model, values, 'update') : values
}

export function confineUpdateMany(model: Model, data: unknown): Args {
  writable(model)
  return checkReferences(model, confineFields(model, data), 'update')
}

function writable(model: Model): Args {
  if (model.tenant === null)
    refuse(`\`${model.name}\` is shared by all organisations: a scope may only read it.`)
  return model.own
}

/** Follows nested writes; the tenant field may be given, but only as it is. */
function confineFields(model: Model, data: unknown): Args {
  if (!isArgs(data)) return refuse(`A write of \`${model.name}\` has no data.`)
  return Object.fromEntries(
    Object.entries(data).flatMap(([field, value]) => {
      if (field === model.tenant) return checkTenant(model, value)
      const relation = relationOf(model, field)
      if (relation === null || value === undefined) return [[field, value]]
      if (relation.foreignKey !== null && relation.foreignKey === model.tenant) {
        refuse(`\`${model.name}.${field}\` says which organisation a row belongs to: the scope sets it.`)
      }
      return [[field, confineNested(model, field, relation, value)]]
    }),
  )
}

function checkTenant(model: Model, value: unknown): [] {
  const given = isArgs(value) ? value.set : value
  if (given !== undefined && given !== model.own[model.tenant ?? '']) {
    refuse(`\`${model.name}.${model.tenant}\` is set by the scope and cannot be changed.`)
  }
  return []
}

// References (`noteId: 'x'`) and links (`note: { connect: { id: 'x' } }`)

const references = (model: Model) =>
  [...model.relations].flatMap(([field, relation]) =>
    relation.foreignKey === null || relation.foreignKey === model.tenant
      ? []
      : [{ field, foreignKey: relation.foreignKey, relation }],
  )

const leadsToConfined = (model: Model, values: Args) =>
  references(model).filter(
    ({ foreignKey, relation }) => relation.target.tenant !== null && given(values[foreignKey]) != null,
  )

const given = (value: unknown) => (isArgs(value) ? value.set : value)

/** A reference is checked by Prisma only as a link, and then all have to be links. */
function usesRelations(model: Model, values: Args): boolean {
  return (
    leadsToConfined(model, values).length > 0 ||
    references(model).some(({ field }) => values[field] !== undefined)
  )
}

function linkReferences(model: Model, values: Args, write: 'create' | 'update'): Args {
  const linked = { ...values }
  for (const { field, foreignKey, relation } of references(model)) {
    if (!(foreignKey in linked)) continue
    const value = given(linked[foreignKey])
    delete linked[foreignKey]
    if (value === undefined || linked[field] !== undefined) continue
    if (value !== null)
      linked[field] = { connect: confine(relation.target, { [relation.references]: value }) }
    else if (write === 'update') linked[field] = { disconnect: true }
  }
  return linked
}

function checkReferences(model: Model, values: Args, instead: string): Args {
  for (const { foreignKey } of leadsToConfined(model, values)) {
    refuse(
      `\`${model.name}.${foreignKey}\` cannot be checked in a write of many rows: use \`${instead}\` for each of them.`,
    )
  }
  return values
}

// Nested writes

type Confine = (relation: ResolvedRelation, value: unknown) => unknown

const toEach =
  (confineOne: (target: Model, value: Args, own: Args) => unknown): Confine =>
  (relation, value) => {
    const own = relation.givesTenant ? {} : relation.target.own
    const confineItem = (item: unknown) => confineOne(relation.target, isArgs(item) ? item : {}, own)
    return Array.isArray(value) ? value.map(confineItem) : confineItem(value)
  }

/** `true`, on a relation to one row, means the row that is there. */
const whereOrTrue: Confine = ({ target }, value) => {
  if (value === false || (value === true && target.tenant === null)) return value
  if (Array.isArray(value)) return value.map((where) => confine(target, where))
  return confine(target, value)
}

const toWhere = toEach((target, where) => confine(target, where))

const updateOf = (target: Model, value: Args): Args => {
  const wrapped = 'data' in value && Object.keys(value).every((key) => key === 'data' || key === 'where')
  return wrapped
    ? { where: confine(target, value.where), data: confineUpdate(target, value.data) }
    : { where: confine(target, undefined), data: confineUpdate(target, value) }
}

/** What each nested write becomes, and whether it writes rows of the other model. */
const NESTED: Readonly<Record<string, { writes: boolean; confine: Confine }>> = {
  create: { writes: true, confine: toEach(confineCreate) },
  createMany: {
    writes: true,
    confine: toEach((target, value, own) => ({ ...value, data: confineCreateMany(target, value.data, own) })),
  },
  connect: { writes: false, confine: toWhere },
  connectOrCreate: {
    writes: true,
    confine: toEach((target, { where, create }, own) => ({
      where: confine(target, where),
      create: confineCreate(target, create, own),
    })),
  },
  disconnect: { writes: false, confine: whereOrTrue },
  set: { writes: false, confine: toWhere },
  update: { writes: true, confine: toEach(updateOf) },
  updateMany: {
    writes: true,
    confine: toEach((target, { where, data }) => ({
      where: confine(target, where),
      data: confineUpdateMany(target, data),
    })),
  },
  upsert: {
    writes: true,
    confine: toEach((target, { where, create, update }, own) => ({
      where: confine(target, where),
      create: confineCreate(target, create, own),
      update: confineUpdate(target, update),
    })),
  },
  delete: { writes: true, confine: whereOrTrue },
  deleteMany: { writes: true, confine: toWhere },
}

function confineNested(model: Model, field: string, relation: ResolvedRelation, value: unknown): Args {
  if (!isArgs(value)) return refuse(`\`${model.name}.${field}\` is no nested write.`)
  return Object.fromEntries(
    Object.entries(value).map(([operation, argument]) => {
      const nested = NESTED[operation]
      if (nested === undefined)
        return refuse(`The nested write \`${operation}\` of \`${model.name}.${field}\` is unknown.`)
      if (argument === undefined) return [operation, undefined]
      const ownSide = relation.manyToMany || relation.foreignKey !== null
      if (relation.target.tenant === null && (nested.writes || !ownSide)) writable(relation.target)
      // The rows that `set` lets go of are named nowhere.
      if (operation === 'set' && !relation.manyToMany) {
        refuse(
          `\`set\` of \`${model.name}.${field}\` cannot be confined: use \`connect\` and \`disconnect\`.`,
        )
      }
      return [operation, nested.confine(relation, argument)]
    }),
  )
}
