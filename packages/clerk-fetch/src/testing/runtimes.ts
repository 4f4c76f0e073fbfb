import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { programOf } from '@acme/tools/runtimes'
import { readSnippet } from '@acme/tools/snippets'
import { build } from 'esbuild'
import { expect, onTestFinished } from 'vitest'

const PACKAGE = new URL('../..', import.meta.url)
const GUIDE = new URL('../../docs/fetch.md', PACKAGE)

export type Runtime = 'node' | 'bun' | 'deno' | 'workerd'
type Env = Readonly<Record<string, string>>

/** A block of docs/fetch.md, unchanged, in a folder of its own. */
export async function writeExample(title: string): Promise<string> {
  const { code } = await readSnippet(GUIDE, title)
  const parent = fileURLToPath(new URL('.snippets/', PACKAGE))
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, `${title}-`))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, title), code)
  return folder
}

/** Starts it; resolves with its origin when it answers. */
export async function startExample(title: string, runtime: Runtime, env: Env): Promise<string> {
  const folder = await writeExample(title)
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
      return [process.execPath, ['--import', import.meta.resolve('tsx'), title]]
    case 'bun':
      return [programOf('bun'), [title]]
    case 'deno':
      return [programOf('deno'), ['run', '--allow-all', '--no-check', title]]
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
