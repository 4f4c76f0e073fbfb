import { invalidParameter, missingParameter, unknownParameter } from './errors.js'

/** How one parameter of a request is checked. `read` returns what it means, or `undefined` when it is not valid. */
export interface Parameter<T, Required extends boolean = false> {
  readonly expected: string
  readonly required: Required
  read(value: unknown): T | undefined
}

type Schema = Readonly<Record<string, Parameter<unknown, boolean>>>
type Meaning<P> = P extends Parameter<infer T, infer R> ? (R extends true ? T : T | undefined) : never
export type Parsed<S extends Schema> = { [K in keyof S]: Meaning<S[K]> }

const parameter = <T>(expected: string, read: (value: unknown) => T | undefined): Parameter<T> => ({
  expected,
  required: false,
  read,
})

export const text = parameter('a string', (value) => (typeof value === 'string' ? value : undefined))
export const flag = parameter('a boolean', (value) => (typeof value === 'boolean' ? value : undefined))
export const whole = parameter('a whole number', (value) =>
  Number.isSafeInteger(value) ? (value as number) : undefined,
)
export const record = parameter('an object', (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined,
)
/** RFC 3339 text, or milliseconds. Means milliseconds. */
export const time = parameter('a date', (value) => {
  const ms = typeof value === 'string' ? Date.parse(value) : value
  return Number.isFinite(ms) ? (ms as number) : undefined
})
/** Accepted and without effect here. */
export const ignored = parameter('anything', (value) => value)

export const oneOf = <const T extends string>(...values: T[]): Parameter<T> =>
  parameter(`one of ${values.join(', ')}`, (value) => values.find((one) => one === value))

export const list = <T>(of: Parameter<T, boolean>): Parameter<T[]> =>
  parameter(`a list, each ${of.expected}`, (value) => {
    if (!Array.isArray(value)) return undefined
    const read = value.map((entry) => of.read(entry))
    return read.every((entry) => entry !== undefined) ? (read as T[]) : undefined
  })

export const nullable = <T>(of: Parameter<T, boolean>): Parameter<T | null> =>
  parameter(`${of.expected} or null`, (value) => (value === null ? null : of.read(value)))

export const required = <T>(of: Parameter<T, boolean>): Parameter<T, true> => ({ ...of, required: true })

/**
 * Reads the body of a request.
 * @throws {BackendError} 422 for a parameter that is unknown, missing or of the wrong form
 */
export function parse<S extends Schema>(body: unknown, schema: S): Parsed<S> {
  const given = record.read(body ?? {})
  if (given === undefined) throw invalidParameter('body', 'a JSON object')
  for (const name of Object.keys(given)) if (!Object.hasOwn(schema, name)) throw unknownParameter(name)
  const parsed: Record<string, unknown> = {}
  for (const [name, rule] of Object.entries(schema)) {
    const value = given[name]
    if (value === undefined) {
      if (rule.required) throw missingParameter(name)
      continue
    }
    const meaning = rule.read(value)
    if (meaning === undefined) throw invalidParameter(name, rule.expected)
    parsed[name] = meaning
  }
  return parsed as Parsed<S>
}
