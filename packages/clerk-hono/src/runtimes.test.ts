import { PAGE } from '@acme/adapter-suite'
import { expectServed, type Runtime, startExample } from '@acme/adapter-suite/runtimes'
import { startClerk } from '@acme/clerk-testing'
import { onTestFinished, test } from 'vitest'

const example = {
  file: new URL('../../../docs/hono.md', import.meta.url),
  title: 'worker.ts',
  cwd: new URL('..', import.meta.url),
}

test.each<Runtime>(['bun', 'deno', 'workerd'])('what a module exports is served by %s', async (runtime) => {
  const offline = await startClerk()
  onTestFinished(() => offline.stop())
  const env = { ...offline.env, CLERK_AUTHORIZED_PARTIES: PAGE }
  await expectServed(await startExample(example, runtime, env), offline)
})
