import { AssertionError } from 'node:assert'
import { setTimeout } from 'node:timers/promises'
import { inspect } from 'node:util'

// In place of an expected value a pattern can stand: a regular expression, or a function that says whether it will do.

export const isText = (found: unknown): boolean => typeof found === 'string'
export const isNumber = (found: unknown): boolean => typeof found === 'number'
export const isThere = (found: unknown): boolean => found !== null && found !== undefined

/** Equal, with patterns anywhere in what is expected. */
export function expectSame(found: unknown, expected: unknown, where = ''): void {
  compare(found, expected, false, where)
}

/** The same, and fields that are not named do not matter. */
export function expectIncludes(found: unknown, expected: unknown, where = ''): void {
  compare(found, expected, true, where)
}

function compare(found: unknown, expected: unknown, isPart: boolean, where: string): void {
  const difference = findDifference(found, expected, isPart)
  if (difference === null) return
  const { path, value, instead } = difference
  const said = `${path === '' ? 'The value' : path} is ${inspect(value)}, not ${inspect(instead)}`
  const message = where === '' ? said : `${where}\n${said}`
  throw new AssertionError({ message, actual: found, expected, operator: 'adapter kit' })
}

interface Difference {
  readonly path: string
  readonly value: unknown
  readonly instead: unknown
}

/** The first place where the two differ; `null`: nowhere. */
function findDifference(value: unknown, instead: unknown, isPart: boolean): Difference | null {
  const here = (same: boolean) => (same ? null : { path: '', value, instead })
  if (instead instanceof RegExp) return here(typeof value === 'string' && instead.test(value))
  if (typeof instead === 'function') return here((instead as (found: unknown) => boolean)(value))
  if (!isObject(instead)) return here(Object.is(value, instead))
  if (!isObject(value) || Array.isArray(value) !== Array.isArray(instead)) return here(false)
  const names = Object.keys(isPart && !Array.isArray(instead) ? instead : { ...value, ...instead })
  for (const name of names) {
    const inner = findDifference(Reflect.get(value, name), Reflect.get(instead, name), isPart)
    if (inner !== null) return { ...inner, path: `.${name}${inner.path}` }
  }
  return null
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Long enough for a busy machine: it ends what never comes. */
const WAIT_MS = 20_000

/** Calls `check` until it no longer throws, or until what it threw last is the answer. */
export async function eventually(check: () => unknown): Promise<void> {
  const end = performance.now() + WAIT_MS
  for (;;) {
    try {
      await check()
      return
    } catch (error) {
      if (performance.now() > end) throw error
    }
    await setTimeout(20)
  }
}
