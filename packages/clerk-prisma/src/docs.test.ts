import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { maySignIn } from '@acme/clerk-core/store'
import { startClerk } from '@acme/clerk-testing'
import { describeWith } from '@acme/tools/services/vitest'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { followExistingUsers, guideCode } from '@acme/tools/snippets/existing-users'
import { describe, expect, test } from 'vitest'
import type { PrismaClient as ShopClient } from '../generated/v7-postgresql-shop/client.ts'
import { createScopeDatabase, type ScopeClient, seed } from './scope/testing.js'
import { applySql, createDatabase, engineOf } from './testing/databases.js'

const root = new URL('..', import.meta.url)
const document = (path: string) => new URL(path, root)
const PARTY = 'http://localhost:3000'

/** `prisma.ts` of the reader's application. */
const prismaModule = (client: string, adapter: string) => `
import { PrismaClient } from '../../generated/${client}/client.ts'
${adapter}
export const prisma = new PrismaClient({ adapter })
`
const libsql = (url: string) =>
  `import { PrismaLibSql } from '@prisma/adapter-libsql'\nconst adapter = new PrismaLibSql({ url: '${url}' })`
const postgres = (url: string) =>
  `import { PrismaPg } from '@prisma/adapter-pg'\nconst adapter = new PrismaPg({ connectionString: '${url}' })`

async function output(
  file: string,
  title: string,
  prisma: string,
  env: Record<string, string> = {},
): Promise<string> {
  const { code } = await readSnippet(document(file), title)
  const { finished } = await runSnippet(code, {
    cwd: fileURLToPath(root),
    env,
    files: { 'prisma.ts': prisma },
  })
  const { stdout, stderr } = await finished
  expect(stderr).toBe('')
  return stdout.trim()
}

describe('the documents', () => {
  test('the README signs a user in and gives them a row', { timeout: 60_000 }, async () => {
    const database = await createDatabase(engineOf('v7-sqlite'))
    if ('missing' in database) throw new Error(database.missing)
    const offline = await startClerk()
    const { authorization = '' } = await offline.authHeader(offline.createUser({ firstName: 'Ada' }), {
      azp: PARTY,
    })
    const env = { ...offline.env, CLERK_AUTHORIZED_PARTIES: PARTY, AUTHORIZATION: authorization }
    const prisma = prismaModule('v7-sqlite-app', libsql(database.url))
    expect(await output('README.md', 'app.ts', prisma, env)).toBe('Ada likes it light')
    await offline.stop()
    await database.drop()
  })

  test('the guide confines a client to an organisation', { timeout: 60_000 }, async () => {
    const database = await createScopeDatabase(engineOf('v7-sqlite'))
    if ('missing' in database) throw new Error(database.missing)
    await seed((await database.connect()) as unknown as ScopeClient)
    const prisma = prismaModule('v7-sqlite-scope', libsql(database.url))
    expect((await output('../../docs/prisma.md', 'tenants.ts', prisma)).split('\n')).toEqual([
      ...['4 of 7', 'null', '{ count: 0 }', 'organization-scope'],
    ])
    await database.drop()
  })

  test('the model of the guide to existing users is the one it is tested with', async () => {
    const { code } = await readSnippet(document('../../docs/existing-users.md'), 'after.prisma')
    expect(await readFile(document('prisma/shop.prisma'), 'utf8')).toContain(code)
  })

  test('the guide tells a ban at Clerk from the switch of the application, and lets no one in', {
    timeout: 60_000,
  }, async () => {
    const engine = engineOf('v7-sqlite')
    const database = await createDatabase(engine, [])
    if ('missing' in database) throw new Error(database.missing)
    const prisma = await database.connect()
    const read = (file: string) => readFile(document(file), 'utf8')
    const users = await read('migrations/sqlite/users.sql')
    await applySql(prisma, users.replace(/^ +"(banned|deprovisioned)" .*\n/gm, ''))
    await applySql(
      prisma,
      (await read('migrations/sqlite/clerk.sql')) +
        (await read('migrations/sqlite/roles.sql')) +
        (await read('prisma/app.sqlite.sql')),
    )

    const offline = await startClerk()
    const names = ['Live', 'Banned', 'SwitchedOff', 'Deleted'] as const
    const ids = Object.fromEntries(names.map((name) => [name, offline.createUser({ firstName: name }).id]))
    offline.banUser(ids.Banned ?? '')
    for (const name of names) {
      const deletedAt = name === 'Deleted' ? "'2024-01-01T00:00:00.000Z'" : 'NULL'
      await prisma.$executeRawUnsafe(
        `INSERT INTO "User" ("id", "clerkId", "isActive", "deletedAt") VALUES ('${name}', '${ids[name]}', ${name === 'Live'}, ${deletedAt})`,
      )
    }
    await prisma.$executeRawUnsafe(`INSERT INTO "User" ("id", "isActive") VALUES ('Local', false)`)
    const rows = async () =>
      Object.fromEntries(
        (await prisma.user.findMany()).map((row) => [row.id, [row.isActive, row.banned, maySignIn(row)]]),
      )

    await applySql(prisma, await read('migrations/sqlite/banned.sql'))
    const lockedOut = [false, false, false]
    const afterMigration = { Banned: lockedOut, SwitchedOff: lockedOut, Deleted: lockedOut, Local: lockedOut }
    expect(await rows()).toEqual({ Live: [true, false, true], ...afterMigration })

    const env = { ...offline.env, CLERK_AUTHORIZED_PARTIES: PARTY }
    const module = prismaModule('v7-sqlite-app', libsql(database.url))
    await output('../../docs/prisma.md', 'refresh-locked-out.ts', module, env)
    await applySql(prisma, (await readSnippet(document('../../docs/prisma.md'), 'restore-switch.sql')).code)
    expect(await rows()).toEqual({
      Live: [true, false, true],
      Banned: [true, true, false],
      SwitchedOff: lockedOut,
      Deleted: [true, false, false],
      Local: lockedOut,
    })
    await offline.stop()
    await database.drop()
  })

  test.each(['postgresql', 'sqlite', 'mysql'])(
    'the SQL for %s has every column and index of its schema',
    async (provider) => {
      const schema = await readFile(document(`schema/${provider}.prisma`), 'utf8')
      const read = (file: string) => readFile(document(`migrations/${provider}/${file}.sql`), 'utf8')
      const [users, others, existing] = [
        await read('users'),
        (await read('clerk')) + (await read('roles')),
        await read('existing-users'),
      ]
      for (const column of ['banned', 'deprovisioned']) {
        const added = new RegExp(`ADD COLUMN .${column}. BOOLEAN NOT NULL DEFAULT false`)
        expect(existing).toMatch(added)
        expect(await read('banned')).toMatch(added)
      }
      for (const [, model = '', body = ''] of schema.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)) {
        const table = (model === 'User' ? users : others)
          .split(/CREATE TABLE /)
          .find((part) => part.startsWith(`"${model}"`) || part.startsWith(`\`${model}\``))
        expect(table, model).toBeDefined()
        for (const [, column = '', type = '', attributes = ''] of body.matchAll(
          /^ {2}(\w+) +(\w+\??) *(.*)$/gm,
        )) {
          const line = table
            ?.split('\n')
            .find((text) => /^ {4}/.test(text) && text.includes(column) && !/KEY \(/.test(text))
          expect(line, `${model}.${column}`).toBeDefined()
          expect(/NOT NULL/.test(line ?? ''), `${model}.${column} may be null`).toBe(!type.endsWith('?'))
          if (attributes.includes('@unique')) expect(table).toContain(`${model}_${column}_key`)
          if (model === 'User' && !['id', 'email'].includes(column)) expect(existing).toContain(column)
        }
        for (const [, columns = ''] of body.matchAll(/@@index\(\[(.*)\]\)/g)) {
          expect(table).toContain(`${model}_${columns.split(', ').join('_')}_idx`)
        }
      }
    },
  )
})

function followGuide(client: 'v7-postgresql' | 'v7-sqlite', adapter: (url: string) => string) {
  test(`keeps every row, id and order, in ${client}`, { timeout: 240_000 }, async () => {
    const engine = engineOf(client)
    const database = await createDatabase(engine, ['prisma/shop.before.*.sql'], 'shop')
    if ('missing' in database) throw new Error(database.missing)
    const prisma = (await database.connect()) as unknown as ShopClient
    const old = () =>
      prisma.$queryRawUnsafe('SELECT "id", "email", "handle", "name" FROM "User" ORDER BY "id"')
    const before = await old()
    for (const file of ['existing-users', 'clerk', 'roles'])
      await applySql(prisma, await readFile(document(`migrations/${engine.provider}/${file}.sql`), 'utf8'))
    await applySql(prisma, await guideCode('backfill.sql'))
    expect(await old()).toEqual(before)

    const clerk = await startClerk()
    await followExistingUsers({
      clerk,
      cwd: fileURLToPath(root),
      files: {
        'prisma.ts': prismaModule(`${client}-shop`, adapter(database.url)),
        'clerk.ts': await guideCode('clerk.ts'),
      },
      rows: async () => {
        const rows = await prisma.user.findMany({ include: { _count: true }, orderBy: { id: 'asc' } })
        return rows.map(({ id, _count, ...row }) => ({ ...row, id: String(id), orders: _count.orders }))
      },
      unlink: async () => applySql(prisma, await guideCode('unlink.sql')),
      makeUnique: async () => applySql(prisma, await guideCode('unique.sql')),
    })
    await clerk.stop()
    await database.drop()
  })
}

describe('the guide to existing users', () => followGuide('v7-sqlite', libsql))
await describeWith('postgres', 'the guide to existing users', () => followGuide('v7-postgresql', postgres))
