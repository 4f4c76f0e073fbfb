import { hooksOf, type NodeTestApi, type VitestApi } from '../test-api.js'
import { type ConformanceSubject, conformancePlan } from './check.js'
import type { StoreHarness } from './harness.js'
import { shareProcesses } from './races/processes.js'

/** Races of many rounds over a real database, on a busy machine. */
const TIMEOUT_MS = 120_000

/** Every case as a test of its own, one after the other on one harness. */
export function describeConformance(api: VitestApi | NodeTestApi, subject: ConformanceSubject): void {
  const { beforeAll, afterAll } = hooksOf(api)
  const { cases, undeclared } = conformancePlan(subject.capabilities)

  api.describe('store conformance', () => {
    let harness: StoreHarness
    let endProcesses: (() => Promise<void>) | undefined
    const test = (name: string, run: () => Promise<void>) =>
      api.it(name, { timeout: TIMEOUT_MS }, async () => {
        await harness.reset()
        await run()
      })

    beforeAll(async () => {
      harness = await subject.open()
      endProcesses = shareProcesses(harness)
    })
    afterAll(async () => {
      await endProcesses?.()
      await harness?.close?.()
    })

    for (const { id, title, run } of cases) {
      test(`${id}: ${title}`, () => run(harness, subject.capabilities))
    }
    for (const { capability, cases, verify } of undeclared) {
      test(`not declared: ${capability} (${cases} cases do not apply)`, () => verify(harness))
    }
  })
}
