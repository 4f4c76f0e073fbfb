import { type Model, OrganizationScopeError, type ResolvedRelation, relationOf } from './models.js'
import { type Args, argsOf, entriesOf, isArgs } from './plain.js'
import { checkOrder, confine, confineCursor } from './where.js'

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
    // Prisma takes both for absent.
    if (args[kind] == null) continue
    const fields = argsOf(args[kind], `\`${kind}\` of \`${model.name}\``)
    confined[kind] = Object.fromEntries(
      entriesOf(fields).map(([field, value]) => {
        if (field === '_count') return [field, confineCount(model, value)]
        const relation = relationOf(model, field)
        if (relation === null || value === false) return [field, value]
        const given = value === true ? {} : argsOf(value, `What is asked of \`${model.name}.${field}\``)
        checkKeys(`${model.name}.${field}`, given, RELATION_ARGS)
        const nested = relation.many
          ? { ...confineRead(relation.target, given), added: false }
          : one(relation.target, given)
        plan.set(field, { relation, added: nested.added, plan: nested.plan })
        return [field, nested.args]
      }),
    )
  }
  return { args: confined, plan }
}

const RELATION_ARGS = new Set([
  ...['select', 'include', 'omit', 'where', 'orderBy', 'cursor', 'take', 'skip', 'distinct'],
])

/** @throws {OrganizationScopeError} for an argument that is not known, of a later version for instance */
export function checkKeys(what: string, args: Args, known: ReadonlySet<string>): void {
  for (const [key] of entriesOf(args)) {
    if (known.has(key)) continue
    throw new OrganizationScopeError(`The argument \`${key}\` of \`${what}\` cannot be confined.`)
  }
}

type Nested = Omit<Confined, 'args'> & { readonly args: unknown; readonly added: boolean }

/**
 * Prisma takes no condition on a relation to one row, so the row's organisation is read along and looked at afterwards.
 * A reference into another organisation's rows should not be there; who wrote it may not have used a scope.
 */
function one(target: Model, value: Args): Nested {
  if (value.where !== undefined) {
    throw new OrganizationScopeError(`Prisma takes no condition on a relation to one \`${target.name}\`.`)
  }
  const { args, plan } = confineSelection(target, value)
  const merged: Args = { ...value, ...args }
  const asked = Object.keys(merged).length === 0 ? true : merged
  if (target.tenant === null) return { args: asked, plan, added: false }
  const selected = isArgs(merged.select) ? merged.select : null
  const omitted = isArgs(merged.omit) ? merged.omit : null
  const globally = omitted?.[target.tenant] === undefined && target.omitsTenant
  const added =
    selected === null ? globally || omitted?.[target.tenant] === true : selected[target.tenant] !== true
  if (!added) return { args: asked, plan, added }
  if (selected === null) merged.omit = { ...omitted, [target.tenant]: false }
  else merged.select = { ...selected, [target.tenant]: true }
  return { args: merged, plan, added }
}

/** `true` counts every relation: they are named instead, each with its condition. */
function confineCount(model: Model, value: unknown): unknown {
  if (value === false) return value
  const given = value === true ? {} : argsOf(value, `\`_count\` of \`${model.name}\``)
  checkKeys(`${model.name}._count`, given, new Set(['select']))
  const fields =
    given.select === undefined
      ? Object.fromEntries([...model.schema.relations.values()].map(({ field, many }) => [field, many]))
      : argsOf(given.select, `\`_count\` of \`${model.name}\``)
  const select = entriesOf(fields).flatMap(([field, of]) => {
    if (of === false) return []
    const relation = relationOf(model, field)
    if (relation === null) return [[field, of] as const]
    const filter = of === true ? {} : argsOf(of, `\`_count\` of \`${field}\``)
    checkKeys(`${model.name}._count.${field}`, filter, new Set(['where']))
    return [[field, { where: confine(relation.target, filter.where) }] as const]
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
  if (!(target.tenant in related)) {
    throw new OrganizationScopeError(`Prisma did not answer \`${target.name}.${target.tenant}\`.`)
  }
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
