import { ConfigurationError, type ConfigurationProblem } from '../../ground/errors.js'
import { ownFields } from '../../ground/json/own-fields.js'
import type { AnyClerk } from './any-clerk.js'
import { isClerk } from './settings.js'

export interface GuardOptions {
  /** Send a person who navigates to a page (`Sec-Fetch-Dest: document`) to `signInUrl` instead of answering 401. */
  redirect?: boolean | undefined
  /** Whose users may pass, where the middlewares of several clerks run for one request. */
  clerk?: AnyClerk
}

export interface GetAuthOptions {
  /** Whose answer is wanted, where the middlewares of several clerks run for one request. */
  clerk?: AnyClerk
}

interface Option {
  /** What is wrong with a value; `null` for one that it can have. */
  readonly problem: (value: unknown) => string | null
  readonly remedy: string
}

const OPTIONS: Readonly<Record<keyof GuardOptions, Option>> = {
  redirect: {
    problem: (value) => (value === undefined || typeof value === 'boolean' ? null : 'is not true or false.'),
    remedy: 'Give `true` or `false`, or leave it out.',
  },
  // A guard that was to name a clerk and names none would take the users of whichever clerk is there.
  clerk: {
    problem: (value) =>
      isClerk(value)
        ? null
        : value === undefined
          ? 'is undefined, which would name no clerk.'
          : 'is not what createClerk returned.',
    remedy: 'Give the clerk whose users may pass; where there is one clerk, leave it out.',
  },
}
const NAMES = Object.keys(OPTIONS) as readonly (keyof GuardOptions)[]

/** @throws {ConfigurationError} with every problem */
export function readGuardOptions(
  options: unknown,
  names: readonly (keyof GuardOptions)[] = NAMES,
): { readonly redirect: boolean; readonly clerk: AnyClerk | undefined } {
  if (options === undefined) return { redirect: false, clerk: undefined }
  const remedy = `Give \`{ ${names.join(', ')} }\`, or leave it out.`
  const { fields, what } = ownFields(options)
  if (fields === null) throw new ConfigurationError([{ option: 'options', message: `is ${what}.`, remedy }])
  const problems: ConfigurationProblem[] = []
  for (const [given, value] of fields) {
    const name = names.find((known) => known === given)
    const message = name === undefined ? 'is not an option here.' : OPTIONS[name].problem(value)
    if (message === null) continue
    problems.push({
      option: `options.${given}`,
      message,
      remedy: name === undefined ? remedy : OPTIONS[name].remedy,
    })
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  return { redirect: fields.get('redirect') === true, clerk: fields.get('clerk') as AnyClerk | undefined }
}

/** The clerk that `{ clerk }` names, where nothing else can be said. @throws {ConfigurationError} */
export function namedClerk(options: unknown): AnyClerk | undefined {
  return readGuardOptions(options, ['clerk']).clerk
}
