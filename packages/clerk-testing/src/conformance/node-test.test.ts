import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { conformancePlan } from './check.js'
import { memorySubject } from './testing/memory-subject.js'

const script = fileURLToPath(new URL('testing/run-with-node-test.ts', import.meta.url))

const run = (...args: string[]) =>
  new Promise<{ status: number; stdout: string }>((resolve) => {
    const child = execFile(process.execPath, ['--import', 'tsx', script, ...args], (_, stdout) =>
      resolve({ status: child.exitCode ?? -1, stdout }),
    )
  })

// Processes of their own, on a machine that may be busy.
describe('the kit under node:test', { timeout: 60_000 }, () => {
  it('runs every case, and says what is not declared', async () => {
    const { status, stdout } = await run()
    const { cases, undeclared } = conformancePlan(memorySubject().capabilities)
    expect(stdout).toMatch(new RegExp(`[#ℹ] pass ${cases.length + undeclared.length}\\n`))
    expect(stdout).toMatch(/not declared: unique-email \(\d+ cases do not apply\)/)
    expect(status).toBe(0)
  })

  it('fails for a store that can do more than it says', async () => {
    const { status, stdout } = await run('purge')
    expect(stdout).toMatch(/The store has "purge" and does not declare it/)
    expect(status).toBe(1)
  })
})
