import { ConfigurationError, StoreInputError, StoreUnavailableError } from '@acme/clerk-core'
import { type StoreFault, StoreFaultError } from '@acme/clerk-core/store'

/** What is read of an error of Prisma or of a driver. Its texts quote values, and only names are taken out of them. */
interface PrismaErrorShape {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly meta?: {
    readonly modelName?: unknown
    /** Engines of Prisma 6 without a driver adapter. */
    readonly target?: unknown
    readonly constraint?: unknown
    readonly column?: unknown
    readonly column_name?: unknown
    /** Of raw SQL. */
    readonly code?: unknown
    readonly message?: unknown
    readonly driverAdapterError?: { readonly cause?: unknown }
  }
}

/** What a driver adapter says: Prisma 7 in `meta`, and as the error itself where Prisma 6 has no code for it. */
interface DriverCause {
  readonly kind?: unknown
  readonly originalCode?: unknown
  readonly code?: unknown
  readonly extendedCode?: unknown
  readonly originalMessage?: unknown
  readonly message?: unknown
  readonly column?: unknown
  readonly constraint?: { readonly fields?: unknown; readonly index?: unknown }
}

const shapeOf = <T extends object>(value: unknown): T =>
  (typeof value === 'object' && value !== null ? value : {}) as T

/** The kinds behind Prisma's own codes. */
const PRISMA: Readonly<Record<string, StoreFault>> = {
  P2000: 'value',
  P2002: 'unique',
  P2003: 'foreign-key',
  P2004: 'other',
  P2005: 'value',
  P2006: 'value',
  P2007: 'value',
  P2009: 'other',
  P2011: 'required',
  P2012: 'required',
  P2013: 'required',
  P2014: 'foreign-key',
  P2019: 'value',
  P2020: 'value',
  P2021: 'missing',
  P2022: 'missing',
  P2023: 'value',
  P2033: 'value',
}

/**
 * The kinds behind the codes of databases, for what Prisma hands on as it came (`P2039` of Prisma 7, a `DriverAdapterError`
 * of Prisma 6): SQLSTATE of PostgreSQL (appendix A), error numbers of MySQL and MariaDB, extended result codes of SQLite.
 * Connections, resources, locks and shutdowns are not here: they are outages.
 */
const DRIVER: readonly (readonly [code: RegExp, StoreFault])[] = [
  [/^(23502|1048|1364|1299)$/, 'required'],
  [/^(23505|1062|1586|2067|1555)$/, 'unique'],
  [/^(23503|23001|1216|1217|1451|1452|787)$/, 'foreign-key'],
  [/^(22...|42804|1264|1265|1292|1366|1367|1406|3140|3091|20)$/, 'value'],
  [/^(42703|42P01|42704|3F000|1054|1146)$/, 'missing'],
  // CHECK, exclusion, triggers that raise, privileges, statements that the schema does not fit.
  [/^(23...|42...|P0001|0A000|1142|1143|1644|3819|4025|275|1811|19)$/, 'other'],
]

const REMEDIES: Readonly<Record<StoreFault, string>> = {
  unique:
    'A value is taken in a unique column that Clerk does not sync: make it unique in `create`, or drop the index.',
  required: 'Make the column optional, or give it a value in `create` where it is your own.',
  'foreign-key': 'Give the column a value in `create` that the other table has, or drop the constraint.',
  value: "Give the column the type that the package's schema has.",
  missing: 'Run the migration of the package: https://github.com/acme/clerk/blob/main/docs/prisma.md#tables.',
  hidden:
    'Hand `prismaStore` the client without extensions (`new PrismaClient(…)`, not what `$extends` returned), and keep the extended one for the application.',
  other: 'See the constraints, triggers and privileges of the table, and the extensions of the client.',
}

/** Of which model a failed query was, where Prisma does not say. */
const models = new WeakMap<object, string>()

/** Notes the model of a query with what it fails with. */
export function queried<T>(model: string, query: PromiseLike<T>): PromiseLike<T> {
  return query.then(undefined, (error: unknown) => {
    if (typeof error === 'object' && error !== null) models.set(error, model)
    throw error
  })
}

/**
 * Whatever fails in raw SQL is `P2010` to Prisma. These are the codes that the same refusal has in a query of a model, by the
 * kind that a driver adapter gives it.
 */
const RAW: Readonly<Record<string, string>> = {
  DatabaseNotReachable: 'P1001',
  SocketTimeout: 'P1008',
  ConnectionClosed: 'P1017',
  LengthMismatch: 'P2000',
  UniqueConstraintViolation: 'P2002',
  ForeignKeyConstraintViolation: 'P2003',
  RestrictViolation: 'P2003',
  InvalidInputValue: 'P2007',
  NullConstraintViolation: 'P2011',
  ValueOutOfRange: 'P2020',
  TableDoesNotExist: 'P2021',
  ColumnNotFound: 'P2022',
  InconsistentColumnData: 'P2023',
  TransactionWriteConflict: 'P2034',
  TooManyConnections: 'P2037',
}

/** Prisma's code, the same for raw SQL as for a query of a model. */
function codeOf(error: unknown): unknown {
  const { code } = shapeOf<PrismaErrorShape>(error)
  return code === 'P2010' ? (RAW[String(causeOf(error).kind)] ?? code) : code
}

function driverCodeOf(error: unknown): unknown {
  const { originalCode, code, extendedCode } = causeOf(error)
  return [originalCode, code, extendedCode].find((one) => one !== undefined)
}

export const isDuplicate = (error: unknown): boolean => codeOf(error) === 'P2002'

/**
 * Two writers in each other's way (deadlock, serialisation, a row that changed since its snapshot): the statement can be
 * repeated. Adapters of Prisma 6 do not know each of these codes.
 */
export const isConflict = (error: unknown): boolean =>
  codeOf(error) === 'P2034' ||
  /^(40001|40P01|1213|1020)$/.test(String(driverCodeOf(error))) ||
  /Record has changed since/.test(String(shapeOf<PrismaErrorShape>(error).message))

/** Another process is the one writer of the SQLite file; Prisma reports it as a timeout. */
export const isLocked = (error: unknown): boolean =>
  codeOf(error) === 'P1008' ||
  /SQLITE_BUSY|database is locked/.test(String(shapeOf<PrismaErrorShape>(error).message))

/** A fault as the stores make it themselves. */
export const storeFault = (
  fault: StoreFault,
  driverCode: string,
  model: string,
  more: { field?: string | undefined; index?: string | undefined; remedy?: string } = {},
): StoreFaultError => new StoreFaultError({ fault, driverCode, model, remedy: REMEDIES[fault], ...more })

export const HIDDEN_REMEDY = REMEDIES.hidden

/** Ids need a binary collation, without which two people are one. */
export const collationFault = (model: string, field: string): StoreFaultError =>
  storeFault('other', 'collation', model, {
    field,
    remedy: `\`${model}.${field}\` compares ids without regard to case: give the column a binary collation.`,
  })

/** What a caller of the store sees of a failure. */
export function toStoreError(error: unknown): Error {
  if (
    error instanceof StoreInputError ||
    error instanceof StoreUnavailableError ||
    error instanceof StoreFaultError ||
    error instanceof ConfigurationError
  ) {
    return error
  }
  const { name, meta, message } = shapeOf<PrismaErrorShape>(error)
  const code = codeOf(error)
  const cause = causeOf(error)
  const model = nameIn(meta?.modelName) ?? models.get(Object(error)) ?? 'unknown'
  if (name === 'PrismaClientValidationError') return validationFault(model, message)
  const driverCode = driverCodeOf(error)
  const fault = faultOf(code, driverCode, cause)
  if (fault !== null) {
    const told = typeof code === 'string' && PRISMA[code] !== undefined ? code : String(driverCode)
    return storeFault(fault, told, model, placeOf(meta, cause))
  }
  if (isOfPrisma(error)) {
    const reason = typeof code === 'string' ? code : String(name)
    return new StoreUnavailableError(`The database cannot be reached or did not answer (${reason}). ${CHECK}`)
  }
  // What an extension of the application's, or a bug of ours, throws is no outage.
  return error instanceof TypeError || error instanceof RangeError ? error : foreignError(error)
}

function faultOf(code: unknown, driverCode: unknown, cause: DriverCause): StoreFault | null {
  // SQLite's trigger that raises looks like a foreign key to Prisma.
  if (String(driverCode) === '1811') return 'other'
  const known = typeof code === 'string' ? PRISMA[code] : undefined
  if (known !== undefined) return known
  const text = String(cause.originalMessage ?? cause.message)
  if (/no such (table|column)|has no column named/.test(text)) return 'missing'
  return DRIVER.find(([pattern]) => pattern.test(String(driverCode)))?.[1] ?? null
}

function causeOf(error: unknown): DriverCause {
  const { name, code, cause, meta } = shapeOf<PrismaErrorShape>(error)
  const bare = name === 'DriverAdapterError' ? cause : undefined
  // Engines of Prisma 6 without a driver adapter tell code and message of raw SQL in `meta` itself.
  return shapeOf<DriverCause>(
    meta?.driverAdapterError?.cause ?? bare ?? (code === 'P2010' ? meta : undefined),
  )
}

/** Column and index, where they are told. */
function placeOf(
  meta: PrismaErrorShape['meta'],
  { constraint, column, originalMessage, message }: DriverCause,
): { field?: string | undefined; index?: string | undefined } {
  const text = String(originalMessage ?? message)
  const list = constraint?.fields ?? meta?.target
  const listed = Array.isArray(list) ? list.map(nameIn).filter((one) => one !== undefined) : []
  const field = nameIn(column) ?? nameIn(meta?.column) ?? nameIn(meta?.column_name) ?? firstOf(COLUMNS, text)
  return {
    field: listed.length > 0 ? listed.join(', ') : field,
    index: nameIn(constraint?.index) ?? nameIn(meta?.constraint) ?? firstOf(INDEXES, text),
  }
}

/** Where a text of a database names a column. Whole phrases, since the rest of a text may be a value. */
const COLUMNS = [
  /null value in column "(\w+)"/,
  /Column '(\w+)' cannot be null$/,
  /Field '(\w+)' doesn't have a default value$/,
  / for column ['`](?:\w+`\.`)*(\w+)['`] at row \d+$/,
  /NOT NULL constraint failed: (?:\w+\.)*(\w+)$/,
  /no such column: (?:\w+\.)*(\w+)$/,
  /has no column named (\w+)$/,
  /column (?:"?\w+"?\.)*"?(\w+)"?(?: of relation "\w+")? does not exist$/,
]

const INDEXES = [
  /violates [\w ]+ constraint "(\w+)"$/,
  /^CONSTRAINT `(\w+)` failed for/,
  /CHECK constraint failed: (\w+)$/,
  / for key '(?:\w+\.)?(\w+)'$/,
  /UNIQUE constraint failed: index '(\w+)'$/,
  /CONSTRAINT `(\w+)` FOREIGN KEY/,
]

const firstOf = (patterns: readonly RegExp[], text: string): string | undefined =>
  patterns.map((pattern) => pattern.exec(text)?.[1]).find((found) => found !== undefined)

/** A name of the schema, which a value is not: `User.email` is the column, `index 'uq'` is none. */
function nameIn(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  return /^(?:\w+\.)*(\w{1,64})$/.exec(text)?.[1]
}

/** Prisma prints the whole call, values included, and says last what is wrong with it: of that the name alone. */
function validationFault(model: string, message: unknown): StoreFaultError {
  const last = typeof message === 'string' ? (message.trimEnd().split('\n').at(-1) ?? '') : ''
  const field = nameIn(/`(\w+)`/.exec(last)?.[1])
  if (/is missing/.test(last)) return storeFault('required', 'validation', model, { field })
  if (/^Unknown (argument|field)/.test(last)) {
    const remedy = `The model has no such field. Generate the client anew, or, where an extension adds the argument: ${REMEDIES.hidden}`
    return storeFault('missing', 'validation', model, { field, remedy })
  }
  return storeFault('value', 'validation', model, { field })
}

/** Prisma compares a required field with null in no query, and says so before it asks the database. */
export const comparesRequired = (error: unknown, field: string): boolean => {
  const { name, message } = shapeOf<PrismaErrorShape>(error)
  return (
    name === 'PrismaClientValidationError' &&
    String(message).trimEnd().endsWith(`Argument \`${field}\` must not be null.`)
  )
}

const CHECK = 'Check that it runs, and that the address and the password that the client was given are right.'

const isOfPrisma = (error: unknown): boolean =>
  /^(PrismaClient|DriverAdapterError)/.test(String(shapeOf<PrismaErrorShape>(error).name)) ||
  /^P\d{4}$/.test(String(shapeOf<PrismaErrorShape>(error).code))

/** An extension's own error is told by its class alone: its message is the application's, and may quote values. */
function foreignError(error: unknown): Error {
  const name = error instanceof Error ? error.constructor.name : typeof error
  if (isNetwork(error)) return new StoreUnavailableError(`The database cannot be reached (${name}). ${CHECK}`)
  const remedy = `An extension of the client, or the driver, threw a ${nameIn(name) ?? 'value'}. ${REMEDIES.hidden}`
  return storeFault('other', nameIn(name) ?? 'Error', 'client', { remedy })
}

/** Errors of sockets and pools, which a driver may let through: `ECONNREFUSED`, `ER_GET_CONNECTION_TIMEOUT`. */
const isNetwork = (error: unknown): boolean =>
  /^(E[A-Z]+|ER_\w+|\d{5}|[0-9A-Z]{5})$/.test(String(shapeOf<PrismaErrorShape>(error).code)) ||
  /timeout|connect|closed|terminated|pool/i.test(String(shapeOf<PrismaErrorShape>(error).message))
