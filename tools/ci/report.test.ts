import { describe, expect, test } from 'vitest'
import { report, reportLines } from './report.js'

const core = '@acme/clerk-core:test: '
const koa = '@acme/clerk-koa:test: '

describe('what failed', () => {
  test('is named with the first lines of its error, with turbo prefixes, colours and two packages at a time', () => {
    const log = [
      `${core}\u001b[31m⎯⎯⎯⎯⎯⎯⎯ Failed Tests 3 ⎯⎯⎯⎯⎯⎯⎯\u001b[39m`,
      `${core}`,
      `${core}\u001b[41m\u001b[1m FAIL \u001b[22m\u001b[49m src/a.test.ts\u001b[2m > \u001b[22mtokens\u001b[2m > \u001b[22mexpire`,
      `${koa} FAIL  src/koa.test.ts > answers`,
      `${core} FAIL  src/a.test.ts > tokens > are refused`,
      `${core}AssertionError: expected 1 to be 2`,
      `${koa}Error: Test timed out in 60000ms.`,
      `${core}`,
      `${core}- Expected`,
      `${core}+ Received`,
      `${core} ❯ src/a.test.ts:3:5`,
      `${core}     1| expect(1)`,
      `${core}⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[1/3]⎯`,
      `${koa} ❯ src/koa.test.ts:9:1`,
      `${core} FAIL  src/b.test.ts [ src/b.test.ts ]`,
      `${core}SyntaxError: Unexpected token`,
      `${core}⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[2/3]⎯`,
      `${core} Test Files  2 failed (2)`,
    ].join('\n')
    const assertion = [
      'AssertionError: expected 1 to be 2',
      '- Expected',
      '+ Received',
      ' ❯ src/a.test.ts:3:5',
    ]
    expect(report(log).failures).toEqual([
      { name: 'clerk-core: src/a.test.ts > tokens > expire', error: assertion },
      {
        name: 'clerk-koa: src/koa.test.ts > answers',
        error: ['Error: Test timed out in 60000ms.', ' ❯ src/koa.test.ts:9:1'],
      },
      { name: 'clerk-core: src/a.test.ts > tokens > are refused', error: assertion },
      { name: 'clerk-core: src/b.test.ts [ src/b.test.ts ]', error: ['SyntaxError: Unexpected token'] },
    ])
  })

  test('is an error that belongs to no test, too', () => {
    const log = [
      `${core}⎯⎯⎯⎯⎯⎯ Unhandled Errors ⎯⎯⎯⎯⎯⎯`,
      `${core}Vitest caught 1 unhandled error during the test run.`,
      `${core}⎯⎯⎯⎯ Unhandled Rejection ⎯⎯⎯⎯⎯`,
      `${core}Error: nobody waited`,
      `${core} ❯ src/a.test.ts:1:1`,
    ].join('\n')
    expect(report(log).failures).toEqual([
      { name: 'clerk-core: Unhandled Rejection', error: ['Error: nobody waited', ' ❯ src/a.test.ts:1:1'] },
    ])
  })

  test('shows the end of a failed step where no test says why', () => {
    const log = [
      'fine',
      '== done after 3 s: install',
      'src/a.ts(1,2): error TS2322',
      '== failed after 40 s: lint',
    ]
    expect(reportLines(report(log.join('\n')))).toEqual([
      'passed in 3 s: install',
      'failed in 40 s: lint',
      'FAILED lint',
      '  src/a.ts(1,2): error TS2322',
    ])
  })

  test('names what was run a second time', () => {
    const log = `${core} RETRIED  src/a.test.ts > tokens > expire: Test timed out in 60000ms.`
    expect(reportLines(report(log))).toEqual([
      'retried: clerk-core: src/a.test.ts > tokens > expire: Test timed out in 60000ms.',
    ])
  })

  test('fits the end of a log: errors go before names do, and what is left out is counted', () => {
    const failing = (count: number) =>
      reportLines({
        failures: Array.from({ length: count }, (_, i) => ({ name: `test ${i}`, error: ['one', 'two'] })),
        retried: [],
        steps: [],
      })
    expect(failing(30)).toHaveLength(50)
    expect(failing(30).filter((line) => line.startsWith('FAILED'))).toHaveLength(30)
    expect(failing(70)).toHaveLength(51)
    expect(failing(70).at(-1)).toBe('… and 20 lines more')
  })
})
