import { notPlain, ownFields } from '../json/own-fields.js'
import { meantName } from './nearest-name.js'
import { Problems } from './problems.js'
import { type Checked, checkNumber, type Range } from './values.js'

/** What one option can be. Made by {@link rule}. */
export interface OptionRule {
  /** Of a value that is given and not `undefined`. */
  readonly check?: (value: unknown) => Checked<unknown>
  /** The value is a list, and this is of each entry. */
  readonly entries?: (entry: unknown) => Checked<unknown>
  /** The value is an object with options of its own. */
  readonly members?: Rules
  /** A value that is no object may stand for the group: `prune: false`. */
  readonly instead?: unknown
  /** What to do where it is left out; without it the option may be left out. */
  readonly required?: string
  /** It may be left out, but `undefined` is a mistake: a misspelt name comes out as that. */
  readonly definite?: boolean
}

type Rules = Readonly<Record<string, OptionRule>>

/** A rule for every option: one that is added to the type and not here does not compile. */
export type OptionRules<T> = { readonly [K in keyof T]-?: OptionRule }

/**
 * What every public function does with its options, before it does anything else: an option that nothing reads, or with
 * a value that it cannot have, would be a setting that the application believes in and that has no effect. `createClerk` does
 * the same by the table of `docs/configuration.md`.
 *
 * @param of the function, as the message names it
 * @param problems to add to, for a caller that has more to check and throws then
 * @returns a copy of what is written in the object itself, so that nothing inherited counts and later changes do not
 * @throws {ConfigurationError} with every problem, the nearest name and the remedy; not where `problems` is given
 */
export function readOptions<T extends object>(
  of: string,
  given: T | undefined,
  rules: NoInfer<OptionRules<T>>,
  problems?: Problems,
): T {
  const found = problems ?? new Problems()
  const read = given === undefined ? new Map<string, unknown>() : fieldsOf(of, given, rules, found)
  const copy: Record<string, unknown> = Object.create(null)
  for (const [name, value] of read) copy[name] = value
  if (read !== NO_FIELDS) checkFields({ of, path: '' }, read, rules, found)
  if (problems === undefined) found.throwIfAny()
  return copy as T
}

interface Place {
  readonly of: string
  /** `users.`, inside of a group. */
  readonly path: string
}

const NO_FIELDS: ReadonlyMap<string, unknown> = new Map()

function fieldsOf(
  of: string,
  given: unknown,
  rules: Rules,
  problems: Problems,
): ReadonlyMap<string, unknown> {
  const { fields, what } = ownFields(given)
  if (fields !== null) return fields
  problems.add(
    `${of} options`,
    `is ${what}.`,
    what === 'a promise' ? 'Await it first.' : `Give a plain object: \`{ ${namesOf(rules)} }\`.`,
  )
  return NO_FIELDS
}

function checkFields(
  { of, path }: Place,
  fields: ReadonlyMap<string, unknown>,
  rules: Rules,
  problems: Problems,
): void {
  for (const name of fields.keys()) {
    if (!Object.hasOwn(rules, name))
      problems.add(`${of} ${path}${name}`, 'is no option.', meant(of, path, name, rules))
  }
  for (const [name, rule] of Object.entries(rules)) {
    const option = `${of} ${path}${name}`
    const value = fields.get(name)
    if (value !== undefined) checkValue({ of, path: `${path}${name}` }, value, rule, problems)
    else if (rule.required !== undefined) problems.add(option, 'is missing.', rule.required)
    else if (rule.definite === true && fields.has(name))
      problems.add(option, 'is undefined.', 'Correct the name that it comes from, or leave it out.')
  }
}

function checkValue({ of, path }: Place, value: unknown, rule: OptionRule, problems: Problems): void {
  const option = `${of} ${path}`
  if (rule.check !== undefined) problems.take(option, rule.check(value))
  if (rule.entries !== undefined) {
    if (Array.isArray(value)) for (const entry of value) problems.take(option, rule.entries(entry))
    else problems.add(option, 'is not a list.', 'Give an array.')
  }
  if (rule.members === undefined || (rule.instead !== undefined && value === rule.instead)) return
  const what = notPlain(value)
  const instead = rule.instead === undefined ? '' : `, or \`${String(rule.instead)}\``
  if (what === null)
    checkFields({ of, path: `${path}.` }, new Map(Object.entries(value as object)), rule.members, problems)
  else problems.add(option, `is ${what}.`, `Give a plain object: \`{ ${namesOf(rule.members)} }\`${instead}.`)
}

function meant(of: string, path: string, name: string, rules: Rules): string {
  const nearest = meantName(name, Object.keys(rules))
  if (nearest !== null) return `Write \`${path}${nearest}\`, if that was meant.`
  return `\`${path === '' ? of : path.slice(0, -1)}\` has ${namesOf(rules)}.`
}

const namesOf = (rules: Rules) => Object.keys(rules).join(', ')

const only = (fits: (value: unknown) => boolean, message: string, remedy: string): OptionRule => ({
  check: (value) => (fits(value) ? { value } : { message, remedy }),
})
const isText = (value: unknown) => typeof value === 'string' && value !== ''

/** Kinds of options. */
export const rule = {
  flag: only(
    (value) => typeof value === 'boolean',
    'is not true or false.',
    'Give `true` or `false`, or leave it out.',
  ),
  text: only(isText, 'is not a string, or is empty.', 'Give a string, or leave it out.'),
  texts: {
    entries: (entry: unknown) =>
      isText(entry)
        ? { value: entry }
        : { message: 'has an entry that is not a string, or is empty.', remedy: 'Give strings.' },
  } as OptionRule,
  code: only(
    (value) => typeof value === 'function',
    'is not a function.',
    'Give a function, or leave it out.',
  ),
  object: only(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'is not an object.',
    'Give an object, or leave it out.',
  ),
  /** What is checked elsewhere, or can be anything. */
  any: { check: (value: unknown) => ({ value }) } as OptionRule,
  number: (range: Range): OptionRule => ({ check: (value) => checkNumber(value, range) }),
  words: (...words: readonly string[]): OptionRule =>
    only(
      (value) => words.includes(value as string),
      'has a value it cannot have.',
      `Use one of ${words.map((one) => `'${one}'`).join(', ')}.`,
    ),
  /** A check of strings, of `values.ts` for instance. */
  textOf: (check: (text: string) => Checked<unknown>): OptionRule => ({
    check: (value) =>
      typeof value === 'string'
        ? check(value)
        : { message: 'is not a string.', remedy: 'Give a string, or leave it out.' },
  }),
  group: <T extends object>(members: OptionRules<T>, instead?: unknown): OptionRule => ({
    members: members as Rules,
    ...(instead === undefined ? {} : { instead }),
  }),
} as const
