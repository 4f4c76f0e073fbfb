import {
  type Condition,
  type Model,
  OrganizationScopeError,
  type ResolvedRelation,
  relationOf,
} from './models.js'
import { type Args, argsOf, entriesOf, isArgs, listOf } from './plain.js'

/**
 * The condition as it was, on rows of the organisation only. Unique fields stay where Prisma wants them, on top.
 *
 * @param further conditions that have to be met as well
 */
export function confine(model: Model, where: unknown, further: readonly Condition[] = []): Args {
  const inner =
    where === undefined ? {} : confineRelations(model, argsOf(where, `A condition on \`${model.name}\``))
  const added = [...(model.tenant === null ? [] : [model.own]), ...further].filter(
    (condition) => Object.keys(condition).length > 0,
  )
  if (added.length === 0) return inner
  return { ...inner, AND: [...(inner.AND === undefined ? [] : listOf(inner.AND)), ...added] }
}

/**
 * Prisma takes the unique fields of a cursor and nothing else, all of which have to fit: the tenant as one more of them.
 *
 * @throws {OrganizationScopeError} for a compound key that names another organisation, and for conditions
 */
export function confineCursor(model: Model, cursor: unknown): unknown {
  const given = argsOf(cursor, `A cursor of \`${model.name}\``)
  for (const [field, value] of entriesOf(given)) {
    if (model.isRelation(field) || ['AND', 'OR', 'NOT'].includes(field)) {
      throw new OrganizationScopeError(`A cursor of \`${model.name}\` takes unique fields, not \`${field}\`.`)
    }
    const named = field === model.tenant ? value : isArgs(value) ? value[model.tenant ?? ''] : undefined
    if (named !== undefined && named !== model.own[model.tenant ?? '']) {
      throw new OrganizationScopeError(`A cursor of \`${model.name}\` names another organisation.`)
    }
  }
  return { ...given, ...model.own }
}

/** Follows relations through a condition; the condition itself gains nothing. */
function confineRelations(model: Model, where: Args): Args {
  return Object.fromEntries(
    entriesOf(where).flatMap(([key, value]): [string, unknown][] => {
      if (key === 'OR') return [[key, confineEach(model, value)]]
      if (key === 'AND' || key === 'NOT') {
        const parts = confineEach(model, value)
        return saysNothing(parts) ? [] : [[key, parts]]
      }
      const relation = relationOf(model, key)
      if (relation === null) return [[key, value]]
      return isArgs(value) && saysNothing(value) ? [] : [[key, confineFilter(relation, value)]]
    }),
  )
}

function confineEach(model: Model, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => confineEach(model, part))
  return value === undefined
    ? value
    : confineRelations(model, argsOf(value, `A condition on \`${model.name}\``))
}

/** To Prisma `NOT: {}` and `notes: {}` are no conditions. With one of ours beside them they would be. */
const saysNothing = (parts: unknown): boolean =>
  Array.isArray(parts) ? parts.every(saysNothing) : isArgs(parts) && Object.keys(parts).length === 0

function confineFilter(relation: ResolvedRelation, filter: unknown): unknown {
  return relation.many ? filterOfMany(relation, filter) : filterOfOne(relation, filter)
}

function filterOfMany({ field, target }: ResolvedRelation, filter: unknown): Args {
  const given = argsOf(filter, `A condition on \`${field}\``)
  return Object.fromEntries(
    entriesOf(given).map(([key, where]) => {
      if (key === 'some' || key === 'none') return [key, confine(target, where)]
      if (key === 'every') return [key, every(target, where)]
      throw new OrganizationScopeError(`The condition \`${key}\` on \`${field}\` is unknown.`)
    }),
  )
}

/** Of another organisation's rows nothing is demanded: they must not decide. */
function every(target: Model, where: unknown): Args {
  const wanted = confineRelations(target, argsOf(where, `A condition on \`${target.name}\``))
  return target.tenant === null || saysNothing(wanted) ? wanted : { OR: [wanted, target.foreign] }
}

function filterOfOne({ field, target, optional }: ResolvedRelation, filter: unknown): unknown {
  // Of a relation that must be there Prisma does not take `null`.
  if (filter === null) return optional ? isNone(target) : null
  const given = argsOf(filter, `A condition on \`${field}\``)
  const keys = Object.keys(given)
  if (keys.some((key) => key !== 'is' && key !== 'isNot')) {
    return { is: confine(target, given) }
  }
  for (const key of keys) checkFieldName(target, key)
  if (!optional && (given.is === null || given.isNot === null)) return given
  const [is, isNot] = [given.is, given.isNot]
  return {
    ...(is === undefined ? {} : is === null ? isNone(target) : { is: confine(target, is) }),
    // Not the row it refers to: nor is a row that is hidden, or none.
    ...(isNot === undefined || is === null
      ? {}
      : isNot === null
        ? isSome(target)
        : { isNot: confine(target, isNot) }),
    // Nothing and something at once is nothing at all.
    ...(is === null && isNot === null ? isSome(target) : {}),
  }
}

/** A reference to another organisation's row shows `null`, so that is what it is here. */
const isNone = (target: Model): Args => (target.tenant === null ? { is: null } : { isNot: target.own })
const isSome = (target: Model): Args => (target.tenant === null ? { isNot: null } : { is: target.own })

/** A model that calls a field `is` makes `{ is: … }` ambiguous; Prisma then decides otherwise than we would. */
function checkFieldName(target: Model, key: string): void {
  if (!target.isField(key)) return
  throw new OrganizationScopeError(
    `\`${target.name}.${key}\` has the name of a filter of Prisma, which makes relations to it ambiguous.`,
  )
}

/** Order by a relation tells of its rows, and cannot be confined. */
export function checkOrder(model: Model, orderBy: unknown): void {
  if (orderBy === undefined) return
  for (const order of listOf(orderBy)) {
    for (const [field, value] of entriesOf(argsOf(order, `An order of \`${model.name}\``))) {
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
