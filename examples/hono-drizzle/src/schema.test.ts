import { readdir, readFile } from 'node:fs/promises'
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from 'drizzle-kit/api'
import { expect, test } from 'vitest'
import * as schema from './schema.js'

const meta = new URL('../drizzle/meta/', import.meta.url)

test('the migrations make the tables of the schema: `npx --yes pnpm@12 migration` writes what is missing', async () => {
  const last = (await readdir(meta))
    .filter((file) => file.endsWith('_snapshot.json'))
    .sort()
    .at(-1)
  const written = JSON.parse(await readFile(new URL(last ?? '', meta), 'utf8'))
  expect(await generateSQLiteMigration(written, await generateSQLiteDrizzleJson(schema, written.id))).toEqual(
    [],
  )
  expect(await generateSQLiteMigration(await generateSQLiteDrizzleJson({}), written)).not.toEqual([])
})
