import { expect, test } from 'vitest'
import { summaryLine, tally } from './tally.js'

test('runs are added up, with turbo prefixes, colours and interleaving', () => {
  const log = [
    '@acme/clerk-core:test: \u001b[2m Test Files \u001b[22m \u001b[1m\u001b[32m3 passed\u001b[39m\u001b[22m\u001b[90m (3)\u001b[39m',
    '@acme/clerk-koa:test:  Test Files  1 failed | 2 passed (3)',
    '@acme/clerk-core:test: \u001b[2m      Tests \u001b[22m \u001b[1m\u001b[32m40 passed\u001b[39m\u001b[22m | 2 skipped\u001b[90m (42)\u001b[39m',
    '@acme/clerk-koa:test:       Tests  2 failed | 5 passed (7)',
    '',
    ' Test Files  1 passed (1)',
    '      Tests  9 passed (9)',
  ].join('\n')
  expect(tally(log)).toEqual({ passed: 54, failed: 2, skipped: 2 })
  expect(summaryLine(tally(log))).toBe('54 passed, 2 failed, 2 skipped')
})

test('a file that fails before its first test counts as a failure', () => {
  expect(tally(' Test Files  1 failed (1)\n      Tests  no tests\n')).toEqual({
    passed: 0,
    failed: 1,
    skipped: 0,
  })
})

test('a log without tests has none, and the line is plain', () => {
  expect(summaryLine(tally('Tests are important\n'))).toBe('0 passed, 0 failed')
})
