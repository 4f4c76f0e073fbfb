import type { Values } from '../db/queries.js'
import type { Run } from '../db/run.js'
import type { TableDefinition } from '../table/definitions.js'
import type { Table } from '../table/table.js'
import type { Versioned } from '../table/versioned.js'

/** What the options of a table may have; each table has some of them. */
export interface TableOptions<S = never> {
  readonly fields?: Readonly<Record<string, string>> | undefined
  readonly create?: ((snapshot: S) => object) | undefined
  readonly unique?: readonly string[] | undefined
  readonly externalIdColumn?: string | undefined
}

/** What the stores of one `drizzleStore` share. */
export interface Context {
  table(definition: TableDefinition): Table
  versioned(definition: TableDefinition): Versioned
  readonly run: Run
}

/** A table, and the application's own columns of a row that the stores make: for `inspect`. */
export type Inspected = readonly (readonly [table: Table, own: () => Values])[]
