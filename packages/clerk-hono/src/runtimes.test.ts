import { expectServed, type Runtime, startExample } from '@acme/adapter-suite/runtimes'
import { startClerk } from '@acme/clerk-testing'
import { PAGE } from '@acme/clerk-testing/adapters'
import { onTestFinished, test } from 'vitest'

const example = {
  file: new URL('../../../docs/hono.md', import.meta.url),
  title: 'worker.ts',
  cwd: new URL('..', import.meta.url),
}

// On another Node they would be the same programs again.
const onThisNode = process.env['TEST_NODE'] === undefined

test.runIf(onThisNode).each<Runtime>(['bun', 'deno', 'workerd'])(
  'what a module exports is served by %s',
  async (runtime) => {
    const offline = await startClerk()
    onTestFinished(() => offline.stop())
    const env = { ...offline.env, CLERK_AUTHORIZED_PARTIES: PAGE }
    await expectServed(await startExample(example, runtime, env), offline)
  },
)
