/**
 * What is needed of a model of the application's client (`prisma.user`). Structural, so that any generated client of
 * Prisma 6 or 7 fits, extended ones and transactions too.
 */
export interface ModelDelegate {
  findUnique(args: never): PromiseLike<unknown>
  findFirst(args: never): PromiseLike<unknown>
  findMany(args: never): PromiseLike<unknown>
  create(args: never): PromiseLike<unknown>
  updateMany(args: never): PromiseLike<unknown>
  deleteMany(args: never): PromiseLike<unknown>
}

/** Names of the client's models, as they are written on it: `'user'`. */
export type ModelName<C> = {
  [K in keyof C & string]: C[K] extends ModelDelegate ? K : never
}[keyof C & string]

/** A row of the model with every column of its own. */
export type ModelRow<C, N> = N extends keyof C
  ? C[N] extends { [key: symbol]: { types: { payload: { scalars: infer Row } } } }
    ? Row
    : never
  : never

export type Row = Record<string, unknown>

/** The delegate as this package calls it: arguments are built here, so their exact types are of no use. */
export interface Delegate {
  findUnique(args: object): PromiseLike<Row | null>
  findFirst(args: object): PromiseLike<Row | null>
  findMany(args: object): PromiseLike<Row[]>
  create(args: object): PromiseLike<Row>
  createMany(args: object): PromiseLike<{ count: number }>
  createManyAndReturn(args: object): PromiseLike<Row[]>
  updateMany(args: object): PromiseLike<{ count: number }>
  updateManyAndReturn(args: object): PromiseLike<Row[]>
  deleteMany(args: object): PromiseLike<{ count: number }>
}

/** One model as the client knows it at run time; the generated client of Prisma 7 carries no more than this. */
export interface ModelDescription {
  readonly name: string
  readonly dbName: string | null
  /** Of `@@schema`. */
  readonly schema?: string | null
  readonly fields: readonly {
    readonly name: string
    readonly kind: string
    readonly type: string
    readonly dbName?: string | null
    readonly relationName?: string | null
  }[]
}

/** What is read of the client besides its models. All of it may be missing on a client that is wrapped. */
export interface ClientInternals {
  readonly _activeProvider?: unknown
  readonly _engine?: unknown
  readonly _runtimeDataModel?: { readonly models?: Readonly<Record<string, Omit<ModelDescription, 'name'>>> }
  readonly $connect?: unknown
  readonly $queryRawUnsafe?: (sql: string, ...values: unknown[]) => PromiseLike<unknown>
}

/** The model `User` is `prisma.user`. */
export const delegateName = (model: string): string => model.charAt(0).toLowerCase() + model.slice(1)

/** What the client knows of the model behind a delegate; `null` on a client that hides it. */
export function describeModel(client: ClientInternals, delegate: string): ModelDescription | null {
  const models = client._runtimeDataModel?.models
  if (models === undefined) return null
  const found = Object.entries(models).find(([name]) => delegateName(name) === delegate)
  return found === undefined ? null : { ...found[1], name: found[0] }
}

/** A client handed to the callback of `$transaction` cannot connect: a failed statement may have ended its transaction. */
export const isTransaction = (client: ClientInternals): boolean => client.$connect === undefined
