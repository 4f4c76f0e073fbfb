import { ConfigurationError, type ConfigurationProblem } from '@acme/clerk-core'
import {
  type Inbox,
  type InspectableStore,
  type MembershipRecord,
  type OrganizationRecord,
  type OrganizationStore,
  readOptions,
  type UserRecord,
  type UserSnapshot,
  type UserStore,
} from '@acme/clerk-core/store'
import { Table as DrizzleTable, is } from 'drizzle-orm'
import { DIALECTS, type Dialect } from './db/dialect.js'
import type { DrizzleDatabase, Queries } from './db/queries.js'
import { repeating } from './db/run.js'
import { inspectTable } from './inspect/inspect.js'
import { tableProblems } from './inspect/problems.js'
import { OPTION_RULES } from './option-rules.js'
import type {
  ClerkTables,
  DrizzleMembership,
  DrizzleOrganization,
  DrizzleStoreOptions,
  DrizzleUser,
} from './options.js'
import type { Context, Inspected, TableOptions } from './stores/context.js'
import { inboxStore } from './stores/inbox.js'
import { organizationStore } from './stores/organizations.js'
import { userStore } from './stores/users.js'
import { TABLES, type TableDefinition } from './table/definitions.js'
import { Table } from './table/table.js'
import { declaredUnique } from './table/unique.js'
import { Versioned } from './table/versioned.js'

export interface DrizzleStores<
  U extends UserRecord,
  O extends OrganizationRecord,
  M extends MembershipRecord,
> {
  users: Required<UserStore<U> & InspectableStore>
  organizations: Required<OrganizationStore<O, M> & InspectableStore>
  inbox: Required<Inbox & InspectableStore>
}

/**
 * The three stores in the application's own database, through its own Drizzle (PostgreSQL, MySQL, MariaDB, SQLite; any driver,
 * those that answer at once too). A part of the options: `createClerk(fromEnv(), drizzleStore(db, schema))`.
 *
 * Works with the database of an open `db.transaction` too: every write is one conditional statement, atomic by itself.
 *
 * @param tables the whole schema, or the seven tables
 * @throws {ConfigurationError} with every table and column that is missing or of another type; for options that it does not
 * know, or with a value that they cannot have
 */
export function drizzleStore<S extends ClerkTables, const O extends DrizzleStoreOptions<S> = object>(
  db: DrizzleDatabase,
  tables: S,
  options?: O & DrizzleStoreOptions<S>,
): DrizzleStores<DrizzleUser<S, O>, DrizzleOrganization<S, O>, DrizzleMembership<S, O>> {
  const given = readOptions<DrizzleStoreOptions>(
    'drizzleStore',
    options as DrizzleStoreOptions | undefined,
    OPTION_RULES,
  )
  const dialect = dialectOf(db)
  const optionsOf = (definition: TableDefinition): TableOptions =>
    (given as Readonly<Record<string, TableOptions | undefined>>)[definition.option] ?? {}
  const problems = TABLES.flatMap((definition) => problemsOf(definition, tables, dialect))
  if (problems.length > 0) throw new ConfigurationError(problems)

  const made = new Map(
    TABLES.map((definition) => {
      const source = tables[definition.option as keyof ClerkTables]
      const { fields } = optionsOf(definition)
      return [definition, new Table(db as unknown as Queries, dialect, definition, source, fields)]
    }),
  )
  const table: Context['table'] = (definition) => made.get(definition) as Table
  // A transaction in which a statement failed takes no other.
  const run = repeating(!('rollback' in db))
  const context: Context = {
    run,
    table,
    versioned: (definition) =>
      new Versioned(table(definition), declaredUnique(table(definition), optionsOf(definition).unique)),
  }
  const found = TABLES.flatMap((definition) => tableProblems(table(definition), optionsOf(definition).fields))
  if (found.length > 0) throw new ConfigurationError(found)

  const users = userStore<DrizzleUser<S, O>>(context, given.users as TableOptions<UserSnapshot>)
  const { problem } = users.links
  if (problem !== null && given.users?.externalIdColumn !== undefined)
    throw new ConfigurationError([{ option: 'drizzleStore users.externalIdColumn', ...problem }])
  const organizations = organizationStore<DrizzleOrganization<S, O>, DrizzleMembership<S, O>>(context, given)
  const inbox = inboxStore(context)
  const inspect = async (inspected: Inspected) =>
    (await Promise.all(inspected.map(([one, own]) => run(() => inspectTable(one, own))))).flat()
  return {
    users: {
      ...users.store,
      inspect: async (use) => [
        ...(await inspect(users.inspected)),
        ...(use?.linking ? users.links.inspect() : []),
      ],
    },
    organizations: { ...organizations.store, inspect: () => inspect(organizations.inspected) },
    inbox: { ...inbox.store, inspect: () => inspect(inbox.inspected) },
  }
}

function dialectOf(db: unknown): Dialect {
  const found =
    typeof db === 'object' && db !== null ? DIALECTS.find(({ isDatabase }) => isDatabase(db)) : undefined
  if (found !== undefined) return found
  const remedy = 'Give what `drizzle(…)` returns, for PostgreSQL, MySQL or SQLite.'
  throw new ConfigurationError([
    { option: 'drizzleStore db', message: 'is no database of Drizzle that is supported.', remedy },
  ])
}

function problemsOf({ option }: TableDefinition, tables: object, dialect: Dialect): ConfigurationProblem[] {
  const table: unknown = (tables as Readonly<Record<string, unknown>> | null | undefined)?.[option]
  const at = `drizzleStore tables.${option}`
  if (table === undefined || !is(table, DrizzleTable)) {
    const named = `give a table of yours under that name: \`{ ...schema, ${option}: schema.… }\`.`
    const remedy = `Export it from your schema: \`export { ${option} } from '@acme/clerk-drizzle/${dialect.door}'\`, or ${named}`
    const own = `Export a table of yours under that name, with \`...clerkUserColumns()\` of '@acme/clerk-drizzle/${dialect.door}', or ${named}`
    const message = table === undefined ? 'is missing.' : 'is no table of Drizzle.'
    return [{ option: at, message, remedy: option === 'users' ? own : remedy }]
  }
  if (dialect.isTable(table)) return []
  const remedy = `Import from '@acme/clerk-drizzle/${dialect.door}', or give the database that the tables are of.`
  return [{ option: at, message: `is no table of ${dialect.name}, which the database is.`, remedy }]
}
