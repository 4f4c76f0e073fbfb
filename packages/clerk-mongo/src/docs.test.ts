import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { maySignIn } from '@acme/clerk-core/store'
import { startClerk } from '@acme/clerk-testing'
import { describeWith } from '@acme/tools/services/vitest'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { followExistingUsers, guideCode } from '@acme/tools/snippets/existing-users'
import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { DEFINITIONS } from './collection/definitions.js'
import { mongoStore } from './mongo-store.js'

const readme = new URL('../README.md', import.meta.url)
const guide = new URL('../../../docs/mongo.md', import.meta.url)
const cwd = fileURLToPath(new URL('..', import.meta.url))

await describeWith('mongodb', 'the documents', (server) => {
  async function output(file: URL, title: string, env: Record<string, string> = {}): Promise<string[]> {
    const database = await server.createDatabase('docs')
    const { code } = await readSnippet(file, title)
    const { finished } = await runSnippet(code, { cwd, env: { ...env, MONGODB_URL: database.url } })
    const { stdout, stderr } = await finished
    await database.drop()
    expect(stderr).toBe('')
    return stdout.trim().split('\n')
  }

  test('the README signs a user in and gives them a row', { timeout: 60_000 }, async () => {
    const offline = await startClerk()
    const user = offline.createUser({ firstName: 'Ada' })
    const { authorization = '' } = await offline.authHeader(user, { azp: 'http://localhost:3000' })
    const env = {
      ...offline.env,
      CLERK_AUTHORIZED_PARTIES: 'http://localhost:3000',
      AUTHORIZATION: authorization,
    }
    expect(await output(readme, 'app.ts', env)).toEqual(['Ada has 10 credits'])
    await offline.stop()
  })

  test('the guide confines a collection to an organisation', { timeout: 60_000 }, async () => {
    expect(await output(guide, 'tenants.ts')).toEqual(['1 [ 10 ]', '1', 'tenant-scope'])
  })

  test('the guide gives the switch of banned and deleted users back, and lets no one in', async () => {
    const { code } = await readSnippet(guide, 'restore-switch.js')
    const database = await server.createDatabase('docs')
    const client = new MongoClient(database.url)
    const db = client.db()
    const clerk = { version: 1 }
    await db
      .collection('users')
      .insertMany([
        { ...clerk, clerkId: 'user_banned', banned: true, isActive: false },
        { ...clerk, clerkId: 'user_deleted', banned: false, isActive: false, deletedAt: new Date(1) },
        { ...clerk, clerkId: 'user_off', banned: false, isActive: false },
        { email: 'local@example.com' },
      ])
    const written = `${code}`.trim()
    // The shell's `db.users` is a collection of the driver's.
    await new Function('db', `return ${written}`)({ users: db.collection('users') })
    const { users } = mongoStore(db)
    const rows = await Promise.all(
      ['user_banned', 'user_deleted', 'user_off'].map((clerkId) => users.findByClerkId(clerkId)),
    )
    expect(rows.map((row) => row?.isActive)).toEqual([true, true, false])
    expect(rows.map((row) => row && maySignIn(row))).toEqual([false, false, false])
    expect(await users.findLinkable({ email: 'local@example.com' })).toMatchObject([
      { isActive: true, banned: false, deprovisioned: false },
    ])
    await client.close()
    await database.drop()
  })

  test('the guide lists the fields that the store writes, all of them', async () => {
    const text = await readFile(guide, 'utf8')
    for (const [key, { fields }] of Object.entries(DEFINITIONS)) {
      const row = new RegExp(`^\\| \`${key}\`[^|]*\\|([^|]*)\\|$`, 'gm')
      const listed = [...text.matchAll(row)].map(([, names = '']) => names.trim().split(', '))
      expect(listed).toEqual([Object.keys(fields).map((field) => `\`${field}\``)])
    }
  })

  test('the guide mends a plain unique index of Mongoose', async () => {
    const { code } = await readSnippet(guide, 'mend-index.js')
    const database = await server.createDatabase('docs')
    const client = new MongoClient(database.url)
    const users = client.db().collection('users')
    await users.createIndex({ email: 1 }, { unique: true })
    const { ensureIndexes } = mongoStore(client.db())
    await expect(ensureIndexes()).rejects.toThrow(`${code}`.trim())
    for (const call of `${code}`.trim().split('; ')) await new Function('db', `return ${call}`)({ users })
    await ensureIndexes()
    await client.close()
    await database.drop()
  })

  test('the guide goes together with Mongoose', { timeout: 60_000 }, async () => {
    expect(await output(guide, 'mongoose.ts')).toEqual(['Ada 10'])
  })

  test('the guide to existing users keeps every document, id and order', { timeout: 240_000 }, async () => {
    const database = await server.createDatabase('docs')
    const client = new MongoClient(database.url)
    const db = client.db()
    const digest = (name: string) => `$2b$10$${name.padEnd(53, 'x')}`
    const customers = [
      { handle: 'ada', name: 'Ada L.', email: 'Ada@Example.com', emailConfirmedAt: new Date(1) },
      { handle: 'grace', name: 'Grace H.', email: 'grace@example.com', emailConfirmedAt: new Date(1) },
      { handle: 'linus', name: 'Linus T.', mobile: '+15555550109' },
      { handle: 'eve', name: 'Eve M.', email: 'eve@example.com' },
    ].map((customer) => ({ ...customer, passwordHash: digest(customer.handle) }))
    const { insertedIds } = await db.collection('users').insertMany(customers)
    const orders = [0, 0, 1, 2, 2, 2, 3].map((index) => ({ userId: insertedIds[index] }))
    await db.collection('orders').insertMany(orders)
    // The shell's `db.users` is a collection of the driver's.
    const shell = async (title: string): Promise<void> => {
      const written = (await guideCode(title)).trim()
      await new Function('db', `return ${written}`)({ users: db.collection('users') })
    }
    await shell('backfill.js')

    const clerk = await startClerk()
    await followExistingUsers({
      clerk,
      cwd,
      env: { MONGODB_URL: database.url },
      files: { 'clerk.ts': await guideCode('clerk-mongo.ts') },
      async rows() {
        const rows = await db.collection('users').find().sort({ _id: 1 }).toArray()
        return Promise.all(
          rows.map(async ({ _id, clerkId = null, email = null, handle, name, passwordHash }) => ({
            ...{ id: String(_id), clerkId, email, handle, name, passwordHash },
            orders: await db.collection('orders').countDocuments({ userId: _id }),
          })),
        )
      },
      unlink: () => shell('unlink.js'),
      makeUnique: () => shell('unique.js'),
    })
    await clerk.stop()
    await client.close()
    await database.drop()
  })
})
