import type { Reporter, TestCase } from 'vitest/node'

/** Names every test that ran a second time, and why: the end of a CI run repeats it (`tools/ci/report.ts`). */
export class Retried implements Reporter {
  readonly #lines: string[] = []

  onTestCaseResult(test: TestCase): void {
    if ((test.diagnostic()?.retryCount ?? 0) === 0) return
    const [error] = test.result().errors ?? []
    const why = error?.message.split('\n')[0] ?? 'no error was kept'
    this.#lines.push(` RETRIED  ${test.module.relativeModuleId} > ${test.fullName}: ${why}`)
  }

  onTestRunEnd(): void {
    for (const line of this.#lines.splice(0)) console.log(line)
  }
}
