import { expect, test } from 'vitest'
import type { Body } from '../test-api.js'
import { describeTests, onTestFinished } from './runner.js'

/** A test runner that runs at once what it is given, and the error of each test. */
async function errorOf(run: () => unknown): Promise<unknown> {
  const bodies: Body[] = []
  const api = {
    describe: (_name: string, body: () => void) => body(),
    it: (_name: string, _options: object, body: Body) => void bodies.push(body),
    before: () => undefined,
    after: () => undefined,
  }
  describeTests(api, 'tests', (runner) => runner.test('one', run))
  try {
    await bodies[0]?.()
    return null
  } catch (error) {
    return (error as Error).message
  }
}

test('what a test began is ended in reverse, though the test fails and an ending fails too', async () => {
  const ended: string[] = []
  const error = await errorOf(async () => {
    onTestFinished(() => ended.push('first'))
    await Promise.resolve()
    onTestFinished(() => {
      ended.push('second')
      throw new Error('an ending')
    })
    throw new Error('the test')
  })
  expect([error, ended]).toEqual(['the test', ['second', 'first']])
})

test('an ending that fails makes the test fail', async () => {
  const fail = () => Promise.reject(new Error('an ending'))
  expect(await errorOf(() => onTestFinished(fail))).toBe('an ending')
})

test('outside a test nothing can be left to end', () => {
  expect(() => onTestFinished(() => undefined)).toThrow('No test of the kit is running.')
})
