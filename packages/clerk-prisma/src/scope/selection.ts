import { type Model, OrganizationScopeError, type ResolvedRelation, relationOf } from './models.js'
import { type Args, checkOrder, confine, confineCursor, isArgs } from './where.js'

/** The relations an operation answers, and what has to be looked at in each. */
export type Plan = ReadonlyMap<string, FieldPlan>

interface FieldPlan {
  readonly relation: ResolvedRelation
  /** The tenant was selected for us alone. */
  readonly added: boolean
  readonly plan: Plan
}

interface Confined {
  readonly args: Args
  readonly plan: Plan
}

/** Confines what an operation answers: conditions, order, cursor and everything included, however deep. */
export function confineRead(model: Model, args: Args): Confined {
  checkOrder(model, args.orderBy)
  const confined: Args = { ...args, where: confine(model, args.where) }
  if (args.cursor !== undefined) confined.cursor = confineCursor(model, args.cursor)
  const selection = confineSelection(model, args)
  return { args: { ...confined, ...selection.args }, plan: selection.plan }
}

/** `select` and `include`, which writes have too. */
export function confineSelection(model: Model, args: Args): Confined {
  const confined: Args = {}
  const plan = new Map<string, FieldPlan>()
  for (const kind of ['select', 'include'] as const) {
    const fields = args[kind]
    if (!isArgs(fields)) continue
    confined[kind] = Object.fromEntries(
      Object.entries(fields).map(([field, value]) => {
        if (field === '_count') return [field, confineCount(model, value)]
        const relation = relationOf(model, field)
        if (relation === null || value === false || value === undefined) return [field, value]
        const nested = relation.many ? many(relation.target, value) : one(relation.target, value)
        plan.set(field, { relation, added: nested.added, plan: nested.plan })
        return [field, nested.args]
      }),
    )
  }
  return { args: confined, plan }
}

type Nested = Omit<Confined, 'args'> & { readonly args: unknown; readonly added: boolean }

function many(target: Model, value: unknown): Nested {
  return { ...confineRead(target, isArgs(value) ? value : {}), added: false }
}

/**
 * Prisma takes no condition on a relation to one row, so the row's organisation is read along and looked at afterwards.
 * A reference into another organisation's rows should not be there; who wrote it may not have used a scope.
 */
function one(target: Model, value: unknown): Nested {
  if (!isArgs(value)) return { args: value, plan: new Map(), added: false }
  const { args, plan } = confineSelection(target, value)
  const merged: Args = { ...value, ...args }
  if (target.tenant === null) return { args: merged, plan, added: false }
  const selected = isArgs(merged.select) ? merged.select : null
  const omitted = isArgs(merged.omit) ? merged.omit : null
  const added = (selected !== null && selected[target.tenant] !== true) || omitted?.[target.tenant] === true
  if (selected !== null) merged.select = { ...selected, [target.tenant]: true }
  if (omitted !== null) merged.omit = { ...omitted, [target.tenant]: false }
  return { args: merged, plan, added }
}

/** `true` counts every relation: the declared ones are named instead, each with its condition. */
function confineCount(model: Model, value: unknown): unknown {
  if (value === false || value === undefined) return value
  const selected = isArgs(value) && isArgs(value.select) ? value.select : null
  const fields =
    selected ?? Object.fromEntries([...model.relations].map(([field, { many }]) => [field, many]))
  const select = Object.entries(fields).flatMap(([field, of]) => {
    const relation = relationOf(model, field)
    if (relation === null || of === false || of === undefined) return []
    return [[field, { where: confine(relation.target, isArgs(of) ? of.where : undefined) }] as const]
  })
  return { select: Object.fromEntries(select) }
}

/** Takes from rows, in place, what their relations must not show. */
export function clean(plan: Plan, rows: unknown): void {
  if (plan.size === 0) return
  for (const row of Array.isArray(rows) ? rows : [rows]) {
    if (!isArgs(row)) continue
    for (const [field, fieldPlan] of plan) {
      // Prisma answers a relation it was asked for, be it with null: without it this is not the row asked for.
      if (!(field in row))
        throw new OrganizationScopeError(`Prisma did not answer the relation \`${field}\`.`)
      row[field] = cleanRelated(fieldPlan, row[field])
    }
  }
}

function cleanRelated({ relation: { target, many }, added, plan }: FieldPlan, related: unknown): unknown {
  clean(plan, related)
  if (many || target.tenant === null || !isArgs(related)) return related
  if (related[target.tenant] !== target.own[target.tenant]) return null
  if (added) delete related[target.tenant]
  return related
}

/**
 * `prisma.note.findUnique(…).notebook()` asks for the note and answers its notebook.
 *
 * @param path `['select', 'notebook']`: the way from what was asked for to what is answered
 */
export function cleanAnswer(plan: Plan, path: readonly string[], answer: unknown): unknown {
  const [, field, ...rest] = path
  if (field === undefined) {
    clean(plan, answer)
    return answer
  }
  const fieldPlan = plan.get(field)
  if (fieldPlan === undefined)
    throw new OrganizationScopeError(`Prisma answered \`${field}\`, which was not asked for.`)
  return rest.length === 0 ? cleanRelated(fieldPlan, answer) : cleanAnswer(fieldPlan.plan, rest, answer)
}
