import type { Problems } from './problems.js'
import { checkNumber, type Range } from './values.js'

export type Given = Readonly<Record<string, unknown>>

const DAY = 86_400
const MOST_ENTRIES = 10_000_000

/** Every number: its default and its range. Times are seconds. */
const NUMBERS = {
  clockToleranceSeconds: [5, { least: 0, most: 300 }],
  'session.revalidateAfterSeconds': [300, { least: 0, most: DAY }],
  'session.graceSeconds': [300, { least: 0, most: DAY }],
  'store.timeoutSeconds': [3, { least: 0.001, most: 60 }],
  'webhook.toleranceSeconds': [300, { least: 1, most: 3600 }],
  'webhook.leaseSeconds': [60, { least: 1, most: 3600 }],
  'webhook.handlerTimeoutSeconds': [10, { least: 0.001, most: 3600 }],
  'webhook.maxBodyBytes': [1_048_576, { least: 1, most: 64 * 1_048_576, whole: true }],
  'cache.tokens': [10_000, { least: 0, most: MOST_ENTRIES, whole: true }],
  'cache.users': [10_000, { least: 0, most: MOST_ENTRIES, whole: true }],
  'cache.userTtlSeconds': [300, { least: 0, most: DAY }],
  'cache.organizationTtlSeconds': [900, { least: 0, most: DAY }],
  'invalidation.pollSeconds': [2, { least: 0, most: 3600 }],
  'api.concurrency': [64, { least: 1, most: 10_000, whole: true }],
  'api.requestsPer10Seconds': [1000, { least: 1, most: 1_000_000, whole: true }],
  'api.share': [1, { least: 0.001, most: 1 }],
} as const satisfies Record<string, readonly [number, Range]>

export type NumberName = keyof typeof NUMBERS

/** Options of which one of a few words is meant; the default first. */
const WORDS = {
  'session.remember': ['cookies', 'always', 'never'],
  provisioning: ['api', 'claims', 'off'],
} as const

/** Defaults and ranges, as `docs/configuration.md` writes them. */
export const OPTION_DEFAULTS = {
  ...mapValues(
    NUMBERS,
    ([fallback, { least, most }]) =>
      `${fallback.toLocaleString('en')} (${least.toLocaleString('en')}–${most.toLocaleString('en')})`,
  ),
  ...mapValues(
    WORDS,
    ([first, ...others]) => `\`'${first}'\` (${others.map((one) => `\`'${one}'\``).join(', ')})`,
  ),
} as const

function mapValues<K extends string, V>(
  table: Readonly<Record<K, V>>,
  change: (value: V) => string,
): Record<K, string> {
  return Object.fromEntries(Object.entries<V>(table).map(([name, value]) => [name, change(value)])) as Record<
    K,
    string
  >
}

/** @param fallback where the default depends on something else */
export function resolveNumber(
  given: Given,
  name: NumberName,
  problems: Problems,
  fallback: number = NUMBERS[name][0],
): number {
  const range = NUMBERS[name][1]
  const value = at(given, name)
  return value === undefined ? fallback : (problems.take(name, checkNumber(value, range)) ?? fallback)
}

export function word<N extends keyof typeof WORDS>(
  given: Given,
  name: N,
  problems: Problems,
): (typeof WORDS)[N][number] {
  const words: readonly (typeof WORDS)[N][number][] = WORDS[name]
  const value = at(given, name)
  const known = words.find((candidate) => candidate === value)
  if (known !== undefined) return known
  if (value !== undefined) {
    problems.add(
      name,
      'has a value it cannot have.',
      `Use one of ${words.map((one) => `'${one}'`).join(', ')}.`,
    )
  }
  return words[0] as (typeof WORDS)[N][number]
}

/** Only `true` switches something off that protects: not `'false'` from an environment, nor `1`. */
export function flag(given: Given, name: string, problems: Problems, option = name): boolean {
  const value = given[name]
  if (typeof value === 'boolean' || value === undefined) return value ?? false
  problems.add(option, 'is not true or false.', 'Give `true` or `false`.')
  return false
}

function at(given: Given, path: string): unknown {
  // What `mergeOptions` has put beside an object of the application, which it does not copy.
  if (Object.hasOwn(given, path)) return given[path]
  const [first = '', second] = path.split('.')
  return second === undefined ? given[first] : toRecord(given[first])[second]
}

export function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
