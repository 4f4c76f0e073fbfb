import { expectAbsent } from './absence.js'
import type { ConformanceCase } from './case.js'
import { conformanceCases } from './cases/index.js'
import { type Capability, capabilities, type StoreHarness } from './harness.js'
import { shareProcesses } from './races/processes.js'

/** A store under test: what it says it can do, and how to open it on an empty database. */
export interface ConformanceSubject {
  readonly capabilities: readonly Capability[]
  open(): Promise<StoreHarness>
}

export interface ConformancePlan {
  /** Cases that apply. */
  readonly cases: readonly ConformanceCase[]
  /** Each capability that is not declared, and how many cases go with it. */
  readonly undeclared: readonly {
    readonly capability: Capability
    readonly cases: number
    /** Rejects when the store has it after all. */
    verify(harness: StoreHarness): Promise<void>
  }[]
}

/** What is to be run for a store with these capabilities. Nothing is left out without a word. */
export function conformancePlan(declared: readonly Capability[]): ConformancePlan {
  const missing = (Object.keys(capabilities) as Capability[]).filter((name) => !declared.includes(name))
  return {
    cases: conformanceCases.filter(({ needs }) => needs.every((need) => declared.includes(need))),
    undeclared: missing.map((capability) => ({
      capability,
      cases: conformanceCases.filter(({ needs }) => needs.includes(capability)).length,
      verify: (harness) => expectAbsent(harness, capability),
    })),
  }
}

export interface ConformanceReport {
  readonly passed: readonly string[]
  readonly failed: readonly { readonly id: string; readonly error: unknown }[]
  readonly undeclared: readonly Capability[]
}

/** Runs everything without a test runner. */
export async function checkConformance(subject: ConformanceSubject): Promise<ConformanceReport> {
  const { cases, undeclared } = conformancePlan(subject.capabilities)
  const harness = await subject.open()
  const endProcesses = shareProcesses(harness)
  const passed: string[] = []
  const failed: { id: string; error: unknown }[] = []
  const attempt = async (id: string, run: () => Promise<void>) => {
    try {
      await harness.reset()
      await run()
      passed.push(id)
    } catch (error) {
      failed.push({ id, error })
    }
  }
  try {
    for (const { id, run } of cases) await attempt(id, () => run(harness, subject.capabilities))
    for (const { capability, verify } of undeclared)
      await attempt(`undeclared/${capability}`, () => verify(harness))
  } finally {
    await endProcesses()
    await harness.close?.()
  }
  return { passed, failed, undeclared: undeclared.map(({ capability }) => capability) }
}
