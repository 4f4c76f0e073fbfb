import { ConfigurationError, StoreInputError, StoreUnavailableError } from '@acme/clerk-core'

/**
 * The database refused a query of the store: a constraint of the application's, a column or table that is missing. The
 * message names model and code, never a value; Prisma's own error, whose text quotes values, is not attached.
 */
export class PrismaQueryError extends Error {
  override readonly name = 'PrismaQueryError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

interface PrismaErrorShape {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly meta?: { readonly modelName?: unknown }
}

const shapeOf = (error: unknown): PrismaErrorShape =>
  typeof error === 'object' && error !== null ? (error as PrismaErrorShape) : {}

/** Mistakes of the schema or of the options: asking again does not help, so they are not an outage. */
const REFUSALS: Readonly<Record<string, string>> = {
  P2000: 'a value is too long for its column',
  P2002: 'a value is taken in a unique column that Clerk does not sync',
  P2003: 'a foreign key is violated; give it a value in `create`',
  P2004: 'a constraint is violated',
  P2005: 'a stored value does not fit its type in the schema',
  P2006: 'a value does not fit its column',
  P2007: 'a value does not fit its column',
  P2011: 'a column that may not be null has no value; give it one in `create`, or make it optional',
  P2012: 'a required value is missing; give it one in `create`',
  P2014: 'a required relation is violated',
  P2020: 'a value is out of range for its column',
  P2021: 'a table is missing; run the migration of the package',
  P2022: 'a column is missing; run the migration of the package',
}

export const isDuplicate = (error: unknown): boolean => shapeOf(error).code === 'P2002'

/** Two writers in each other's way (deadlock, serialisation): the statement can be repeated. */
export const isConflict = (error: unknown): boolean =>
  shapeOf(error).code === 'P2034' || /Record has changed since/.test(String(shapeOf(error).message))

/** Another process is the one writer of the SQLite file; Prisma reports it as a timeout. */
export const isLocked = (error: unknown): boolean =>
  shapeOf(error).code === 'P1008' || /SQLITE_BUSY|database is locked/.test(String(shapeOf(error).message))

/** Prisma prints the whole call, values included, and says last what is wrong with it, without them. */
const lastLine = (message: unknown): string =>
  typeof message === 'string' ? (message.trimEnd().split('\n').at(-1) ?? '').trim() : ''

/** What a caller of the store sees of a failure. */
export function toStoreError(error: unknown): Error {
  if (
    error instanceof StoreInputError ||
    error instanceof StoreUnavailableError ||
    error instanceof ConfigurationError ||
    error instanceof PrismaQueryError
  ) {
    return error
  }
  const { name, code, meta, message } = shapeOf(error)
  const model = typeof meta?.modelName === 'string' ? ` of ${meta.modelName}` : ''
  if (name === 'PrismaClientValidationError') {
    return new PrismaQueryError(
      'validation',
      `Prisma does not accept a query of the store: ${lastLine(message)}`,
    )
  }
  if (typeof code === 'string' && REFUSALS[code] !== undefined) {
    return new PrismaQueryError(code, `The database refused a query${model} (${code}): ${REFUSALS[code]}.`)
  }
  if (error instanceof TypeError || error instanceof RangeError) return error
  const reason = typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown error'
  return new StoreUnavailableError(`The database cannot be reached or did not answer (${reason}).`)
}
