import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readSnippet, runSnippet } from './index.js'

const execute = promisify(execFile)
const CLI = fileURLToPath(new URL('../../packages/clerk-cli', import.meta.url))
const COMMAND = join(CLI, 'dist/main.js')
const CONFIG = 'acme-clerk.config.ts'

const guide = new URL('../../docs/existing-users.md', import.meta.url)
const PARTY = 'http://localhost:3000'

export const guideCode = async (title: string) => (await readSnippet(guide, title)).code

interface Person {
  firstName?: string
  lastName?: string
  externalId?: string
  emailAddress?: string[]
  phoneNumber?: string[]
}

/** The offline Clerk, as far as the guide goes. */
interface Clerk {
  readonly env: Record<string, string>
  createUser(person: Person): { id: string }
  updateUser(id: string, changes: { lastName: string }): unknown
  authHeader(id: string, params: { azp: string }): Promise<{ authorization: string }>
  readonly url: string
  readonly secretKey: string
  readonly webhooks: { sendTo(url: string): void; settled(): Promise<void> }
}

/** A row of the shop, whatever database it is in. */
export interface ShopRow {
  readonly id: string
  readonly clerkId: string | null
  readonly email: string | null
  readonly handle: string
  readonly name: string
  readonly passwordHash: string
  readonly orders: number
}

/** Where `acme-clerk` is run: the modules of the guide, and the package of the command. */
async function commandProject(cwd: string, files: Record<string, string>): Promise<string> {
  await mkdir(join(cwd, '.snippets'), { recursive: true })
  const project = await mkdtemp(join(cwd, '.snippets', 'shop-'))
  await mkdir(join(project, 'node_modules/@acme'), { recursive: true })
  await symlink(CLI, join(project, 'node_modules/@acme/clerk-cli'), 'junction')
  for (const [name, content] of Object.entries(files)) await writeFile(join(project, name), content)
  return project
}

/**
 * Follows docs/existing-users.md from stage 2 on, the modules of the page run as they stand there, each in a process of its
 * own, against an offline Clerk whose webhooks reach them. The shop has the customers `ada`, `grace`, `linus` and `eve`.
 */
export async function followExistingUsers(parts: {
  readonly clerk: Clerk
  readonly cwd: string
  readonly files: Record<string, string>
  readonly env?: Record<string, string>
  rows(): Promise<readonly ShopRow[]>
  /** The way back of stage 3. */
  unlink(): Promise<void>
  /** Stage 5. */
  makeUnique(): Promise<void>
}): Promise<void> {
  const { clerk, cwd, files, rows } = parts
  const env = { ...clerk.env, CLERK_AUTHORIZED_PARTIES: PARTY, PORT: '0', ...parts.env }
  const start = async (title: string) => runSnippet(await guideCode(title), { cwd, env, files })
  const project = await commandProject(cwd, { ...files, [CONFIG]: await guideCode(CONFIG) })
  async function run(title: string): Promise<string[]> {
    const said: string[] = []
    for (const line of (await guideCode(title)).trim().split('\n')) {
      const [command, ...args] = line.split(' ')
      assert.equal(command, 'acme-clerk')
      const options = { cwd: project, env: { ...process.env, ...env } }
      said.push((await execute(process.execPath, [COMMAND, ...args], options)).stdout.trim())
    }
    return said
  }
  const row = async (handle: string) => {
    const found = (await rows()).find((one) => one.handle === handle)
    assert(found !== undefined, `the row of ${handle} is gone`)
    return found
  }
  const own = async () =>
    (await rows())
      .filter(({ handle }) => !handle.startsWith('user_'))
      .map(({ id, handle, name, passwordHash, orders }) => ({ id, handle, name, passwordHash, orders }))
  const before = await own()
  const known = before.length

  // With e-mail: has signed up at Clerk already, and not been imported.
  const ada = clerk.createUser({ firstName: 'Ada', emailAddress: ['ada@example.com'] })

  assert.deepEqual(await run('import.sh'), ['1 exists, 2 valid.', '2 created, 1 exists.', '3 resumed.'])
  assert.deepEqual(await own(), before)
  const headers = { authorization: `Bearer ${clerk.secretKey}` }
  const listed = await fetch(`${clerk.url}/v1/users?limit=100`, { headers })
  const users = (await listed.json()) as { id: string; external_id: string | null }[]
  const idOf = async (handle: string) => {
    const { id } = await row(handle)
    const user = users.find(({ external_id }) => external_id === id)
    assert(user !== undefined, `${handle} was not imported`)
    return user.id
  }
  const [grace, linus] = [await idOf('grace'), await idOf('linus')]

  const server = await start('server.ts')
  const port = /listening on (\d+)/.exec(await server.output(/listening on \d+/))?.[1]
  const url = `http://127.0.0.1:${port}`
  const ask = async (userId: string) => {
    const headers = await clerk.authHeader(userId, { azp: PARTY })
    return (await fetch(url, { headers })).text()
  }
  const says = async (handle: string) => {
    const { id, name, orders } = await row(handle)
    return `${name} (${handle}) is row ${id} with ${orders} orders`
  }
  clerk.webhooks.sendTo(`${url}/webhooks`)
  try {
    // Imported, by a webhook.
    clerk.updateUser(grace, { lastName: 'Hopper' })
    await clerk.webhooks.settled()
    assert.equal((await row('grace')).clerkId, grace)
    // With phone only, by 50 first requests at once.
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(linus)))
    assert.deepEqual([...new Set(answers)], [await says('linus')])
    assert.equal((await row('linus')).clerkId, linus)
    // With e-mail.
    assert.equal(await ask(ada.id), await says('ada'))
    assert.equal((await row('ada')).clerkId, ada.id)
    assert.equal((await rows()).length, known, 'An old customer got a second row.')

    // An address that the shop has not verified, and ids that are not exactly those of a row.
    const strangers = [
      { firstName: 'Not', lastName: 'Eve', emailAddress: ['eve@example.com'] },
      ...[' 10', '010', '1e1', 'abc', '9999999999999999999999'].map((externalId) => ({ externalId })),
    ].map((person, index) => clerk.createUser({ phoneNumber: [`+1555555020${index}`], ...person }))
    await clerk.webhooks.settled()
    for (const { id } of strangers)
      assert.match(await ask(id), new RegExp(`\\(${id}\\) is row \\S+ with 0 orders$`))
    assert.equal((await row('eve')).clerkId, null)
    assert.equal((await row('eve')).email, 'eve@example.com')
    assert.deepEqual(await own(), before, 'A row lost what is its own.')
  } finally {
    await server.stop()
  }

  await parts.unlink()
  assert.equal((await row('grace')).clerkId, null)
  assert.deepEqual(await own(), before)

  // Grace, Linus and Ada. The strangers have rows of their own.
  const [said = ''] = await run('backfill.sh')
  assert.match(said, /^(linked user user_\w+\n){3}users: .*\b3 linked$/)
  for (const [handle, id] of [
    ['grace', grace],
    ['linus', linus],
    ['ada', ada.id],
  ] as const)
    assert.equal((await row(handle)).clerkId, id)
  assert.deepEqual(await own(), before)
  await parts.makeUnique()
  await rm(project, { recursive: true, force: true })
}
