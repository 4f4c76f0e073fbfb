import { describe, expect, test } from 'vitest'
import { createOutput, type OutputOptions } from './output.js'
import { scrub } from './scrub.js'

function written(options: Partial<OutputOptions> & { readonly terminal?: boolean } = {}) {
  const text = { stdout: '', stderr: '' }
  const clock = { ms: 0 }
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (chunk: string) => {
      text[name] += chunk
    },
    isTTY: options.terminal ?? false,
    columns: 80,
    hasColors: () => options.terminal ?? false,
  })
  const output = createOutput({
    ...{ stdout: stream('stdout'), stderr: stream('stderr'), now: () => clock.ms },
    ...{ json: false, quiet: false, debug: false, ...options },
  })
  return { output, text, clock }
}

describe('progress', () => {
  test('is a bar with rate and remaining time on a terminal, above which lines are written', () => {
    const { output, text, clock } = written({ terminal: true })
    output.progress({ done: 0, total: 1000 })
    clock.ms = 10_000
    output.progress({ done: 250, total: 1000 })
    const bar = `${'█'.repeat(6)}${'░'.repeat(18)} 250 of 1,000 (25 %), 25 a second, 30 s left`
    expect(text.stderr.endsWith(bar)).toBe(true)
    text.stderr = ''
    output.say('a line')
    expect(text.stderr).toBe(`\r\u001b[2K\u001b[2ma line\u001b[22m\n${bar}`)
    clock.ms = 20_000
    output.end()
    expect(text.stderr.endsWith('\r\u001b[2K')).toBe(true)
    output.progress({ done: 0, total: 10 })
    clock.ms = 21_000
    output.progress({ done: 5, total: 10 })
    expect(text.stderr.endsWith('5 of 10 (50 %), 5 a second, 1 s left')).toBe(true)
    expect(text.stdout).toBe('')
  })

  test('is a line every few seconds elsewhere, and one at the end', () => {
    const { output, text, clock } = written()
    for (let second = 0; second <= 12; second++) {
      clock.ms = second * 1000
      output.progress({ done: second * 10, total: 120 })
    }
    expect(text.stderr.split('\n').filter(Boolean)).toEqual([
      '0 of 120 (0 %), 0 a second',
      '50 of 120 (41 %), 10 a second, 7 s left',
      '100 of 120 (83 %), 10 a second, 2 s left',
      '120 of 120 (100 %), 10 a second, 0 s left',
    ])
  })

  test('has a rate where the first of it is all of it', () => {
    const { output, text, clock } = written()
    clock.ms = 2_000
    output.progress({ done: 30, total: 30 })
    expect(text.stderr).toBe('30 of 30 (100 %), 15 a second, 0 s left\n')
  })

  test('is a record once a second with --json, and nothing with --quiet', () => {
    const { output, text, clock } = written({ json: true, terminal: true })
    for (const ms of [0, 500, 1000, 1500]) {
      clock.ms = ms
      output.progress({ done: ms / 100, total: null })
    }
    expect(
      text.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { type: 'progress', done: 0, total: null, perSecond: 0, secondsLeft: null },
      { type: 'progress', done: 10, total: null, perSecond: 10, secondsLeft: null },
    ])
    const quiet = written({ quiet: true, terminal: true })
    quiet.output.progress({ done: 1, total: 2 })
    expect(quiet.text).toEqual({ stdout: '', stderr: '' })
  })
})

test('what a logger writes to the console goes to standard error, and breaks no record', () => {
  const { output, text } = written({ json: true })
  output.console.log('info %s', 1)
  output.console.error({ level: 'error' })
  output.result('todo', { message: 'x' })
  expect(text).toEqual({ stdout: '{"type":"todo","message":"x"}\n', stderr: "info 1\n{ level: 'error' }\n" })
})

test("the clerk's own log is left out where the command tells the same, but not with --debug", () => {
  for (const debug of [false, true]) {
    const { output, text } = written({ debug })
    output.hideLog()
    output.console.warn('[clerk] The inbox could not be read.')
    output.console.warn('the application says')
    expect(text.stderr).toBe(`${debug ? '[clerk] The inbox could not be read.\n' : ''}the application says\n`)
  }
})

test('colours are only where the stream has them', () => {
  expect(written({ terminal: true }).output.style.red('x')).toBe('\u001b[31mx\u001b[39m')
  expect(written().output.style.red('x')).toBe('x')
})

test.each([
  ['sk_test_b2ZmbGluZQ and sk_live_abcdefgh', 'sk_test_… and sk_live_…'],
  ['whsec_c2VjcmV0LXNlY3JldA==', 'whsec_…'],
  ['Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2ln', 'Bearer (token)'],
  ['mongodb+srv://root:pa-ss@cluster.example/app', 'mongodb+srv://…@cluster.example/app'],
  ['Key (email)=(ada.l+x@mail.example.com) exists', 'Key (email)=((address)) exists'],
  [
    'at node_modules/.pnpm/jiti@2.7.0/node_modules/jiti',
    'at node_modules/.pnpm/jiti@2.7.0/node_modules/jiti',
  ],
  ['user_2abc sess_1 org_2', 'user_2abc sess_1 org_2'],
])('%j is shown as %j', (text, shown) => {
  expect(scrub(text)).toBe(shown)
})
