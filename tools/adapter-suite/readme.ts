import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { request } from '@acme/clerk-testing/adapters'
import { readSnippet, readSnippets, runSnippet } from '@acme/tools/snippets'
import { expect, onTestFinished } from 'vitest'

export interface RunningSnippetApp {
  readonly origin: string
  readonly offline: OfflineClerk
  /** Bearer headers of a new user: `admin` of an organisation, or in none. */
  signIn(firstName: string, role?: 'admin'): Promise<{ authorization: string }>
  /** Sends SIGTERM; resolves when the process is gone. */
  stop(): Promise<{ code: number | null; stderr: string }>
}

/**
 * Runs a titled block of a Markdown file as a user would: in the package's folder, against an offline Clerk, of its own or
 * `shared`.
 *
 * @param files what the block imports, by name
 */
export async function runServerSnippet(
  file: URL,
  title: string,
  cwd: URL,
  env: Record<string, string> = {},
  {
    files = {},
    shared,
  }: { readonly files?: Record<string, string>; readonly shared?: OfflineClerk | undefined } = {},
): Promise<RunningSnippetApp> {
  const offline = shared ?? (await startClerk())
  if (shared === undefined) onTestFinished(() => offline.stop())
  const { code } = await readSnippet(file, title)
  const port = await freePort()
  const app = await runSnippet(code, {
    cwd: fileURLToPath(cwd),
    env: { ...offline.env, CLERK_AUTHORIZED_PARTIES: 'http://localhost:3000', PORT: String(port), ...env },
    files,
  })
  onTestFinished(() => app.stop())
  const origin = `http://localhost:${port}`
  await answers(origin, app.finished)
  return {
    origin,
    offline,
    stop: async () => {
      await app.stop()
      return app.finished
    },
    signIn: async (firstName, role) => {
      const { id } = offline.createUser({
        firstName,
        emailAddress: [`${firstName.toLowerCase()}@example.com`],
      })
      const organization =
        role === undefined ? null : offline.createOrganization({ name: firstName, createdBy: id })
      return offline.authHeader(offline.createSession(id, { organization }))
    },
  }
}

async function answers(origin: string, ended: Promise<{ stderr: string }>): Promise<void> {
  let failure: string | undefined
  void ended.then(({ stderr }) => {
    failure = `the snippet ended: ${stderr}`
  })
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline) {
    if (failure !== undefined) throw new Error(failure)
    const up = await request(origin).catch(() => null)
    if (up !== null) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the snippet does not listen')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/**
 * Every titled TypeScript block, as the editor of a user who pastes it sees it.
 *
 * @param titles where a guide has blocks for several packages: those that compile in this one
 */
export async function typecheckSnippets(file: URL, cwd: URL, titles?: readonly string[]): Promise<void> {
  const folder = fileURLToPath(new URL(`.snippets/types-${process.pid}-${Date.now()}/`, cwd))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const snippets = (await readSnippets(file)).filter(
    ({ language, info }) => language === 'ts' && info !== '' && (titles?.includes(info) ?? true),
  )
  expect(snippets).not.toEqual([])
  for (const { code, info } of snippets) {
    const own = join(folder, info)
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, info), code)
    // A folder each: what one of them declares for everything must not reach the others.
    const base = '../../../../../tsconfig.base.json'
    writeFileSync(join(own, 'tsconfig.json'), JSON.stringify({ extends: base, include: ['*.ts'] }))
    const { status, stdout } = spawnSync('npx', ['--yes', 'tsc', '-p', own], {
      cwd: fileURLToPath(cwd),
      encoding: 'utf8',
    })
    expect(status, `${info}: ${stdout}`).toBe(0)
  }
}
