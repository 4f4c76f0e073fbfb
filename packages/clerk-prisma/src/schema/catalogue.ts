import type { Dialect } from '../client/dialect.js'
import type { ClientInternals } from '../client/prisma-client.js'

/** A column as the database has it. */
export interface CatalogueColumn {
  readonly name: string
  /** As the database writes it: `character varying(255)`, `varchar(191)`, `TEXT`. */
  readonly type: string
  /** PostgreSQL: an enum. */
  readonly isEnum: boolean
  readonly nullable: boolean
  /** Has a default, or fills itself. */
  readonly filled: boolean
  /** MySQL and MariaDB. */
  readonly collation: string | null
}

export interface CatalogueIndex {
  readonly name: string
  readonly unique: boolean
  /** Made by a constraint of the table itself: SQLite cannot drop it. */
  readonly ofTable: boolean
  /** In order; `null`: an expression. */
  readonly columns: readonly (string | null)[]
}

export interface Catalogue {
  readonly columns: readonly CatalogueColumn[]
  readonly indexes: readonly CatalogueIndex[]
}

type Rows = readonly Readonly<Record<string, unknown>>[]

/** What the database says of a table; no columns: it has no such table. `null`: it cannot be asked through this client. */
export async function readCatalogue(
  client: ClientInternals,
  { catalogue }: Dialect,
  table: { readonly name: string; readonly quoted: string },
): Promise<Catalogue | null> {
  if (client.$queryRawUnsafe === undefined) return null
  const name = catalogue.byQuotedName ? table.quoted : table.name
  const columns = (await client.$queryRawUnsafe(catalogue.columns, name)) as Rows
  const indexes = (await client.$queryRawUnsafe(catalogue.indexes, name)) as Rows
  const isTrue = (value: unknown) => value === true || Number(value) === 1
  return {
    columns: columns.map((row) => ({
      name: String(row.name),
      type: String(row.type),
      isEnum: isTrue(row.isEnum),
      nullable: isTrue(row.nullable),
      filled: isTrue(row.filled),
      collation: row.collation == null ? null : String(row.collation),
    })),
    indexes: indexes.map((row) => ({
      name: String(row.name),
      unique: isTrue(row.isUnique),
      ofTable: isTrue(row.ofTable),
      columns: String(row.columns)
        .split(',')
        .map((column) => (column === '' ? null : column)),
    })),
  }
}
