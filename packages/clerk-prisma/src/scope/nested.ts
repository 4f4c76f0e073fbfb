import {
  type Change,
  confineCreate,
  confineCreateMany,
  confineDelete,
  confineUpdate,
  confineUpdateMany,
  writable,
} from './data.js'
import {
  type Condition,
  type Model,
  OrganizationScopeError,
  type ResolvedRelation,
  unlinked,
} from './models.js'
import { type Args, argsOf, entriesOf } from './plain.js'
import type { Place } from './references.js'
import { checkKeys } from './selection.js'
import { confine } from './where.js'

const refuse = (message: string): never => {
  throw new OrganizationScopeError(message)
}

/** A nested write: of which relation of which model, and what Prisma knows of the rows by the link itself. */
interface Nested extends Place {
  readonly model: Model
  readonly relation: ResolvedRelation
  readonly target: Model
  readonly own: Args | undefined
}

interface Operation {
  /** Whether it writes rows of the other model, apart from a reference in them. */
  readonly writes: boolean
  /** Whether another row may have to make room for it, where the relation is one to one. */
  readonly displaces: boolean
  confine(nested: Nested, value: unknown): unknown
}

const toEach =
  (keys: readonly string[] | null, confineOne: (nested: Nested, value: Args) => unknown) =>
  (nested: Nested, value: unknown) => {
    const known = keys === null ? null : new Set(keys)
    const confineItem = (item: unknown) => {
      const given = argsOf(item, `A nested write of \`${nested.model.name}.${nested.relation.field}\``)
      if (known !== null) checkKeys(`${nested.model.name}.${nested.relation.field}`, given, known)
      return confineOne(nested, given)
    }
    return Array.isArray(value) ? value.map(confineItem) : confineItem(value)
  }

/** `true`, on a relation to one row, means the row that is there. */
const whereOrTrue =
  (further: (target: Model) => readonly Condition[]) =>
  ({ target, relation }: Nested, value: unknown): unknown => {
    const rows = further(target)
    if (value === false) return value
    if (value === true && !relation.many)
      return target.tenant === null ? value : confine(target, undefined, rows)
    return Array.isArray(value)
      ? value.map((where) => confine(target, where, rows))
      : confine(target, value, rows)
  }

const updateOf = (nested: Nested, value: Args): Args => {
  const { target, relation, model } = nested
  const wrapped = 'data' in value && Object.keys(value).every((key) => key === 'data' || key === 'where')
  if (!relation.many && 'data' in value && target.isField('data')) {
    refuse(`\`${target.name}\` has a field \`data\`: update it by itself, not through \`${model.name}\`.`)
  }
  if (!wrapped && relation.many)
    checkKeys(`${model.name}.${relation.field}`, value, new Set(['where', 'data']))
  const { data, conditions } = confineUpdate(
    target,
    wrapped ? value.data : value,
    nested,
    wrapped ? value.where : undefined,
  )
  return { where: confine(target, wrapped ? value.where : undefined, conditions), data }
}

/** The row that a link will point to, from the side that has the column: no other organisation's row points to it. */
const linkable = ({ relation, model }: Nested): readonly Condition[] =>
  relation.oneToOne === null || relation.foreignKey === null || relation.withTenant
    ? []
    : [{ [relation.oneToOne]: unlinked(model, false) }]

const OPERATIONS: Readonly<Record<string, Operation>> = {
  create: {
    ...{ writes: true, displaces: true },
    confine: toEach(null, (nested, value) => confineCreate(nested.target, value, nested, nested.own)),
  },
  createMany: {
    ...{ writes: true, displaces: true },
    confine: toEach(['data', 'skipDuplicates'], (nested, value) => ({
      ...value,
      data: confineCreateMany(nested.target, value.data, nested, nested.own),
    })),
  },
  connect: {
    ...{ writes: false, displaces: true },
    confine: toEach(null, (nested, where) => confine(nested.target, where, linkable(nested))),
  },
  connectOrCreate: {
    ...{ writes: true, displaces: true },
    confine: toEach(['where', 'create'], (nested, { where, create }) => {
      const conditions = linkable(nested)
      if (conditions.length > 0) checkSameRow(nested, where, create)
      return {
        where: confine(nested.target, where, conditions),
        create: confineCreate(nested.target, create, nested, nested.own),
      }
    }),
  },
  disconnect: { writes: false, displaces: false, confine: whereOrTrue(() => []) },
  set: {
    ...{ writes: false, displaces: true },
    confine: toEach(null, ({ target }, where) => confine(target, where)),
  },
  update: { writes: true, displaces: false, confine: toEach(null, updateOf) },
  updateMany: {
    ...{ writes: true, displaces: false },
    confine: toEach(['where', 'data', 'limit'], (nested, value) => {
      const data = confineUpdateMany(nested.target, value.data, nested)
      return { ...value, where: confine(nested.target, value.where), data }
    }),
  },
  upsert: {
    ...{ writes: true, displaces: true },
    confine: toEach(['where', 'create', 'update'], (nested, { where, create, update }) => {
      const { data, conditions } = confineUpdate(nested.target, update, nested)
      checkUnconditional(nested.target, conditions)
      return {
        where: confine(nested.target, where),
        create: confineCreate(nested.target, create, nested, nested.own),
        update: data,
      }
    }),
  },
  delete: { writes: true, displaces: false, confine: whereOrTrue(confineDelete) },
  deleteMany: {
    ...{ writes: true, displaces: false },
    confine: toEach(null, ({ target }, where) => confine(target, where, confineDelete(target))),
  },
}

/** Where the condition fails an upsert would create another row. */
export function checkUnconditional(model: Model, conditions: readonly Condition[]): void {
  if (conditions.length === 0) return
  refuse(
    `An \`upsert\` of \`${model.name}\` cannot be confined where it links one to one or renames the row: use \`update\` and \`create\`.`,
  )
}

/** What `connectOrCreate` may not connect it must not create beside it: the same unique values make that a conflict. */
function checkSameRow({ model, relation, target }: Nested, where: unknown, create: unknown): void {
  const values = argsOf(create, `The data of \`${target.name}\``)
  const given = entriesOf(argsOf(where, `A condition on \`${target.name}\``))
  if (
    given.some(
      ([field, value]) => target.schema.fields.get(field)?.unique === true && values[field] === value,
    )
  )
    return
  refuse(
    `\`connectOrCreate\` of \`${model.name}.${relation.field}\`, which is one to one, cannot be confined unless \`create\` has the unique value that \`where\` looks for.`,
  )
}

export function confineNested(
  model: Model,
  relation: ResolvedRelation,
  value: unknown,
  place: Place,
): Change {
  const { field, target } = relation
  const path = `${model.name}.${field}`
  const own = relation.givesTenant ? {} : undefined
  const given = model.schema.relations.get(field)?.referredBy?.columns ?? []
  const nested: Nested = { ...place, given, model, relation, target, own }
  const conditions: Condition[] = []
  const operations = entriesOf(argsOf(value, `\`${path}\``)).map(([name, argument]) => {
    const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined
    if (operation === undefined) return refuse(`The nested write \`${name}\` of \`${path}\` is unknown.`)
    const ownSide = relation.manyToMany || relation.foreignKey !== null
    if (target.tenant === null && (operation.writes || !ownSide)) writable(target)
    // The rows that `set` lets go of are named nowhere.
    if (name === 'set' && !relation.manyToMany) {
      refuse(`\`set\` of \`${path}\` cannot be confined: use \`connect\` and \`disconnect\`.`)
    }
    // The tenant field is part of the reference, and would be emptied with it.
    if (relation.withTenant && (name === 'disconnect' || name === 'delete')) {
      refuse(
        `\`${name}\` of \`${path}\` would take the row's organisation: set \`${relation.foreignKey}\` to null.`,
      )
    }
    // The row that has to make room is the one that refers to this row.
    if (
      operation.displaces &&
      relation.oneToOne !== null &&
      relation.foreignKey === null &&
      !relation.givesTenant
    ) {
      conditions.push({ [field]: unlinked(target, false) })
    }
    return [name, operation.confine(nested, argument)] as const
  })
  return { data: Object.fromEntries(operations), conditions }
}
