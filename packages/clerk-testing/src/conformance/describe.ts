import { type ConformanceSubject, conformancePlan } from './check.js'
import type { StoreHarness } from './harness.js'
import { shareProcesses } from './races/processes.js'

type Body = () => void | Promise<void>

interface TestApi {
  describe(name: string, body: () => void): unknown
  it(name: string, options: { timeout: number }, body: Body): unknown
}

/** `import * as vitest from 'vitest'` */
export interface VitestApi extends TestApi {
  beforeAll(body: Body): unknown
  afterAll(body: Body): unknown
}

/** `import * as nodeTest from 'node:test'` */
export interface NodeTestApi extends TestApi {
  before(body: Body): unknown
  after(body: Body): unknown
}

/** Races of many rounds over a real database, on a busy machine. */
const TIMEOUT_MS = 120_000

/** Every case as a test of its own, one after the other on one harness. */
export function describeConformance(api: VitestApi | NodeTestApi, subject: ConformanceSubject): void {
  const [before, after] = 'beforeAll' in api ? [api.beforeAll, api.afterAll] : [api.before, api.after]
  const { cases, undeclared } = conformancePlan(subject.capabilities)

  api.describe('store conformance', () => {
    let harness: StoreHarness
    let endProcesses: (() => Promise<void>) | undefined
    const test = (name: string, run: () => Promise<void>) =>
      api.it(name, { timeout: TIMEOUT_MS }, async () => {
        await harness.reset()
        await run()
      })

    before(async () => {
      harness = await subject.open()
      endProcesses = shareProcesses(harness)
    })
    after(async () => {
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
