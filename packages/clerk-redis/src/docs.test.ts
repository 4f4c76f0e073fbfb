import { fileURLToPath } from 'node:url'
import { startClerk } from '@acme/clerk-testing'
import { startRedis } from '@acme/tools/services'
import { describeWith } from '@acme/tools/services/vitest'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { expect, test } from 'vitest'

await describeWith('redis', 'the documents', ({ path }) => {
  test('the README subscribes, and the program ends by itself', { timeout: 60_000 }, async () => {
    const redis = await startRedis(path)
    const offline = await startClerk()
    const { code } = await readSnippet(new URL('../README.md', import.meta.url), 'app.ts')
    const env = {
      ...offline.env,
      CLERK_AUTHORIZED_PARTIES: 'http://localhost:3000',
      REDIS_URL: redis.url,
    }
    const { finished } = await runSnippet(code, { cwd: fileURLToPath(new URL('..', import.meta.url)), env })
    const { stdout, stderr } = await finished
    expect(stderr).toBe('')
    expect(stdout.trim()).toBe('hears of changes at once')
    await offline.stop()
    await redis.stop()
  })
})
