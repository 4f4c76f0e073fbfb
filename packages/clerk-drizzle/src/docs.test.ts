import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startClerk } from '@acme/clerk-testing'
import { service, servicesRequired } from '@acme/tools/services'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { describe, expect, test } from 'vitest'

const root = new URL('..', import.meta.url)
const cwd = fileURLToPath(root)
const readme = new URL('README.md', root)
const PARTY = 'http://localhost:3000'
const codeOf = async (title: string) => (await readSnippet(readme, title)).code

const DATABASES = [
  { dialect: 'postgresql', server: 'postgres', of: '' },
  { dialect: 'sqlite', server: null, of: '.sqlite' },
  { dialect: 'mysql', server: 'mariadb', of: '.mysql' },
] as const

/** `drizzle-kit generate` and `drizzle-kit migrate`, as the README says, in a folder with these files. */
async function migrate(files: Readonly<Record<string, string>>, url: string): Promise<void> {
  await mkdir(join(cwd, '.snippets'), { recursive: true })
  const folder = await mkdtemp(join(cwd, '.snippets', 'kit-'))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  const kit = join(cwd, 'node_modules/drizzle-kit/bin.cjs')
  for (const command of ['generate', 'migrate']) {
    const child = spawn(process.execPath, [kit, command], {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: url },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        output += String(text)
      })
    const [code] = await once(child, 'close')
    expect(code, `drizzle-kit ${command}: ${output}`).toBe(0)
  }
  await rm(folder, { recursive: true, force: true })
}

async function placeFor(server: 'postgres' | 'mariadb' | null) {
  if (server !== null) {
    const found = await service(server)
    return 'missing' in found ? found : found.createDatabase('docs')
  }
  const folder = await mkdtemp(join(tmpdir(), 'clerk-drizzle-docs-'))
  return { url: `file:${join(folder, 'app.db')}`, drop: () => rm(folder, { recursive: true, force: true }) }
}

/** What the stores find in a database that was made as the README says. */
const CHECK = `
const { users, organizations, inbox } = drizzleStore(db, schema)
const found = [users, organizations, inbox].map((store) => store.inspect({ linking: true }))
console.log(JSON.stringify((await Promise.all(found)).flat()))
`

describe.each(DATABASES)('the README on $dialect', ({ dialect, server, of }) => {
  test('makes the tables, signs a user in, gives them a row and finds nothing amiss', {
    timeout: 120_000,
  }, async ({ skip }) => {
    const place = await placeFor(server)
    if ('missing' in place) {
      if (servicesRequired()) throw new Error(place.missing)
      return skip(place.missing)
    }
    const config = (await codeOf('drizzle.config.ts')).replace("'postgresql'", `'${dialect}'`)
    const files = {
      'schema.ts': await codeOf(`schema${of}.ts`),
      'database.ts': await codeOf(`database${of}.ts`),
      'drizzle.config.ts': config,
    }
    await migrate(files, place.url)

    const offline = await startClerk()
    const { authorization = '' } = await offline.authHeader(offline.createUser({ firstName: 'Ada' }), {
      azp: PARTY,
    })
    const env = {
      ...offline.env,
      CLERK_AUTHORIZED_PARTIES: PARTY,
      AUTHORIZATION: authorization,
      DATABASE_URL: place.url,
    }
    const code = (await codeOf('app.ts')).replace('\nawait clerk.close()', `\n${CHECK}await clerk.close()`)
    const { finished } = await runSnippet(code, { cwd, env, files })
    const { stdout, stderr } = await finished
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual(['Ada likes it light', '[]'])
    await offline.stop()
    await place.drop()
  })
})
