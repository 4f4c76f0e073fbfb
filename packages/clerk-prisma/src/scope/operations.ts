import { confineCreate, confineCreateMany, confineUpdate, confineUpdateMany } from './data.js'
import { type Model, OrganizationScopeError } from './models.js'
import { confineRead, confineSelection, type Plan } from './selection.js'
import { type Args, checkOrder, confine, confineCursor } from './where.js'

interface Confined {
  readonly args: Args
  readonly plan: Plan
}

const reading = (model: Model, args: Args): Confined => confineRead(model, args)

/** Answers numbers: `select` names columns there. */
const counting = (model: Model, args: Args): Confined => {
  checkOrder(model, args.orderBy)
  const cursor = args.cursor === undefined ? {} : { cursor: confineCursor(model, args.cursor) }
  return { args: { ...args, ...cursor, where: confine(model, args.where) }, plan: new Map() }
}

const writing =
  (confineWrite: (model: Model, args: Args) => Args) =>
  (model: Model, args: Args): Confined => {
    const selection = confineSelection(model, args)
    return { args: { ...args, ...selection.args, ...confineWrite(model, args) }, plan: selection.plan }
  }

const createsMany = writing((model, { data }) => ({ data: confineCreateMany(model, data) }))
const updatesMany = writing((model, { where, data }) => ({
  where: confine(model, where),
  data: confineUpdateMany(model, data),
}))
const deletes = writing((model, { where }) => {
  confineUpdate(model, {})
  return { where: confine(model, where) }
})

/** Every operation of a model that can be confined. One that Prisma adds later is refused until it stands here. */
const OPERATIONS: Readonly<Record<string, (model: Model, args: Args) => Confined>> = {
  findUnique: reading,
  findUniqueOrThrow: reading,
  findFirst: reading,
  findFirstOrThrow: reading,
  findMany: reading,
  count: counting,
  aggregate: counting,
  groupBy: counting,
  create: writing((model, { data }) => ({ data: confineCreate(model, data) })),
  createMany: createsMany,
  createManyAndReturn: createsMany,
  update: writing((model, { where, data }) => ({
    where: confine(model, where),
    data: confineUpdate(model, data),
  })),
  updateMany: updatesMany,
  updateManyAndReturn: updatesMany,
  upsert: writing((model, { where, create, update }) => ({
    where: confine(model, where),
    create: confineCreate(model, create),
    update: confineUpdate(model, update),
  })),
  delete: deletes,
  deleteMany: deletes,
}

/** @throws {OrganizationScopeError} */
export function confineOperation(
  model: Model | undefined,
  name: string,
  operation: string,
  args: Args,
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
  return confineArgs(model, args)
}
