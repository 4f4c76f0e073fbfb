import { type Condition, type Model, OrganizationScopeError, relationOf } from './models.js'
import { confineNested } from './nested.js'
import { type Args, argsOf, entriesOf, isArgs, listOf } from './plain.js'
import { checkReferences, linkReferences, linksReferences, type Place, primitive } from './references.js'

const refuse = (message: string): never => {
  throw new OrganizationScopeError(message)
}

/** A write and what the row it changes has to meet for it. */
export interface Change {
  readonly data: Args
  readonly conditions: readonly Condition[]
}

/** A row to be created: of this organisation, and linked to its rows only. */
export function confineCreate(model: Model, data: unknown, place: Place, own: Args = writable(model)): Args {
  const { data: values } = confineFields(model, data, { ...place, write: 'create' })
  if (!linksReferences(model, values)) return { ...values, ...own }
  const linked = linkReferences(model, values, { ...place, write: 'create' })
  return Object.keys(own).length === 0 ? linked : linkTenant(model, linked, own)
}

/** Prisma takes either columns or links: where one is a link, the organisation has to be, if it is a reference. */
function linkTenant(model: Model, linked: Args, own: Args): Args {
  const through = [...model.schema.relations.values()].filter(({ columns }) =>
    columns.includes(model.tenant ?? ''),
  )
  // A link to a row of the organisation brings the organisation along.
  if (through.some(({ field }) => linked[field] !== undefined)) return linked
  if (through.length === 0) return { ...linked, ...own }
  const alone = through.find(({ columns }) => columns.length === 1)
  if (alone === undefined) {
    return refuse(
      `\`${model.name}\` has its organisation from \`${through[0]?.field}\`: link that too, or give all references as columns.`,
    )
  }
  const occupied = !alone.many && alone.inverse?.many === false ? { [alone.inverse.field]: { is: null } } : {}
  const [reference = 'id'] = alone.references
  return { ...linked, [alone.field]: { connect: { [reference]: Object.values(own)[0], ...occupied } } }
}

/** Rows of `createMany`: columns only, so what a reference leads to cannot be checked. */
export function confineCreateMany(
  model: Model,
  data: unknown,
  place: Place,
  own: Args = writable(model),
): Args[] {
  return listOf(data).map((row) => ({
    ...checkReferences(model, confineFields(model, row, { ...place, write: 'create' }).data, 'create'),
    ...own,
  }))
}

/** @param row the condition that selects the row, where it is known */
export function confineUpdate(model: Model, data: unknown, place: Place, row?: unknown): Change {
  writable(model)
  const { data: values, conditions } = confineFields(model, data, { ...place, write: 'update' })
  return {
    data: linksReferences(model, values)
      ? linkReferences(model, values, { ...place, write: 'update', row })
      : values,
    conditions,
  }
}

export function confineUpdateMany(model: Model, data: unknown, place: Place): Args {
  writable(model)
  const { data: values, conditions } = confineFields(model, data, { ...place, write: 'update' })
  // A condition would leave rows out, and not say so.
  if (conditions.length > 0) {
    refuse(
      `A write of many rows of \`${model.name}\` cannot change what other rows refer to: use \`update\`.`,
    )
  }
  return checkReferences(model, values, 'update')
}

/** What rows have to meet to be deleted: the database may do something to the rows that refer to them. */
export function confineDelete(model: Model): readonly Condition[] {
  writable(model)
  return [model.unreferred.onDelete]
}

export function writable(model: Model): Args {
  if (model.tenant === null)
    refuse(`\`${model.name}\` is shared by all organisations: a scope may only read it.`)
  return model.own
}

/** Follows nested writes; the tenant field may be given, but only as it is. */
function confineFields(model: Model, data: unknown, place: Place & { write: 'create' | 'update' }): Change {
  const conditions: Condition[] = []
  const fields = entriesOf(argsOf(data, `The data of \`${model.name}\``)).flatMap(([field, value]) => {
    if (field === model.tenant) return checkTenant(model, value)
    if (place.given?.includes(field)) {
      refuse(`\`${model.name}.${field}\` is given by the row it is written through.`)
    }
    const relation = relationOf(model, field)
    if (relation === null) {
      const renamed = place.write === 'update' ? model.unreferred.onUpdate.get(field) : undefined
      if (renamed !== undefined) conditions.push(renamed)
      return [[field, isReference(model, field) ? primitive(`${model.name}.${field}`, value) : value]]
    }
    if (relation.foreignKey !== null && relation.foreignKey === model.tenant) {
      refuse(`\`${model.name}.${field}\` says which organisation a row belongs to: the scope sets it.`)
    }
    const nested = confineNested(model, relation, value, place)
    conditions.push(...nested.conditions)
    return [[field, nested.data]]
  })
  return { data: Object.fromEntries(fields), conditions }
}

const isReference = (model: Model, field: string) =>
  model.references.some(({ foreignKey }) => foreignKey === field)

function checkTenant(model: Model, value: unknown): [] {
  const given = isArgs(value) && Object.keys(value).join() === 'set' ? value.set : value
  if (given !== undefined && given !== model.own[model.tenant ?? '']) {
    refuse(`\`${model.name}.${model.tenant}\` is set by the scope and cannot be changed.`)
  }
  return []
}
