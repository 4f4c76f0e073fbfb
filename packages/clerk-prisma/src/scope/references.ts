import { type Condition, type Model, OrganizationScopeError, type Reference } from './models.js'
import { type Args, isArgs } from './plain.js'
import { confine } from './where.js'

const refuse = (message: string): never => {
  throw new OrganizationScopeError(message)
}

/** A reference that was given as a column and is sent as a link: it is refused where another row stands. */
export interface Linked {
  readonly model: Model
  readonly foreignKey: string
  readonly target: Model
  /** The row it refers to, if something refers to that already. */
  readonly occupied: Condition
}

/** Where a write stands. */
export interface Place {
  /** Collects what a conflict may come from. */
  readonly linked: Linked[]
  /** Columns that the row has from the one it is written through. */
  readonly given?: readonly string[]
}

interface Row {
  readonly write: 'create' | 'update'
  /** The condition that selects the row that is updated, where it is known. */
  readonly row?: unknown
}

/**
 * The value of a column that refers to another row, as Prisma will send it.
 *
 * @throws {OrganizationScopeError} for a value that says what it is only when it is sent
 */
export function primitive(path: string, value: unknown): unknown {
  const given = isArgs(value) && Object.keys(value).join() === 'set' ? value.set : value
  if (given === undefined || given === null) return given
  if (['string', 'number', 'bigint'].includes(typeof given)) return given
  if (given instanceof Date) return new Date(given)
  if (given instanceof Uint8Array) return new Uint8Array(given)
  return refuse(`\`${path}\` refers to another row: give it as a string, a number, a date or bytes.`)
}

/** A column can be checked by Prisma only as a link, and then all have to be links. */
export function linksReferences(model: Model, values: Args): boolean {
  return (
    model.references.some(({ field }) => values[field] !== undefined) ||
    model.references.some((reference) => leadsToConfined(reference, values))
  )
}

const leadsToConfined = ({ foreignKey, relation }: Reference, values: Args) =>
  values[foreignKey] != null &&
  (relation === null || (relation.target.tenant !== null && !relation.withTenant))

/** In writes that hold columns only. @throws {OrganizationScopeError} for one that leads to an organisation's rows */
export function checkReferences(model: Model, values: Args, instead: string): Args {
  for (const reference of model.references) {
    checkDeclared(model, reference, values)
    if (!leadsToConfined(reference, values)) continue
    refuse(
      `\`${model.name}.${reference.foreignKey}\` cannot be checked in a write of many rows: use \`${instead}\` for each of them.`,
    )
  }
  return values
}

function checkDeclared(model: Model, { field, foreignKey, relation }: Reference, values: Args): void {
  if (relation !== null || values[foreignKey] == null) return
  refuse(
    `\`${model.name}.${foreignKey}\` refers by \`${field}\`, which is not declared in organizationScope: declare it.`,
  )
}

/** Columns become links to rows of the organisation. */
export function linkReferences(model: Model, values: Args, place: Place & Row): Args {
  const linked = { ...values }
  const links = model.references.filter(({ field }) => values[field] !== undefined)
  for (const reference of model.references) {
    checkDeclared(model, reference, values)
    const { field, foreignKey, relation } = reference
    const value = values[foreignKey]
    if (value === undefined) continue
    if (links.length > 0) {
      refuse(
        `\`${model.name}.${foreignKey}\` is a column and \`${links[0]?.field}\` a link: Prisma takes either columns or links.`,
      )
    }
    delete linked[foreignKey]
    if (value === null && place.write === 'update' && relation?.withTenant === true) {
      refuse(`\`${model.name}.${foreignKey}\` can only be emptied in an \`update\` of its own.`)
    }
    if (value !== null) linked[field] = { connect: link(model, reference, value, place) }
    else if (place.write === 'update') linked[field] = { disconnect: true }
  }
  return linked
}

function link(
  model: Model,
  { foreignKey, relation, field }: Reference,
  value: unknown,
  place: Place & Row,
): Args {
  if (relation === null) return refuse(`\`${model.name}.${field}\` is not declared in organizationScope.`)
  const { target, references, oneToOne } = relation
  if (relation.withTenant && target.schema.fields.get(references)?.unique !== true) {
    return refuse(
      `\`${model.name}.${foreignKey}\` is unique within the organisation only: write \`${field}\` as a link.`,
    )
  }
  const key = { [references]: value }
  if (oneToOne === null) return confine(target, key)
  place.linked.push({ model, foreignKey, target, occupied: { ...key, [oneToOne]: { isNot: null } } })
  // As a column it would be a conflict; as a link Prisma would make room.
  const free = { [oneToOne]: { is: null } }
  if (place.row === undefined) return confine(target, key, [free])
  const itself = { [oneToOne]: { is: confine(model, withoutCompounds(model, place.row)) } }
  return confine(target, key, [{ OR: [free, itself] }])
}

/** Prisma takes compound keys where a row is selected, and only their fields in a condition. */
function withoutCompounds(model: Model, where: unknown): unknown {
  if (!isArgs(where)) return where
  return Object.fromEntries(
    Object.entries(where).flatMap(([key, value]) =>
      model.isField(key) || ['AND', 'OR', 'NOT'].includes(key) || !isArgs(value)
        ? [[key, value]]
        : Object.entries(value),
    ),
  )
}
