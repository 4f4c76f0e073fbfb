import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { localUserOf } from './local-user.js'

class Row {
  id = 7
}
class Hidden {
  readonly #id = 7
  get id() {
    return this.#id
  }
}
/** As query builders are: an object that runs the query when it is awaited. */
const query = {
  table: 'users',
  // biome-ignore lint/suspicious/noThenProperty: what makes it one
  then: (done: (row: unknown) => void) => done(undefined),
}

/** Of the clerk whose warnings are not looked at. */
const CLERK = {}

describe('a local user', () => {
  it.each<[string, unknown]>([
    ['a row', { id: 7 }],
    ['an instance of a class with fields', new Row()],
    ['an object without a prototype', Object.assign(Object.create(null), { id: 7 })],
    ['a name', 'lea'],
    ['a positive number', 7],
    ['a bigint', 7n],
  ])('is %s', (_name, value) => {
    expect(localUserOf(value, CLERK)).toBe(value)
  })

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['false', false],
    ['true', true],
    ['an empty list: a SELECT without rows', []],
    ['a list of lists: what mysql2 returns for a SELECT without rows', [[], [{ name: 'id' }]]],
    ['an empty object', {}],
    ['an object with inherited keys alone', Object.create({ id: 7 })],
    ['an instance of a class without fields', new Hidden()],
    ['an empty text', ''],
    ['0', 0],
    ['-0', -0],
    ['-1', -1],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a symbol', Symbol('user')],
    ['a function', () => ({ id: 7 })],
    ['a Map', new Map([['id', 7]])],
    ['a Set', new Set([7])],
    ['an error', new Error('no row')],
    ['a promise that was not awaited', Promise.resolve({ id: 7 })],
    ['a query that was not awaited', query],
  ])('is not %s', (_name, value) => {
    expect(localUserOf(value, CLERK)).toBe(undefined)
  })

  it('is what the rule says, of any value', () => {
    const isUser = (value: unknown) =>
      typeof value === 'bigint' ||
      (typeof value === 'string' && value.length > 0) ||
      (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY) ||
      (typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        typeof (value as { then?: unknown }).then !== 'function' &&
        Object.keys(value).length > 0)
    const values = fc.anything({ withMap: true, withSet: true, withBigInt: true, withNullPrototype: true })
    fc.assert(
      fc.property(values, (value) => {
        expect(localUserOf(value, CLERK)).toBe(isUser(value) ? value : undefined)
      }),
    )
  })

  it('that is none is told once a minute for each clerk, without being quoted; undefined, null and false are not', async () => {
    await new Promise((resolve) => setImmediate(resolve))
    const warnings: Error[] = []
    const listen = (warning: Error) => warnings.push(warning)
    process.on('warning', listen)
    onTestFinished(() => {
      process.off('warning', listen)
    })
    const [first, second] = [{}, {}]
    for (const value of [undefined, null, false]) localUserOf(value, first)
    for (const value of [[], ['lea@app.example'], {}]) localUserOf(value, first)
    localUserOf(0, second)
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings.map((warning) => (warning as { code?: string }).code)).toEqual([
      'ACME_CLERK_LOCAL_USER',
      'ACME_CLERK_LOCAL_USER',
    ])
    expect(warnings.map(({ message }) => message).join()).toMatch(
      /localUser gave a list.*localUser gave a number/,
    )
    expect(warnings.map(({ message }) => message).join()).not.toContain('lea')
  })
})
