import { AsyncLocalStorage } from 'node:async_hooks'
import { startClerk } from '../clerk.js'
import type { OfflineClerk } from '../options.js'
import { hooksOf, type NodeTestApi, type VitestApi } from '../test-api.js'

/** Ends what hangs, on a busy machine too. */
const TIMEOUT_MS = 120_000

type Step = () => unknown

/** What the kit needs of a test runner. */
export interface Runner {
  group(name: string, body: () => void): void
  test(name: string, body: Step): void
}

export interface RunnerWithClerk extends Runner {
  /** The offline Clerk that all tests share; in a test only. */
  offline(): OfflineClerk
}

export function describeTests(
  api: VitestApi | NodeTestApi,
  name: string,
  body: (runner: Runner) => void,
): void {
  api.describe(name, () =>
    body({
      group: (title, tests) => void api.describe(title, tests),
      test: (title, run) => void api.it(title, { timeout: TIMEOUT_MS }, () => withEndings(run)),
    }),
  )
}

/** The same, with an offline Clerk. */
export function describeWithClerk(
  api: VitestApi | NodeTestApi,
  name: string,
  body: (runner: RunnerWithClerk) => void,
): void {
  const { beforeAll, afterAll } = hooksOf(api)
  describeTests(api, name, (runner) => {
    let offline: OfflineClerk
    beforeAll(async () => {
      offline = await startClerk()
    })
    afterAll(() => offline?.stop())
    body({ ...runner, offline: () => offline })
  })
}

const endings = new AsyncLocalStorage<Step[]>()

/** Is called when the test that runs is over, whatever became of it; the last one first. */
export function onTestFinished(step: Step): void {
  const steps = endings.getStore()
  if (steps === undefined) throw new Error('No test of the kit is running.')
  steps.push(step)
}

async function withEndings(run: Step): Promise<void> {
  const steps: Step[] = []
  const errors: unknown[] = []
  const attempt = async (step: Step) => {
    try {
      await step()
    } catch (error) {
      errors.push(error)
    }
  }
  await attempt(() => endings.run(steps, run))
  for (const step of steps.reverse()) await attempt(step)
  // What failed first is the cause of the rest.
  if (errors.length > 0) throw errors[0]
}
