import type { Dialect } from '../client/dialect.js'
import type { Catalogue, CatalogueColumn } from './catalogue.js'

/** The statements that mend a schema. */
export interface Statements {
  dropNotNull(column: CatalogueColumn): string
  addColumn(name: string, type: string): string
  createIndex(columns: readonly string[], unique: boolean): string
  changeType(column: CatalogueColumn, type: string): string
  dropIndex(name: string): string
}

export function statementsFor(
  { name: dialect, quote }: Dialect,
  table: { readonly name: string; readonly quoted: string },
  { indexes, columns: known }: Catalogue,
): Statements {
  const alter = `ALTER TABLE ${table.quoted}`
  const createIndex: Statements['createIndex'] = (columns, unique) => {
    const name = quote(`${table.name}_${columns.join('_')}_${unique ? 'key' : 'idx'}`)
    // An index of MySQL takes a part of a long text alone.
    const isLong = (column: string) => /text/i.test(known.find(({ name }) => name === column)?.type ?? '')
    const list = columns.map(
      (column) => `${quote(column)}${dialect === 'mysql' && isLong(column) ? '(191)' : ''}`,
    )
    return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${name} ON ${table.quoted}(${list.join(', ')});`
  }

  /** SQLite drops no constraint: the column is made anew, and its indexes with it. */
  function rebuildColumn(column: CatalogueColumn): string {
    const concerned = indexes.filter(({ columns }) => columns.includes(column.name))
    if (concerned.some(({ ofTable, columns }) => ofTable || columns.includes(null)))
      return `SQLite cannot change the column in place. Make the field optional in the Prisma schema and let \`prisma migrate dev\` build the table anew.`
    const [old, made] = [quote(column.name), quote(`${column.name}_new`)]
    return [
      ...concerned.map(({ name }) => `DROP INDEX ${quote(name)};`),
      `${alter} ADD COLUMN ${made} ${column.type};`,
      `UPDATE ${table.quoted} SET ${made} = ${old};`,
      `${alter} DROP COLUMN ${old};`,
      `${alter} RENAME COLUMN ${made} TO ${old};`,
      ...concerned.map(
        ({ name, unique, columns }) =>
          `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quote(name)} ON ${table.quoted}(${columns.map((one) => quote(one ?? '')).join(', ')});`,
      ),
    ].join(' ')
  }

  const collate = ({ collation }: CatalogueColumn) => (collation === null ? '' : ` COLLATE ${collation}`)
  const modify = (column: CatalogueColumn, type: string, nullable: boolean) =>
    `${alter} MODIFY ${quote(column.name)} ${type} ${nullable ? 'NULL' : 'NOT NULL'};`
  return {
    dropNotNull: (column) =>
      dialect === 'postgresql'
        ? `${alter} ALTER COLUMN ${quote(column.name)} DROP NOT NULL;`
        : dialect === 'mysql'
          ? modify(column, `${column.type}${collate(column)}`, true)
          : rebuildColumn(column),
    addColumn: (name, type) => `${alter} ADD COLUMN ${quote(name)} ${type};`,
    createIndex,
    changeType: (column, type) =>
      dialect === 'postgresql'
        ? `${alter} ALTER COLUMN ${quote(column.name)} TYPE ${type} USING ${quote(column.name)}::text::${type.toLowerCase()};`
        : dialect === 'mysql'
          ? modify(column, type, column.nullable)
          : rebuildColumn({ ...column, type }),
    dropIndex: (name) => `DROP INDEX ${quote(name)}${dialect === 'mysql' ? ` ON ${table.quoted}` : ''};`,
  }
}
