import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { report } from '../ci/report.js'
import { ROOT } from '../services/ports.js'

function run(ci: boolean) {
  const { CI: _, ...env } = process.env
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'tools/node_modules/vitest/vitest.mjs'),
      'run',
      '--config',
      'vitest/fixtures/vitest.config.ts',
    ],
    { cwd: join(ROOT, 'tools'), env: ci ? { ...env, CI: '1' } : env, encoding: 'utf8' },
  )
  const { failures, retried } = report(`${stdout}\n${stderr}`)
  return { failed: new Set(failures.map(({ name }) => name.replace(/.* > /, ''))), retried }
}

const WRONG = ['is wrong once', 'is wrong once, and speaks of time']

test('in CI a test whose time was over runs once more and is named; one that is wrong fails at once', () => {
  const file = 'vitest/fixtures/busy.fixture.ts'
  expect(run(true)).toEqual({
    failed: new Set(['takes too long always', ...WRONG]),
    retried: [
      `${file} > takes too long once: Test timed out in 300ms.`,
      `${file} > takes too long always: Test timed out in 300ms.`,
    ],
  })
})

test('elsewhere nothing runs twice', () => {
  expect(run(false)).toEqual({
    failed: new Set(['takes too long once', 'takes too long always', ...WRONG]),
    retried: [],
  })
})
