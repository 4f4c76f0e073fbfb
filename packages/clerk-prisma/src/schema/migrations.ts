import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import type { Dialect } from '../client/dialect.js'
import type { Table } from '../table/table.js'
import { tableName } from '../table/unique-columns.js'

const FILES = ['users.sql', 'clerk.sql', 'roles.sql']

/**
 * The statements of the package's own migration that make a table. `null`: the application has other names, or the files of
 * the package are not beside its code, in a bundle.
 */
export async function migrationOf(table: Table, { name, quote }: Dialect): Promise<string | null> {
  const { model, fields } = table.definition
  const shipped = model.charAt(0).toUpperCase() + model.slice(1)
  const isRenamed = Object.keys(fields).some(
    (field) => table.has(field) && table.columns.get(field) !== field,
  )
  if (isRenamed || tableName(table) !== shipped || table.description?.schema) return null
  const about = new RegExp(`^CREATE (TABLE|(UNIQUE )?INDEX \\S+ ON) ${quote(shipped)}\\s*\\(`)
  for (const file of FILES) {
    const found = (await statements(name, file)).filter((statement) => about.test(statement))
    if (found.length > 0) return found.map((statement) => `${statement};`).join('\n')
  }
  return null
}

/** In a file of its own: compiled to CommonJS, by Jest for instance, this one could not be loaded with an `import.meta`. */
async function hereUrl(): Promise<string> {
  return typeof __filename === 'string' ? pathToFileURL(__filename).href : (await import('./here.js')).url
}

async function statements(dialect: string, file: string): Promise<string[]> {
  const url = new URL(`../../migrations/${dialect}/${file}`, await hereUrl())
  // What is missing here is a convenience: the finding itself is told all the same.
  const text = await readFile(url, 'utf8').catch(() => '')
  return text
    .replaceAll(/^--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
}
