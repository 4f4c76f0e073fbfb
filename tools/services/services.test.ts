import { spawn } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { ADMINISTRATION } from './databases.js'
import type { ServerName } from './definition.js'
import { requireService } from './index.js'
import { embedded } from './postgres.js'
import { eventually, freePort, run, unprivileged } from './processes.js'
import { describeWith } from './vitest.js'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const accepts = (url: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** `start.ts postgres` in processes of their own, with a services folder that only this test has. */
async function startInProcesses(count: number, folder: string): Promise<string[]> {
  const env = { SERVICES_DIR: folder, SERVICES_IDLE_MS: '300', DATABASE_URL: '' }
  const one = () =>
    run(process.execPath, ['--import', import.meta.resolve('tsx'), here('start.ts'), 'postgres'], { env })
  const outputs = await Promise.all(Array.from({ length: count }, one))
  return outputs.map((output) => /postgres: (\S+)/.exec(output)?.[1] ?? output)
}

await describeWith('postgres', 'a shared server', () => {
  test('processes that start together share one server, which ends after the last of them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'services-test-'))
    const urls = await startInProcesses(4, folder)
    expect(new Set(urls).size).toBe(1)
    expect(urls[0]).toMatch(/^postgresql:/)
    await eventually(async () => expect(await accepts(urls[0]!)).toBe(false), 20_000)
    await rm(folder, { recursive: true })
  }, 60_000)
})

for (const name of ['postgres', 'mariadb', 'mongodb'] satisfies ServerName[]) {
  await describeWith(name, `databases of ${name}`, (server) => {
    test('each caller has a database of its own, and drop removes it', async () => {
      const [one, two] = await Promise.all([server.createDatabase('tools'), server.createDatabase('tools')])
      expect(one.url).not.toBe(two.url)
      expect(one.url).toContain(one.name)
      await ADMINISTRATION[name].ping(one.url)
      await Promise.all([one.drop(), two.drop()])
      if (name === 'postgres')
        await expect(ADMINISTRATION.postgres.ping(one.url)).rejects.toThrow('does not exist')
    })

    test('a prefix that could end the quoting is refused', async () => {
      await expect(server.createDatabase('x"; drop')).rejects.toThrow('not a prefix')
    })
  })
}

describe('where the variables come first', () => {
  afterAll(() => {
    delete process.env.MONGODB_URL
  })
  test('a URL in the environment is used as it is', async () => {
    process.env.MONGODB_URL = 'mongodb://user:secret@one.example:27017,two.example/?authSource=admin'
    const server = await requireService('mongodb')
    expect(server.url).toBe(process.env.MONGODB_URL)
    const { url } = await server.createDatabase('mine')
    expect(url).toMatch(
      /^mongodb:\/\/user:secret@one\.example:27017,two\.example\/mine_[0-9a-f]{12}\?authSource=admin$/,
    )
  })
})

const bootEmbedded = await embedded()
test.skipIf(bootEmbedded === null)(
  'the PostgreSQL of the npm registry starts, as root too',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'services-embedded-'))
    const account = await unprivileged(['postgres'])
    if (account) await chown(folder, account.uid, account.gid)
    const { command, args, url, stopSignal } = await bootEmbedded!({
      folder,
      port: await freePort(),
      account,
    })
    const server = spawn(command, args, { cwd: folder, stdio: 'ignore', ...account })
    const ended = new Promise((resolve) => server.once('exit', resolve))
    try {
      await eventually(() => ADMINISTRATION.postgres.ping(url), 20_000)
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      const { rows } = await client.query("SELECT current_setting('server_version_num')::int AS version")
      await client.end()
      expect(rows[0].version).toBeGreaterThanOrEqual(180_000)
    } finally {
      server.kill(stopSignal)
      await ended
      await rm(folder, { recursive: true })
    }
  },
  60_000,
)
