import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSnippet } from '@acme/tools/snippets'
import { describe, expect, test } from 'vitest'
import { run } from '../testing/run.js'
import { scratchProject } from '../testing/scratch.js'

const manifest = (dependencies: readonly string[], more: object = {}) =>
  JSON.stringify({
    name: 'shop',
    type: 'module',
    dependencies: Object.fromEntries(dependencies.map((name) => [name, '*'])),
    ...more,
  })

const DATASOURCE = (provider: string) => `datasource db {\n  provider = "${provider}"\n}\n`
const READY = [
  '@acme/clerk-core',
  '@acme/clerk-express',
  '@acme/clerk-prisma',
  '@acme/clerk-cli',
  '@acme/clerk-testing',
]
const prismaProject = (schema: string, files: Readonly<Record<string, string>> = {}) =>
  scratchProject({
    'package.json': manifest(['express', '@prisma/client', 'typescript', ...READY]),
    'prisma/schema.prisma': schema,
    'src/main.ts': '',
    ...files,
  })

const init = (cwd: string, ...args: string[]) => run(['init', ...args], { cwd })
const read = (cwd: string, file: string) => readFileSync(join(cwd, file), 'utf8')
const shipped = (file: string) =>
  readFileSync(new URL(`../../../clerk-prisma/${file}`, import.meta.url), 'utf8').trim()
const migrationOf = (cwd: string) => {
  const [name = ''] = readdirSync(join(cwd, 'prisma/migrations'))
  expect(name).toMatch(/^\d{14}_clerk$/)
  return read(cwd, `prisma/migrations/${name}/migration.sql`)
}

/** What Prisma says of a schema. It needs no engine for this; asking for one that exists keeps it from fetching its own. */
function validated(schema: string): string {
  const prisma = fileURLToPath(
    new URL('../../../clerk-prisma/node_modules/prisma/build/index.js', import.meta.url),
  )
  const env = {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    NO_COLOR: '1',
  }
  const { stdout, stderr } = spawnSync(process.execPath, [prisma, 'validate', '--schema', schema], {
    encoding: 'utf8',
    env,
  })
  return stdout + stderr
}

describe('what is recognised', () => {
  test.each([
    [['express'], {}, 'Express, no database, npm'],
    [['fastify', 'mongodb'], { 'pnpm-lock.yaml': '' }, 'Fastify, MongoDB, pnpm'],
    [['koa', 'mongoose', 'mongodb'], { 'yarn.lock': '' }, 'Koa, Mongoose, yarn'],
    [['express', '@trpc/server'], { 'bun.lock': '' }, 'Express and tRPC, no database, bun'],
    [['hono', 'drizzle-orm'], {}, 'Hono, Drizzle, npm'],
    [['next', 'react'], {}, 'Next, no database, npm'],
    [[], { 'package-lock.json': '' }, 'no framework, no database, npm'],
    [['@nestjs/core', '@nestjs/platform-express', 'express'], {}, 'NestJS on Express, no database, npm'],
    [['@nestjs/core', '@nestjs/platform-fastify', 'fastify'], {}, 'NestJS on Fastify, no database, npm'],
  ])('%j with %j is %s', async (dependencies, files, found) => {
    const cwd = scratchProject({ 'package.json': manifest(dependencies), ...files })
    const { code, stderr } = await init(cwd, '--dry-run')
    expect(code).toBe(0)
    // Without a lock file of its own a project has that of the workspace it lies in, which is this repository.
    const workspace = Object.keys(files).length === 0 ? found.replace('npm', 'pnpm') : found
    expect(stderr).toContain(`Found: ${workspace}.`)
  })

  test('is what to install, with its package manager', async () => {
    const cwd = scratchProject({
      'package.json': manifest(['koa', 'mongodb'], { packageManager: 'yarn@4.0.0' }),
    })
    const { records } = await init(cwd, '--dry-run', '--json')
    const todos = records.filter(({ type }) => type === 'todo').map(({ message }) => message)
    expect(todos.slice(0, 2)).toEqual([
      'yarn add @acme/clerk-core @acme/clerk-koa @acme/clerk-mongo',
      'yarn add --dev @acme/clerk-cli @acme/clerk-testing',
    ])
    expect(todos.at(-1)).toBe('yarn acme-clerk doctor')
  })
})

describe('init on Drizzle', () => {
  const DATABASE =
    "import { drizzle } from 'drizzle-orm/libsql'\nexport const database = drizzle('file:app.db')\n"
  const SCHEMA = `import { integer, sqliteTable } from 'drizzle-orm/sqlite-core'
export const users = sqliteTable('users', { id: integer('id').primaryKey() })
`
  const project = (files: Readonly<Record<string, string>>) =>
    scratchProject({ 'package.json': manifest(['express', 'drizzle-orm', 'typescript']), ...files })

  test('takes the database and the tables that are there, and says what to spread into them', async () => {
    const cwd = project({ 'src/db/client.ts': DATABASE, 'src/db/tables.ts': SCHEMA })
    const { stdout, stderr } = await init(cwd, '--yes')
    expect(stderr).toContain('Found: Express, Drizzle, pnpm.')
    const clerk = read(cwd, 'src/clerk.ts')
    expect(clerk).toContain(
      "import { database } from './db/client.js'\nimport * as schema from './db/tables.js'\n",
    )
    expect(clerk).toContain('createClerk(fromEnv(), drizzleStore(database, schema))')
    expect(stdout).toContain('`...clerkUserColumns()` of @acme/clerk-drizzle/sqlite')
    expect(stdout).toContain('drizzle-kit generate')
    expect(stdout).not.toContain('Export your database')
  })

  test('takes a database with the types of its tables, and does not ask for columns that are there', async () => {
    const cwd = project({
      'src/db.ts': `${DATABASE.replace('drizzle(', 'drizzle<typeof schema>(')}export const close = () => {}\n`,
      'src/schema.ts': SCHEMA.replace('{ id', '{ ...clerkUserColumns(), id'),
    })
    const { stdout } = await init(cwd, '--dry-run')
    expect(stdout).toContain("import { close as closeDatabase, database } from './db.js'")
    expect(stdout).toContain('await clerk.close()\n+  await closeDatabase()\n')
    expect(stdout).not.toContain('Spread')
    expect(stdout).toContain('drizzle-kit generate')
  })

  test('says what to export where neither is found', async () => {
    const { stdout } = await init(project({}), '--dry-run')
    expect(stdout).toContain('Export your database of Drizzle as `db` from database.ts')
    expect(stdout).toContain("import * as schema from './schema.js'")
  })
})

describe('init on Prisma', () => {
  test.each([
    ['sqlite', 'sqlite'],
    ['postgresql', 'postgresql'],
    ['mysql', 'mysql'],
  ])(
    'of an empty schema on %s adds the models and the SQL as the package has them',
    async (provider, folder) => {
      const cwd = prismaProject(DATASOURCE(provider))
      expect((await init(cwd, '--yes')).code).toBe(0)
      const schema = read(cwd, 'prisma/schema.prisma')
      expect(schema.startsWith(DATASOURCE(provider))).toBe(true)
      for (const [model] of shipped(`schema/${folder}.prisma`).matchAll(/^model \w+ \{\n[\s\S]*?^\}/gm))
        expect(schema).toContain(model)
      const sql = ['users', 'clerk', 'roles'].map((name) => shipped(`migrations/${folder}/${name}.sql`))
      expect(migrationOf(cwd)).toBe(`${sql.join('\n\n')}\n`)
    },
  )

  test('extends a model User that is there, and leaves what it has', async () => {
    const own = `model User {
  id       Int     @id @default(autoincrement())
  email    String? @unique
  username String?
  orders   Order[]

  @@index([email])
}`
    const order =
      'model Order {\n  id     Int  @id\n  user   User @relation(fields: [userId], references: [id])\n  userId Int\n}\n'
    const cwd = prismaProject(`${DATASOURCE('postgresql')}\n${own}\n\n${order}`)
    const { code, stdout } = await init(cwd, '--yes')
    expect(code).toBe(0)
    expect(stdout.split('\n').filter((line) => line.startsWith('-') && !line.startsWith('---'))).toEqual([])
    const schema = read(cwd, 'prisma/schema.prisma')
    for (const line of own.split('\n')) expect(schema).toContain(`${line}\n`)
    expect(schema).toContain(order)
    expect(schema).not.toMatch(/\n\n\n/)
    expect(validated(join(cwd, 'prisma/schema.prisma'))).toContain('is valid')
    expect(schema).toMatch(/\n {2}clerkId +String\? +@unique\n/)
    expect(schema.match(/^ {2}username /gm)).toHaveLength(1)
    expect(schema.match(/^ {2}@@index\(\[email\]\)/gm)).toHaveLength(1)
    expect(schema).toContain('  @@index([deletedAt])\n}')
    const sql = migrationOf(cwd)
    expect(sql).not.toMatch(/ADD COLUMN "username"|User_email_idx"/)
    expect(sql).toMatch(/ADD COLUMN "clerkId" TEXT,\n/)
    expect(sql).toMatch(/ADD COLUMN "deletedAt" TIMESTAMP\(3\);\n/)
  })

  test('of a User that has the last of the columns ends the statement behind the one before', async () => {
    const own =
      'model User {\n  id String @id\n  email String?\n  version Float @default(0)\n  deletedAt DateTime?\n}\n'
    const cwd = prismaProject(`${DATASOURCE('mysql')}\n${own}`)
    await init(cwd, '--yes')
    expect(migrationOf(cwd)).toMatch(/ADD COLUMN `lastActiveAt` DATETIME\(3\);\n\n/)
  })

  test.each([
    ['an address under another name', 'model User {\n  id Int @id\n  mail String\n}', /has no field email/],
    [
      'a field of another type',
      'model User {\n  id Int @id\n  email String?\n  version Int\n}',
      /User\.version is a Int, and would have to be a Float/,
    ],
    [
      'names of the database',
      'model User {\n  id Int @id\n  email String?\n  @@map("users")\n}',
      /other names in the database/,
    ],
    [
      'a model of a name of ours',
      'model Organization {\n  id Int @id\n}',
      /a model Organization of your own/,
    ],
  ])('leaves to its owner a schema with %s', async (_, model, message) => {
    const cwd = prismaProject(`${DATASOURCE('sqlite')}\n${model}\n`)
    const { code, stdout } = await init(cwd, '--yes')
    expect(code).toBe(0)
    expect(stdout).toMatch(message)
    expect(read(cwd, 'prisma/schema.prisma')).toBe(`${DATASOURCE('sqlite')}\n${model}\n`)
    expect(existsSync(join(cwd, 'prisma/migrations'))).toBe(false)
  })

  test('says what of the schema has to become optional', async () => {
    const cwd = prismaProject(
      `${DATASOURCE('sqlite')}\nmodel User {\n  id Int @id\n  email String @unique\n  clerkId String @unique\n}\n`,
    )
    const { stdout } = await init(cwd, '--yes')
    expect(stdout).toContain('Make User.email optional (String?)')
    expect(stdout).not.toContain('User.clerkId optional')
  })

  test('puts the models beside those of a schema in several files', async () => {
    const cwd = scratchProject({
      'package.json': manifest(['express', '@prisma/client', ...READY]),
      'prisma/schema/main.prisma': DATASOURCE('sqlite'),
      'prisma/schema/shop.prisma': 'model Order {\n  id Int @id\n}\n',
    })
    await init(cwd, '--yes')
    expect(read(cwd, 'prisma/schema/clerk.prisma')).toContain('model ClerkChange {')
    expect(read(cwd, 'prisma/schema/main.prisma')).toBe(DATASOURCE('sqlite'))
    expect(migrationOf(cwd)).toContain('CREATE TABLE "ClerkChange"')
  })

  test('imports the client that the application has', async () => {
    const cwd = prismaProject(DATASOURCE('sqlite'), {
      'src/lib/db.ts': 'const g = globalThis\nexport const db = g.db ??\n  new PrismaClient({ adapter })\n',
    })
    await init(cwd, '--yes')
    expect(read(cwd, 'src/clerk.ts')).toContain("import { db } from './lib/db.js'")
    expect(read(cwd, 'src/clerk.ts')).toContain('prismaStore(db)')
  })

  test.each([
    [{}, /There is no Prisma schema here/],
    [{ 'schema.prisma': 'model A {\n  id Int @id\n}' }, /has no datasource/],
    [{ 'schema.prisma': DATASOURCE('mongodb') }, /no store for Prisma on mongodb[\s\S]*clerk-mongo/],
    [{ 'schema.prisma': DATASOURCE('sqlserver') }, /no store for Prisma on sqlserver/],
  ])('%j is refused', async (files, message) => {
    const cwd = scratchProject({ 'package.json': manifest(['prisma']), ...files })
    const { code, stderr } = await init(cwd, '--yes')
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })
})

describe('init on NestJS', () => {
  const guide = new URL('../../../../docs/nestjs.md', import.meta.url)
  const GUIDED = ['auth.ts', 'denied.filter.ts', 'sockets.ts']
  const nest = (platform: string, files: Readonly<Record<string, string>> = {}) =>
    scratchProject({
      'package.json': manifest(['@nestjs/core', platform, '@nestjs/platform-ws', 'typescript']),
      'src/main.ts': '// mine\n',
      'src/app.module.ts': '// mine\n',
      ...files,
    })

  test.each([
    ['@nestjs/platform-express', '@acme/clerk-express', 'main.ts'],
    ['@nestjs/platform-fastify', '@acme/clerk-fastify', 'main-fastify.ts'],
  ])('with %s writes the files of the guide, and tells its lines', async (platform, adapter, main) => {
    const cwd = nest(platform)
    const { code, records } = await init(cwd, '--yes', '--json')
    expect(code).toBe(0)
    for (const name of GUIDED) expect(read(cwd, `src/${name}`)).toBe((await readSnippet(guide, name)).code)
    const todos = records.filter(({ type }) => type === 'todo').map(({ message }) => String(message))
    expect(todos[0]).toContain(adapter)
    const told = todos.find((todo) => todo.startsWith('Mount the routes')) ?? ''
    expect(told).toContain('rawBody: true')
    const guided = (await readSnippet(guide, main)).code + (await readSnippet(guide, 'app.module.ts')).code
    const lines = told.split('\n').slice(2)
    for (const line of lines.filter((one) => !one.startsWith('// '))) expect(guided).toContain(line.trimEnd())
    // What was there stays, and a second time there is nothing to do.
    for (const file of ['src/main.ts', 'src/app.module.ts']) expect(read(cwd, file)).toBe('// mine\n')
    writeFileSync(join(cwd, 'src/auth.ts'), 'export class ClerkGuard {} // changed\n')
    const again = await init(cwd, '--yes', '--json')
    expect(again.records.at(-1)).toMatchObject({ written: 0 })
    expect(again.stdout).not.toContain('Copy auth.ts')
    expect(read(cwd, 'src/auth.ts')).toContain('changed')
  })

  test('leaves gateways out where there are none', async () => {
    const cwd = scratchProject({
      'package.json': manifest(['@nestjs/core', '@nestjs/platform-express', 'typescript']),
      'src/main.ts': '',
    })
    await init(cwd, '--yes')
    expect(readdirSync(join(cwd, 'src')).sort()).toEqual([
      'auth.ts',
      'clerk.ts',
      'denied.filter.ts',
      'main.ts',
    ])
  })

  test('writes none of them where another file has the name of one', async () => {
    const cwd = nest('@nestjs/platform-express', { 'src/auth.ts': 'export const mine = 1\n' })
    const { stdout } = await init(cwd, '--yes')
    expect(stdout).toMatch(/another file src.auth\.ts.*Copy auth\.ts, denied\.filter\.ts, sockets\.ts/)
    expect(read(cwd, 'src/auth.ts')).toBe('export const mine = 1\n')
    expect(existsSync(join(cwd, 'src/denied.filter.ts'))).toBe(false)
  })

  test('says where `await` at the top level does not compile', async () => {
    const cwd = scratchProject({
      'package.json': JSON.stringify({
        dependencies: { '@nestjs/core': '*', mongodb: '*', typescript: '*' },
      }),
    })
    expect((await init(cwd, '--dry-run')).stdout).toContain('"type": "module"')
  })
})

describe('what is written', () => {
  const express = (files: Readonly<Record<string, string>> = {}) =>
    scratchProject({ 'package.json': manifest(['express', 'typescript']), 'src/main.ts': '', ...files })

  test('runs: the doctor finds nothing but what is missing in the environment', async () => {
    const cwd = express()
    const { code, stdout, records } = await init(cwd, '--yes', '--json')
    expect({ code, changed: records.flatMap(({ path }) => path ?? []) }).toEqual({
      code: 0,
      changed: ['src/clerk.ts', 'acme-clerk.config.ts', '.env.example'],
    })
    expect(stdout).toContain("app.use('/clerk', clerkRoutes(clerk))")
    const doctor = await run(['doctor', '--json', '--env-file', '.env.example'], { cwd })
    expect(doctor.code).toBe(1)
    expect(doctor.records.flatMap(({ message }) => message ?? [])).toEqual(
      expect.arrayContaining([expect.stringMatching(/^publishableKey: is missing/)]),
    )
  })

  test('is a JavaScript module where there is no TypeScript', async () => {
    const cwd = scratchProject({ 'package.json': JSON.stringify({ dependencies: { koa: '*' } }) })
    await init(cwd, '--yes')
    expect(read(cwd, 'acme-clerk.config.mjs')).toContain("from './clerk.mjs'")
    expect(read(cwd, 'clerk.mjs')).not.toContain('declare module')
  })

  test('nothing of what is there is written over, and a second time there is nothing to do', async () => {
    const cwd = express({
      'src/clerk.ts': '// mine\n',
      '.env.example': 'PORT=3000\nCLERK_SECRET_KEY=sk_test_...\n',
    })
    const first = await init(cwd, '--yes')
    expect(first.stdout).toContain('src/clerk.ts is there already, and stays.')
    expect(read(cwd, 'src/clerk.ts')).toBe('// mine\n')
    expect(read(cwd, '.env.example')).toMatch(
      /^PORT=3000\nCLERK_SECRET_KEY=sk_test_\.\.\.\n\nCLERK_PUBLISHABLE_KEY=/,
    )
    const before = readdirSync(cwd)
    const again = await init(cwd, '--yes', '--json')
    expect(again.records.at(-1)).toMatchObject({ written: 0 })
    expect(readdirSync(cwd)).toEqual(before)
  })

  test('is shown as a diff, and with --dry-run nothing is written', async () => {
    const cwd = express({ '.env.example': 'A=1\nB=2\nC=3\n' })
    const { stdout } = await init(cwd, '--dry-run')
    expect(stdout).toContain(
      '--- .env.example\n+++ .env.example\n B=2\n C=3\n+\n+CLERK_PUBLISHABLE_KEY=pk_test_...\n',
    )
    expect(stdout).toContain('--- /dev/null\n+++ src/clerk.ts\n+import ')
    expect(existsSync(join(cwd, 'src/clerk.ts'))).toBe(false)
  })

  test('without a terminal to ask on is nothing, unless --yes says so', async () => {
    const cwd = express()
    const { code, stderr } = await init(cwd)
    expect(code).toBe(2)
    expect(stderr).toContain('--yes')
    expect(existsSync(join(cwd, 'src/clerk.ts'))).toBe(false)
  })

  test('needs a project', async () => {
    const cwd = scratchProject({})
    expect((await init(cwd)).stderr).toContain('no package.json here')
    writeFileSync(join(cwd, 'package.json'), '{')
    expect((await init(cwd)).stderr).toContain('is no JSON')
  })
})
