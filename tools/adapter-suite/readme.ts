import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { onTestFinished } from 'vitest'
import { request } from './http.js'

export interface RunningSnippetApp {
  readonly origin: string
  readonly offline: OfflineClerk
  /** Bearer headers of somebody new: `admin` of an organisation, or in none. */
  signIn(firstName: string, role?: 'admin'): Promise<{ authorization: string }>
}

/** Runs a titled block of a Markdown file as a user would: in the package's folder, against an offline Clerk. */
export async function runServerSnippet(
  file: URL,
  title: string,
  cwd: URL,
  env: Record<string, string> = {},
): Promise<RunningSnippetApp> {
  const offline = await startClerk()
  onTestFinished(() => offline.stop())
  const { code } = await readSnippet(file, title)
  const port = await freePort()
  const app = await runSnippet(code, {
    cwd: fileURLToPath(cwd),
    env: { ...offline.env, CLERK_AUTHORIZED_PARTIES: 'http://localhost:3000', PORT: String(port), ...env },
  })
  onTestFinished(() => app.stop())
  const origin = `http://localhost:${port}`
  await answers(origin, app.finished)
  return {
    origin,
    offline,
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
