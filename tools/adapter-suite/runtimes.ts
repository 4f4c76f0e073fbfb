import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { OfflineClerk } from '@acme/clerk-testing'
import { PAGE, request } from '@acme/clerk-testing/adapters'
import { programOf } from '@acme/tools/runtimes'
import { readSnippet } from '@acme/tools/snippets'
import { build } from 'esbuild'
import { expect, onTestFinished } from 'vitest'

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

export type Runtime = 'node' | 'bun' | 'deno' | 'workerd'
type Env = Readonly<Record<string, string>>

/** A titled block of a Markdown file, and the package whose modules it imports. */
export interface Example {
  readonly file: URL
  readonly title: string
  readonly cwd: URL
}

/** The block, unchanged, in a folder of its own. */
export async function writeExample({ file, title, cwd }: Example): Promise<string> {
  const { code } = await readSnippet(file, title)
  const parent = fileURLToPath(new URL('.snippets/', cwd))
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, `${title}-`))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, title), code)
  return folder
}

/** Starts it; resolves with its origin when `/clerk/health` answers. */
export async function startExample(example: Example, runtime: Runtime, env: Env): Promise<string> {
  const { title } = example
  const folder = await writeExample(example)
  const port = await freePort()
  const [program, args] = await commandOf(runtime, folder, title, port, env)
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...env, PORT: String(port), DENO_NO_UPDATE_CHECK: '1' },
  })
  onTestFinished(() => ended(child))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const origin = `http://127.0.0.1:${port}`
  await expect
    .poll(
      async () => {
        if (child.exitCode !== null) return `it ended: ${output}`
        return (await fetch(`${origin}/clerk/health`).catch(() => null))?.status ?? output
      },
      { interval: 50 },
    )
    .toBe(200)
  return origin
}

async function commandOf(
  runtime: Runtime,
  folder: string,
  title: string,
  port: number,
  env: Env,
): Promise<[string, string[]]> {
  switch (runtime) {
    case 'node':
      return [process.execPath, ['--import', TSX, title]]
    case 'bun':
      return [programOf('bun'), [title]]
    case 'deno':
      return [programOf('deno'), denoArguments(await readFile(join(folder, title), 'utf8'), port, title)]
    case 'workerd': {
      await build({
        entryPoints: [join(folder, title)],
        outfile: join(folder, 'bundle.js'),
        bundle: true,
        format: 'esm',
        conditions: ['workerd', 'worker'],
        external: ['node:*'],
        logLevel: 'silent',
      })
      writeFileSync(join(folder, 'config.capnp'), workerConfig(port, env))
      return [programOf('workerd'), ['serve', 'config.capnp']]
    }
  }
}

/** A module that exports its handler is served by Deno itself, as Bun and Workers do it unasked. */
function denoArguments(code: string, port: number, title: string): string[] {
  const serves = /^export default /m.test(code)
  const how = serves ? ['serve', '--host', '127.0.0.1', '--port', String(port)] : ['run']
  return [...how, '--allow-all', '--no-check', title]
}

/** The oldest compatibility date for which docs/fetch.md says that it works. */
const COMPATIBILITY_DATE = '2025-04-01'

function workerConfig(port: number, env: Env): string {
  const bindings = Object.entries(env).map(
    ([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["public", "private"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "bundle.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [${bindings.join(', ')}]
);
`
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await closed
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What every example answers: `/hello` behind a guard, and the routes below `/clerk`. */
export async function expectServed(origin: string, offline: OfflineClerk): Promise<void> {
  const ada = offline.createUser({ firstName: 'Ada' })
  const session = offline.createSession(ada)
  const headers = await offline.authHeader(session)
  const get = (path: string, more: Record<string, string> = headers) =>
    request(`${origin}${path}`, { headers: more })

  // The first requests of a process come together: they wait for one key set.
  const first = await Promise.all(Array.from({ length: 8 }, () => get('/hello')))
  expect(first.map(({ status, text }) => [status, text])).toEqual(first.map(() => [200, '{"hello":"Ada"}']))
  const refused = await get('/hello', {})
  expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer'])
  expect(JSON.parse((await get('/clerk/me')).text)).toMatchObject({ clerkId: ada.id, firstName: 'Ada' })
  expect((await get('/clerk/ready')).status).toBe(200)
  const signIn = await get('/clerk/sign-in?returnTo=/home', {})
  expect(new URL(signIn.headers.location ?? '').searchParams.get('redirect_url')).toBe(
    `${origin}/clerk/callback?returnTo=%2Fhome`,
  )

  offline.webhooks.sendTo(`${origin}/clerk/webhook`)
  offline.updateUser(ada.id, { firstName: 'Augusta' })
  await offline.webhooks.settled()
  expect(offline.webhooks.deliveries.at(-1)).toMatchObject({ status: 'succeeded' })
  expect((await get('/hello')).text).toBe('{"hello":"Augusta"}')
  const large = await request(`${origin}/clerk/webhook`, {
    method: 'POST',
    headers: { 'transfer-encoding': 'chunked' },
    body: 'x'.repeat(1_048_577),
  })
  expect([large.status, JSON.parse(large.text).code]).toEqual([413, 'webhook-too-large'])

  const cookie = `__session=${headers.authorization.replace('Bearer ', '')}`
  const signOut = (from: string) =>
    request(`${origin}/clerk/sign-out`, { method: 'POST', headers: { cookie, origin: from } })
  expect((await signOut('https://evil.example')).status).toBe(403)
  expect((await signOut(PAGE)).status).toBe(303)
  expect((await get('/hello')).status).toBe(401)
  expect(offline.getSession(session.id).status).toBe('revoked')
}
