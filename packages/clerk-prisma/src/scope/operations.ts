import { confineCreate, confineCreateMany, confineDelete, confineUpdate, confineUpdateMany } from './data.js'
import { type Model, OrganizationScopeError } from './models.js'
import { checkUnconditional } from './nested.js'
import { type Args, argsOf } from './plain.js'
import type { Linked, Place } from './references.js'
import { checkKeys, confineRead, confineSelection, type Plan } from './selection.js'
import { checkOrder, confine, confineCursor } from './where.js'

interface Confined {
  readonly args: Args
  readonly plan: Plan
  /** References that were given as columns and are sent as links. */
  readonly linked: readonly Linked[]
}

type Operation = (model: Model, args: Args) => Confined

const taking = (keys: string, confineArgs: Operation): Operation => {
  const known = new Set([...keys.split(' '), 'relationLoadStrategy', 'cacheStrategy'])
  return (model, args) => {
    checkKeys(model.name, args, known)
    return confineArgs(model, args)
  }
}

const FOUND = 'select include omit where'
const PAGE = 'where orderBy cursor take skip'

const reading: Operation = (model, args) => ({ ...confineRead(model, args), linked: [] })

/** Answers numbers: `select` names columns there. */
const counting: Operation = (model, args) => {
  checkOrder(model, args.orderBy)
  const cursor = args.cursor === undefined ? {} : { cursor: confineCursor(model, args.cursor) }
  const confined = { ...args, ...cursor, where: confine(model, args.where) }
  return { args: confined, plan: new Map(), linked: [] }
}

const writing =
  (confineWrite: (model: Model, args: Args, place: Place) => Args): Operation =>
  (model, args) => {
    const linked: Linked[] = []
    const selection = confineSelection(model, args)
    const write = confineWrite(model, args, { linked })
    return { args: { ...args, ...selection.args, ...write }, plan: selection.plan, linked }
  }

const createsMany = writing((model, { data }, place) => ({ data: confineCreateMany(model, data, place) }))
const updatesMany = writing((model, { where, data: given }, place) => {
  return { where: confine(model, where), data: confineUpdateMany(model, given, place) }
})
const deletes = writing((model, { where }) => ({ where: confine(model, where, confineDelete(model)) }))

/** Every operation of a model that can be confined. One that Prisma adds later is refused until it stands here. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  findUnique: taking(FOUND, reading),
  findUniqueOrThrow: taking(FOUND, reading),
  findFirst: taking(`${FOUND} ${PAGE} distinct`, reading),
  findFirstOrThrow: taking(`${FOUND} ${PAGE} distinct`, reading),
  findMany: taking(`${FOUND} ${PAGE} distinct`, reading),
  count: taking(`${PAGE} select`, counting),
  aggregate: taking(`${PAGE} _count _avg _sum _min _max`, counting),
  groupBy: taking(`${PAGE} by having _count _avg _sum _min _max`, counting),
  create: taking(
    'select include omit data',
    writing((model, { data }, place) => ({ data: confineCreate(model, data, place) })),
  ),
  createMany: taking('data skipDuplicates', createsMany),
  createManyAndReturn: taking('select include omit data skipDuplicates', createsMany),
  update: taking(
    `${FOUND} data`,
    writing((model, { where, data: given }, place) => {
      const { data, conditions } = confineUpdate(model, given, place, where)
      return { where: confine(model, where, conditions), data }
    }),
  ),
  updateMany: taking('where data limit', updatesMany),
  updateManyAndReturn: taking(`${FOUND} data limit`, updatesMany),
  upsert: taking(
    `${FOUND} create update`,
    writing((model, { where, create, update }, place) => {
      const { data, conditions } = confineUpdate(model, update, place, where)
      checkUnconditional(model, conditions)
      return { where: confine(model, where), create: confineCreate(model, create, place), update: data }
    }),
  ),
  delete: taking(FOUND, deletes),
  deleteMany: taking('where limit', deletes),
}

/** @throws {OrganizationScopeError} */
export function confineOperation(
  model: Model | undefined,
  name: string,
  operation: string,
  args: unknown,
): Confined {
  if (model === undefined) {
    throw new OrganizationScopeError(
      name === ''
        ? `\`${operation}\` is raw: it cannot be confined to an organisation.`
        : `The model \`${name}\` is not declared in organizationScope.`,
    )
  }
  const confineArgs = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined
  if (confineArgs === undefined) {
    throw new OrganizationScopeError(`\`${name}.${operation}\` cannot be confined to an organisation.`)
  }
  return confineArgs(
    model,
    args === undefined ? {} : argsOf(args, `The argument of \`${name}.${operation}\``),
  )
}
