import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { programOf } from '@acme/tools/runtimes'
import { expect, test } from 'vitest'

test('the whole suite passes on Bun, behind its own server', { timeout: 600_000 }, () => {
  const vitest = dirname(createRequire(import.meta.url).resolve('vitest/package.json'))
  const suite = ['run', 'src/suite.test.ts', '--silent', '--reporter=json']
  const { stdout, status } = spawnSync(programOf('bun'), ['--bun', join(vitest, 'vitest.mjs'), ...suite], {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
    // Not of the run that this test is part of.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^VITEST/.test(name))),
    maxBuffer: 64 * 1024 * 1024,
  })
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Report
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = results.filter((result) => result.status === 'failed')
  expect(failed.map(({ fullName, failureMessages }) => [fullName, ...failureMessages])).toEqual([])
  expect(results.length).toBeGreaterThan(80)
  expect(results[0]?.fullName).toContain('Hono on Bun')
  expect(status).toBe(0)
})

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}
