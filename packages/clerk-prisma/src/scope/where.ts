import { type Model, OrganizationScopeError, relationOf } from './models.js'

export type Args = Record<string, unknown>

export const isArgs = (value: unknown): value is Args =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

/** The condition as it was, on rows of the organisation only. Unique fields stay where Prisma wants them, on top. */
export function confine(model: Model, where: unknown): Args {
  const inner = isArgs(where) ? confineRelations(model, where) : {}
  if (model.tenant === null) return inner
  const and = inner.AND === undefined ? [] : listOf(inner.AND)
  return { ...inner, AND: [...and, model.own] }
}

/**
 * Prisma takes the unique fields of a cursor and nothing else, all of which have to fit: the tenant as one more of them.
 *
 * @throws {OrganizationScopeError} for a compound key that names another organisation
 */
export function confineCursor(model: Model, cursor: unknown): unknown {
  if (!isArgs(cursor) || model.tenant === null) return cursor
  const { tenant, own } = model
  for (const value of [cursor, ...Object.values(cursor)]) {
    if (!isArgs(value) || !(tenant in value)) continue
    if (value[tenant] === own[tenant]) return cursor
    throw new OrganizationScopeError(`A cursor of \`${model.name}\` names another organisation.`)
  }
  return { ...cursor, ...own }
}

/** Follows relations through a condition; the condition itself gains nothing. */
function confineRelations(model: Model, where: Args): Args {
  return Object.fromEntries(
    Object.entries(where).map(([key, value]) => {
      if (key === 'AND' || key === 'OR' || key === 'NOT') return [key, confineEach(model, value)]
      const relation = relationOf(model, key)
      return [key, relation === null ? value : confineFilter(relation.target, value)]
    }),
  )
}

function confineEach(model: Model, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => confineEach(model, part))
  return isArgs(value) ? confineRelations(model, value) : value
}

const FILTERS: Readonly<Record<string, (target: Model, where: unknown) => unknown>> = {
  some: confine,
  none: confine,
  is: (target, where) => (where == null ? where : confine(target, where)),
  isNot: (target, where) => (where == null ? where : confine(target, where)),
  // Of another organisation's rows nothing is demanded: they must not decide.
  every: (target, where) => {
    const wanted = isArgs(where) ? confineRelations(target, where) : {}
    return target.tenant === null ? wanted : { OR: [wanted, { NOT: target.own }] }
  },
}

function confineFilter(target: Model, filter: unknown): unknown {
  if (!isArgs(filter)) return filter
  const keys = Object.keys(filter)
  if (keys.length > 0 && keys.every((key) => Object.hasOwn(FILTERS, key) && !isFieldNamed(target, key))) {
    return Object.fromEntries(keys.map((key) => [key, FILTERS[key]?.(target, filter[key])]))
  }
  return { is: confine(target, filter) }
}

/** A model that calls a field `is` makes `{ is: … }` ambiguous; Prisma then decides otherwise than we would. */
function isFieldNamed(target: Model, key: string): boolean {
  if (!target.isField(key)) return false
  throw new OrganizationScopeError(
    `\`${target.name}.${key}\` has the name of a filter of Prisma, which makes relations to it ambiguous.`,
  )
}

/** Order by a relation tells of its rows, and cannot be confined. */
export function checkOrder(model: Model, orderBy: unknown): void {
  for (const order of listOf(orderBy)) {
    if (!isArgs(order)) continue
    for (const [field, value] of Object.entries(order)) {
      const relation = relationOf(model, field)
      if (relation === null) continue
      if (relation.target.tenant !== null || relation.many) {
        throw new OrganizationScopeError(
          `Ordering \`${model.name}\` by its relation \`${field}\` cannot be confined to an organisation.`,
        )
      }
      checkOrder(relation.target, value)
    }
  }
}
