import { ConfigurationError, StoreInputError, StoreUnavailableError } from '@acme/clerk-core'
import { type StoreFault, StoreFaultError } from '@acme/clerk-core/store'

/** What is read of an error of a driver. Its texts quote values, and only names are taken out of them. */
interface DriverError {
  readonly name?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly query?: unknown
  readonly params?: unknown
  /** SQLSTATE of PostgreSQL, `ER_…` of mysql2, `SQLITE_…`, `E…` of sockets. */
  readonly code?: unknown
  /** Of MySQL and MariaDB. */
  readonly errno?: unknown
  readonly column?: unknown
  readonly column_name?: unknown
  readonly constraint?: unknown
  readonly constraint_name?: unknown
}

type Pattern = readonly (readonly [code: RegExp, StoreFault])[]

/** Appendix A of PostgreSQL. Connections, resources, locks, credentials and shutdowns are not here: they are outages. */
const SQLSTATE: Pattern = [
  [/^23502$/, 'required'],
  [/^23505$/, 'unique'],
  [/^(23503|23001)$/, 'foreign-key'],
  [/^(22...|42804)$/, 'value'],
  [/^(42703|42P01|42704|3F000)$/, 'missing'],
  // CHECK, exclusion, triggers that raise, privileges, statements that the schema does not fit.
  [/^(23...|42...|P0...|0A000)$/, 'other'],
]

const ERRNO: Pattern = [
  [/^(1048|1364)$/, 'required'],
  [/^(1062|1586)$/, 'unique'],
  [/^(1216|1217|1451|1452)$/, 'foreign-key'],
  [/^(1264|1265|1292|1366|1367|1406|3140|3091)$/, 'value'],
  [/^(1054|1146)$/, 'missing'],
  [/^(1064|1142|1143|1644|3819|4025)$/, 'other'],
]

/** SQLite's messages, which every driver hands on and which have names alone in these phrases. */
const SQLITE: Pattern = [
  [/\bNOT NULL constraint failed/, 'required'],
  [/\bUNIQUE constraint failed/, 'unique'],
  [/\bFOREIGN KEY constraint failed/, 'foreign-key'],
  [/\bdatatype mismatch|\bstring or blob too big/, 'value'],
  [/\bno such (table|column)|\bhas no column named/, 'missing'],
  [/\bconstraint failed|\bSQLITE_CONSTRAINT|\bsyntax error/, 'other'],
]

const REMEDIES: Readonly<Record<StoreFault, string>> = {
  unique:
    'A value is taken in a unique column that Clerk does not sync: make it unique in `create`, or drop the index.',
  required: 'Make the column optional, or give it a value in `create` where it is your own.',
  'foreign-key': 'Give the column a value in `create` that the other table has, or drop the constraint.',
  value: "Give the column the type that the package's table has.",
  missing:
    'Bring the database up to the schema: `npx --yes drizzle-kit generate` and `npx --yes drizzle-kit migrate`.',
  hidden: 'Let the database user of the stores see and write every row of the table.',
  other: 'See the constraints, triggers, policies and privileges of the table.',
}

const CHECK = 'Check that it runs, and that the address and the password that the driver was given are right.'

export const storeFault = (
  fault: StoreFault,
  driverCode: string,
  model: string,
  more: { field?: string | undefined; index?: string | undefined; remedy?: string } = {},
): StoreFaultError => new StoreFaultError({ fault, driverCode, model, remedy: REMEDIES[fault], ...more })

/** Ids need a binary collation, without which two people are one. */
export const collationFault = (model: string, field: string): StoreFaultError =>
  storeFault('other', 'collation', model, {
    field,
    remedy: `\`${model}.${field}\` compares ids without regard to case: give the column a binary collation.`,
  })

export const isDuplicate = (error: unknown): boolean =>
  error instanceof StoreFaultError && error.fault === 'unique'

/** A value that the column does not take: no row has it. */
export const doesNotFit = (error: unknown): boolean =>
  error instanceof StoreFaultError && error.fault === 'value'

/** Two writers in each other's way: the statement can be repeated. */
const contended = new WeakSet<Error>()
export const isContention = (error: unknown): boolean => error instanceof Error && contended.has(error)

const shapeOf = (value: unknown): DriverError => (typeof value === 'object' && value !== null ? value : {})

/** Drizzle's own error has the statement and its values in its message; what it is about is the driver's behind it. */
function driverError(error: unknown): DriverError {
  const shape = shapeOf(error)
  const isWrapped = shape.cause != null && 'query' in shape && 'params' in shape
  // A pool that tried several addresses has one error for each.
  const [first] = error instanceof AggregateError ? error.errors : []
  return first !== undefined ? driverError(first) : isWrapped ? driverError(shape.cause) : shape
}

const CONTENTION = /^(40001|40P01|55P03|1205|1213|1020)$/
const LOCKED = /SQLITE_BUSY|SQLITE_LOCKED|database (table )?is locked/

/** Runs one statement on a table. @throws what the contract of the stores has for what the driver throws */
export async function queried<T>(model: string, query: () => PromiseLike<T>): Promise<T> {
  try {
    return await query()
  } catch (error) {
    throw errorOfDriver(driverError(error), model)
  }
}

function errorOfDriver(error: DriverError, model: string): Error {
  const code = error.errno !== undefined && /^ER_/.test(String(error.code)) ? error.errno : error.code
  const text = String(error.message)
  const fault =
    faultOf(SQLSTATE, /^[0-9A-Z]{5}$/.test(String(code)) ? String(code) : '') ??
    faultOf(ERRNO, typeof code === 'number' ? String(code) : '') ??
    faultOf(SQLITE, text)
  if (fault !== null && !LOCKED.test(text))
    return storeFault(
      fault,
      code === undefined ? 'SQLITE' : (nameIn(String(code)) ?? 'Error'),
      model,
      placeOf(error, text),
    )
  // The drivers' own mistakes, JSON that is none, and a bug of ours: asking again does not help.
  if (code === undefined && [TypeError, RangeError, SyntaxError].some((kind) => error instanceof kind))
    return storeFault('other', nameIn(error.name) ?? 'Error', model)
  const reason = nameIn(code === undefined ? error.name : String(code)) ?? 'Error'
  const outage = new StoreUnavailableError(
    `The database cannot be reached or did not answer (${reason}). ${CHECK}`,
  )
  if (CONTENTION.test(String(code)) || LOCKED.test(`${code} ${text}`)) contended.add(outage)
  return outage
}

const faultOf = (patterns: Pattern, code: string): StoreFault | null =>
  patterns.find(([pattern]) => pattern.test(code))?.[1] ?? null

const nameIn = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\w$.-]{1,128}$/.test(value) ? value : undefined

/** Whole phrases, since the rest of a text may be a value. */
const COLUMNS =
  /^(?:SQLITE_\w+: )?(?:sqlite error: )?(?:NOT NULL|UNIQUE) constraint failed: [\w$]+\.([\w$]+)$|^Column '([\w$]+)' cannot be null$|^Field '([\w$]+)' doesn't have a default value$|^Data too long for column '([\w$]+)' at row \d+$/i
/** The end of the text: what stands before it is the value. */
const INDEXES = / for key '([\w$.]+)'$/

function placeOf(error: DriverError, text: string) {
  return {
    field: nameIn(error.column) ?? nameIn(error.column_name) ?? COLUMNS.exec(text)?.slice(1).find(Boolean),
    index: nameIn(error.constraint) ?? nameIn(error.constraint_name) ?? INDEXES.exec(text)?.[1],
  }
}

/** What a caller of the store sees of a failure. */
export function toStoreError(error: unknown): Error {
  if (
    error instanceof StoreInputError ||
    error instanceof StoreUnavailableError ||
    error instanceof StoreFaultError ||
    error instanceof ConfigurationError ||
    error instanceof TypeError ||
    error instanceof RangeError
  ) {
    return error
  }
  // Of `create`, for instance: its message is the application's, and may quote values.
  const name = nameIn(error instanceof Error ? error.constructor.name : typeof error) ?? 'Error'
  return storeFault('other', name, 'the application', { remedy: `\`create\` threw a ${name}.` })
}
