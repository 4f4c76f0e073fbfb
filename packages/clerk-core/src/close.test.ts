import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { startClerk } from '@acme/clerk-testing'
import { expect, onTestFinished, test } from 'vitest'

const child = fileURLToPath(new URL('../testing/closing-child.ts', import.meta.url))
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** Runs until it ends by itself: a handle that is left would keep it, and the time limit would end it with an error. */
async function run(how: 'answers' | 'hang') {
  const offline = await startClerk()
  onTestFinished(() => offline.stop())
  const { authorization } = await offline.authHeader(offline.createUser())
  const bearer = authorization.slice('Bearer '.length)
  const { url, publishableKey, secretKey } = offline
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', tsx, child, url, publishableKey, secretKey, bearer, how],
    { timeout: 60_000 },
  )
  return JSON.parse(stdout) as { kind: string; done: string[]; closedAfterMs: number }
}

const ALL = ['api', 'authenticate', 'check', 'listing', 'sign-out', 'users']

test.each(['answers', 'hang'] as const)(
  'close() waits for what is in flight, and the process ends by itself (store: %s)',
  async (how) => {
    const { kind, done, closedAfterMs } = await run(how)
    expect(kind).toBe('user')
    expect(done).toEqual(ALL)
    expect(closedAfterMs).toBeLessThan(20_000)
  },
  90_000,
)
