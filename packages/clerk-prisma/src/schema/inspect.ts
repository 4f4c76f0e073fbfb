import type { StoreFinding } from '@acme/clerk-core/store'
import type { Dialect } from '../client/dialect.js'
import { HIDDEN_REMEDY } from '../client/errors.js'
import { effectOfExtensions } from '../client/extensions.js'
import type { ClientInternals } from '../client/prisma-client.js'
import type { Table, Values } from '../table/table.js'
import { quotedTable, sqlColumn, tableName } from '../table/unique-columns.js'
import { type Catalogue, type CatalogueColumn, readCatalogue } from './catalogue.js'
import { fillsItself } from './filled.js'
import { migrationOf } from './migrations.js'
import { type Statements, statementsFor } from './statements.js'

export interface Inspection {
  readonly client: ClientInternals
  readonly dialect: Dialect
  readonly table: Table
  /** The application's own columns of a new row, by their names in the model. */
  readonly own: () => Values
}

interface Found extends Inspection {
  readonly catalogue: Catalogue
  readonly statements: Statements
  readonly shown: string
}

/** Shortest columns that hold what Clerk sends, where the database limits them. */
const LENGTHS: Readonly<Record<string, number>> = {
  ...{ clerkId: 64, orgId: 64, userId: 64, email: 254, username: 64, phone: 20, imageUrl: 512 },
  ...{ firstName: 100, lastName: 100, externalId: 100, name: 100, slug: 64 },
}

/** Types that take no text, or not every one. */
const NO_TEXT =
  /^(small|big|medium|tiny)?int|^integer|^(bool|boolean|uuid|date|datetime|time|timestamp|real|double|float|numeric|decimal)\b/i

/** What in the database will refuse a write of the store, or make its reads slow. */
export async function inspectTable(inspection: Inspection): Promise<readonly StoreFinding[]> {
  const { client, dialect, table } = inspection
  const extensions = await extensionFindings(inspection)
  const names = { name: tableName(table), quoted: quotedTable(table, dialect) }
  const catalogue = table.description === null ? null : await readCatalogue(client, dialect, names)
  if (catalogue === null) return extensions
  const shown = names.name
  if (catalogue.columns.length === 0) {
    const remedy =
      (await migrationOf(table, dialect)) ??
      `Run the migration of the package, \`migrations/${dialect.name}/*.sql\`.`
    return [...extensions, { severity: 'error', message: `The table \`${shown}\` is missing.`, remedy }]
  }
  const statements = statementsFor(dialect, names, catalogue)
  const found: Found = { ...inspection, catalogue, statements, shown }
  return [...extensions, ...columnFindings(found), ...ownColumnFindings(found), ...indexFindings(found)]
}

/**
 * What keeps rows from being without a Clerk id, as those are that may be linked.
 *
 * @param isRequired whether the model says so
 */
export async function inspectUnlinked(
  { client, dialect, table }: Omit<Inspection, 'own'>,
  isRequired: boolean,
): Promise<StoreFinding[]> {
  const names = { name: tableName(table), quoted: quotedTable(table, dialect) }
  const catalogue = table.description === null ? null : await readCatalogue(client, dialect, names)
  const column = catalogue?.columns.find(({ name }) => name === sqlColumn(table, 'clerkId'))
  const statement =
    catalogue && column?.nullable === false
      ? statementsFor(dialect, names, catalogue).dropNotNull(column)
      : null
  if (statement === null && !isRequired) return []
  const field = table.columns.get('clerkId') ?? 'clerkId'
  const inSchema = isRequired ? [`make the field optional in the Prisma schema (\`${field} String?\`)`] : []
  const inDatabase = statement === null ? [] : [`let the column be empty: ${statement}`]
  return [
    {
      severity: 'error',
      message: `\`${table.model}.${field}\` is required: no row is without a Clerk id, so none is ever linked.`,
      remedy: `Set \`linking\` to 'off', or ${[...inSchema, ...inDatabase].join(', and ')}`,
    },
  ]
}

/** The statement that lets a column be empty, for the message of a fault. `null`: it is not the column. */
export async function nullabilityRemedy(
  { client, dialect, table }: Omit<Inspection, 'own'>,
  field: string,
): Promise<string | null> {
  const names = { name: tableName(table), quoted: quotedTable(table, dialect) }
  const catalogue = table.description === null ? null : await readCatalogue(client, dialect, names)
  const column = catalogue?.columns.find(({ name }) => name === field)
  if (!catalogue || column === undefined || column.nullable) return null
  const synced = [...table.columns.keys()].some((name) => sqlColumn(table, name) === field)
  const statement = statementsFor(dialect, names, catalogue).dropNotNull(column)
  return synced
    ? `Let the column be empty: ${statement}`
    : `Give it a value in \`create\`, or let it be empty: ${statement}`
}

async function extensionFindings({ client, table }: Inspection): Promise<StoreFinding[]> {
  const effect = await extensionEffect(client, table)
  const shown = `\`${table.model}\``
  if (effect === 'none') return []
  if (effect === 'changed')
    return [
      {
        severity: 'error',
        message: `An extension of the client hides or changes rows of ${shown}.`,
        remedy: HIDDEN_REMEDY,
      },
    ]
  const message = `An extension of the client threw a ${effect.threw} when rows of ${shown} were asked for.`
  return [{ severity: 'error', message, remedy: HIDDEN_REMEDY }]
}

/** What extensions make of a row that is deleted. */
export function extensionEffect(client: ClientInternals, table: Table) {
  const column = (field: string) => table.columns.get(field) ?? field
  const key = { [column(table.has('clerkId') ? 'clerkId' : 'id')]: 'clerk-check' }
  const deletion = table.has('deletedAt') ? { [column('deletedAt')]: new Date(0) } : {}
  return effectOfExtensions(client, table.model, key, { ...key, ...deletion })
}

function columnFindings({ table, dialect, catalogue, statements, shown }: Found): StoreFinding[] {
  const { fields, filled } = table.definition
  return [...table.columns.keys()].flatMap((field): StoreFinding[] => {
    const name = sqlColumn(table, field)
    const kind = fields[field]?.kind ?? 'text'
    if (name === null) return []
    const column = catalogue.columns.find((one) => one.name === name)
    const at = `\`${shown}.${name}\``
    if (field === 'position' && column?.filled !== true) {
      const message = `${at} does not number the rows by itself.`
      const remedy = `Make the table anew, as the package's \`migrations/${dialect.name}/clerk.sql\` does.`
      return [{ severity: 'error', message, remedy }]
    }
    if (column === undefined) {
      const remedy = statements.addColumn(name, dialect.types[kind])
      return [{ severity: 'error', message: `The column ${at} is missing.`, remedy }]
    }
    const findings: StoreFinding[] = []
    if (!column.nullable && !filled.includes(field)) {
      const message = `${at} is NOT NULL, and the row of a deletion, or of a user who has none, is empty there.`
      findings.push({ severity: 'error', message, remedy: statements.dropNotNull(column) })
    }
    if (kind === 'text') findings.push(...textFindings(field, column, at, { table, statements, dialect }))
    return findings
  })
}

function textFindings(
  field: string,
  column: CatalogueColumn,
  at: string,
  { table, statements, dialect }: Pick<Found, 'table' | 'statements' | 'dialect'>,
): StoreFinding[] {
  const { type, isEnum, collation } = column
  const isId = ['clerkId', 'orgId', 'userId', ...(table.definition.exact ?? [])].includes(field)
  const binary = `${field === 'subjects' ? 'TEXT' : 'VARCHAR(191)'} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`
  const wanted = dialect.name === 'mysql' && isId ? binary : dialect.types.text
  if (isEnum || NO_TEXT.test(type)) {
    const message = `${at} is ${isEnum ? 'an enum' : type}: a value that Clerk adds, or a text, is refused.`
    return [{ severity: 'error', message, remedy: statements.changeType(column, wanted) }]
  }
  if (dialect.name === 'mysql' && isId && collation !== null && !/_bin$|_cs$/.test(collation)) {
    const message = `${at} compares ids without regard to case (${collation}).`
    return [{ severity: 'error', message, remedy: statements.changeType(column, binary) }]
  }
  const length = Number(/char[a-z ]*\((\d+)\)/i.exec(type)?.[1] ?? Number.POSITIVE_INFINITY)
  const least = LENGTHS[field] ?? 0
  if (length >= least) return []
  const message = `${at} holds ${length} characters, and Clerk sends up to ${least}.`
  const longer = dialect.name === 'mysql' ? `VARCHAR(${least})` : dialect.types.text
  return [{ severity: 'warning', message, remedy: statements.changeType(column, longer) }]
}

/** Columns of the application's own that no new row of ours would have a value in. */
function ownColumnFindings({ client, table, catalogue, statements, shown, own }: Found): StoreFinding[] {
  const synced = new Set([...table.columns.keys()].map((field) => sqlColumn(table, field)))
  const given = ownNames(own)
  // What `create` does cannot be told without running it, and it may need more than an id.
  if (given === null) return []
  const { option, raw = false } = table.definition
  /** Whether Prisma, or a statement of the package's own, may fill the column. */
  const mayFill = (field: string) => !raw && fillsItself(client, table, field) !== false
  const fill = (field: string) =>
    raw ? 'Give it a default' : `Fill it: { ${option}: { create: () => ({ ${field}: … }) } }`
  return catalogue.columns.flatMap((column): StoreFinding[] => {
    const field = fieldOf(table, column.name)
    if (synced.has(column.name) || given.has(field)) return []
    const at = `\`${shown}.${column.name}\``
    if (!column.nullable && !column.filled && !mayFill(field)) {
      const nothing = raw ? 'nothing fills it' : `\`create\` of \`${option}\` does not fill it`
      const message = `${at} is NOT NULL without a default, and ${nothing}: no row can be made.`
      const remedy = `${fill(field)}, or let it be empty: ${statements.dropNotNull(column)}`
      return [{ severity: 'error', message, remedy }]
    }
    const index = catalogue.indexes.find(
      ({ unique, columns }) => unique && columns.length === 1 && columns[0] === column.name,
    )
    // One that is empty collides with none; a default of the database is the same in every row.
    if (raw || index === undefined || column.nullable || !column.filled || mayFill(field)) return []
    const message = `${at} is unique (\`${index.name}\`) and has a default that every row from Clerk would get.`
    const remedy = `${fill(field)}, or drop the index: ${statements.dropIndex(index.name)}`
    return [{ severity: 'error', message, remedy }]
  })
}

function indexFindings({ table, catalogue, statements, shown }: Found): StoreFinding[] {
  const { fields, indexes, mayBeUnique, key: keyField = 'clerkId' } = table.definition
  const sql = (field: string) => sqlColumn(table, field)
  const findings: StoreFinding[] = []
  const key = sql(keyField)
  // A number that the database gives is unique.
  if (key !== null && fields[keyField]?.kind !== 'count') {
    const isUnique = catalogue.indexes.some(
      ({ unique, columns }) => unique && columns.length === 1 && columns[0] === key,
    )
    if (!isUnique) {
      const message = `\`${shown}.${key}\` is not unique: two processes make two rows of one id.`
      findings.push({ severity: 'error', message, remedy: statements.createIndex([key], true) })
    }
  }
  for (const fields of indexes) {
    const columns = fields.map(sql).filter((column) => column !== null)
    const has = catalogue.indexes.some((index) => columns.every((column, at) => index.columns[at] === column))
    if (has || columns.length < fields.length) continue
    const message = `\`${shown}\` has no index on ${columns.join(', ')}: the table is read from end to end.`
    findings.push({ severity: 'warning', message, remedy: statements.createIndex(columns, false) })
  }
  // A name or a role is no one's alone.
  const own: readonly string[] = [keyField, ...mayBeUnique]
  const shared = [...table.columns.keys()].filter(
    (field) => !own.includes(field) && fields[field]?.kind !== 'id',
  )
  for (const field of shared) {
    const index = catalogue.indexes.find(
      ({ unique, columns }) => unique && columns.length === 1 && columns[0] === sql(field),
    )
    if (index === undefined) continue
    const message = `\`${shown}.${sql(field)}\` is unique (\`${index.name}\`), and many rows from Clerk have the same value there.`
    findings.push({ severity: 'error', message, remedy: statements.dropIndex(index.name) })
  }
  return findings
}

const fieldOf = ({ description }: Table, column: string): string =>
  description?.fields.find(({ name, dbName }) => (dbName ?? name) === column)?.name ?? column

function ownNames(own: () => Values): ReadonlySet<string> | null {
  try {
    return new Set(Object.keys(own()))
  } catch {
    return null
  }
}
