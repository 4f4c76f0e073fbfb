import { AssertionError } from 'node:assert'

/**
 * One text per value: keys sorted, `null` told from absent, own `__proto__` keys kept. Databases reorder JSON, so the
 * order of keys does not count.
 */
export function canonical(value: unknown): string {
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (isPlain(value)) {
    const keys = Object.keys(value).sort()
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`
  }
  if (typeof value === 'string') return JSON.stringify(value)
  return String(value)
}

/** A JSON object; ids of a database's own type are compared by their text. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Throws with the fault, and with what was found instead. */
export function fail(fault: string, found?: unknown, expected?: unknown): never {
  throw new AssertionError({ message: fault, actual: found, expected, operator: 'conformance' })
}

export function expectThat(condition: boolean, fault: string, found?: unknown): asserts condition {
  if (!condition) fail(found === undefined ? fault : `${fault} Found: ${brief(found)}.`, found)
}

export function expectEqual(found: unknown, expected: unknown, fault: string): void {
  if (canonical(found) === canonical(expected)) return
  fail(`${fault} Expected ${brief(expected)}, found ${brief(found)}.`, found, expected)
}

/** The fields named in `expected` are equal; others do not matter. */
export function expectFields<T extends object>(found: T | null, expected: Partial<T>, fault: string): void {
  if (found === null || found === undefined) fail(`${fault} There is no row.`, found, expected)
  const wrong = (Object.keys(expected) as (keyof T & string)[]).filter(
    (field) => canonical(found[field]) !== canonical(expected[field]),
  )
  if (wrong.length === 0) return
  const differences = wrong.map(
    (field) => `${field} is ${brief(found[field])}, not ${brief(expected[field])}`,
  )
  fail(`${fault} (${differences.join('; ')})`, found, expected)
}

/** Errors are known by name and code, so that the kit depends on no copy of core. */
const codes = { StoreUnavailableError: 'store-unavailable', StoreInputError: 'store-input' } as const

export async function expectRejection(
  call: () => Promise<unknown>,
  name: keyof typeof codes,
  fault: string,
): Promise<void> {
  let answer: unknown
  try {
    answer = await call()
  } catch (error) {
    const { name: thrown, code } = Object(error) as { name?: unknown; code?: unknown }
    if (thrown === name && code === codes[name]) return
    throw new AssertionError({
      message: `${fault} Expected ${name}, but it threw ${String(thrown)}: ${String(error)}`,
      actual: error,
      operator: 'conformance',
    })
  }
  fail(`${fault} Expected ${name}, but it answered ${brief(answer)}.`, answer)
}

/** Calls by the name of their method. */
type Calls = Readonly<Record<string, () => Promise<unknown>>>

/** Every method refuses what is no id. */
export async function expectRefused(calls: Calls, description: string): Promise<void> {
  for (const [method, call] of Object.entries(calls))
    await expectRejection(call, 'StoreInputError', `${method} took ${description} for an id.`)
}

/** Every method says that the store cannot be reached, while it cannot. */
export async function expectOutage(breakConnection: () => Promise<() => Promise<void>>, calls: Calls) {
  const restore = await breakConnection()
  try {
    await Promise.all(
      Object.entries(calls).map(([method, call]) =>
        expectRejection(call, 'StoreUnavailableError', `${method} hides an outage.`),
      ),
    )
  } finally {
    await restore()
  }
}

/** How long a driver's pool may hand out connections that died in an outage, one for each call. */
const RECOVERY_MS = 10_000

/** The first answer after an outage. */
export async function afterOutage<T>(call: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + RECOVERY_MS
  for (;;) {
    try {
      return await call()
    } catch (error) {
      const isOutage = error instanceof Error && error.name === 'StoreUnavailableError'
      if (!isOutage || Date.now() > deadline) throw error
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Changes an answer, or a list in it, as a careless caller would; one that is frozen is as good as a copy. */
export function spoil(answer: object | null | undefined, change: object): void {
  try {
    Object.assign(answer ?? {}, change)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
}

/** ASCII letters only: to Unicode the Kelvin sign (U+212A) is a capital `k`, and two addresses would be one. */
export const foldAscii = (address: string): string =>
  address.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** Local ids are the store's own: numbers, strings, objects with a text of their own. */
export const sameId = (a: unknown, b: unknown): boolean => String(a) === String(b)

const brief = (value: unknown): string => {
  const text = canonical(value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
