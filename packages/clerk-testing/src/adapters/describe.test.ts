import { ConfigurationError } from '@acme/clerk-core'
import { expect, test } from 'vitest'
import type { AdapterBinding } from './binding.js'
import { describeAdapter } from './describe.js'

/** A test runner that runs nothing. */
const runner = {
  ...{ describe: () => undefined, it: () => undefined, before: () => undefined, after: () => undefined },
}
const binding: AdapterBinding = {
  name: 'mine',
  sessions: [],
  bodyParsers: [],
  guard: () => undefined,
  start: () => Promise.reject(new Error('not started')),
}

test('a binding that is right describes tests', () => {
  expect(() => describeAdapter(runner, binding)).not.toThrow()
})

test.each([
  [{ session: ['server'] }, 'describeAdapter session: is no option. Write `sessions`, if that was meant.'],
  [{ sessions: ['jwt'] }, "sessions: has an entry it cannot have. Use some of 'server', 'cookie', or none."],
  [{ bodyParsers: 'keeps' }, 'bodyParsers: is not a list.'],
  [{ start: undefined }, 'start: is missing. Give a function that starts the application'],
])('what would leave tests out unseen is an error: %j', (wrong, message) => {
  const describe = () => describeAdapter(runner, { ...binding, ...wrong } as AdapterBinding)
  expect(describe).toThrow(ConfigurationError)
  expect(describe).toThrow(message)
})

test('a forgotten test runner is named', () => {
  expect(() => describeAdapter(binding as never, undefined as never)).toThrow(
    'The first argument is the test runner',
  )
})
