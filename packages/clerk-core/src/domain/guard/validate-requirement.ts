import { ConfigurationError, type ConfigurationProblem } from '../../ground/errors.js'
import { readReverification } from './has.js'
import { ANY_USER, type Requirement } from './requirement.js'

interface Field {
  readonly accepts: (value: unknown) => boolean
  readonly remedy: string
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''
const TEXT: Field = { accepts: isText, remedy: 'Give a string that is not empty.' }

/** Every field of a requirement. */
const FIELDS: Record<keyof Requirement, Field> = {
  org: { accepts: (value) => value === true, remedy: 'Write `org: true`, or leave it out.' },
  role: TEXT,
  permission: TEXT,
  feature: TEXT,
  plan: TEXT,
  reverification: {
    accepts: (value) => readReverification(value) !== null,
    remedy: 'Use `strict_mfa`, `strict`, `moderate`, `lax`, or `{ level, afterMinutes }`.',
  },
  scope: {
    accepts: (value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
    remedy: 'Give a scope, or a list of scopes that is not empty.',
  },
  machine: { accepts: (value) => value === 'allow' || value === 'only', remedy: 'Use `allow` or `only`.' },
  local: { accepts: (value) => value === 'allow', remedy: 'Use `allow`, or leave it out.' },
  predicate: { accepts: (value) => typeof value === 'function', remedy: 'Give a function of the `auth`.' },
}

/**
 * For adapters, where a guard is made: a misspelt or undefined requirement must fail at start, not open a route.
 *
 * @returns the requirement; the one value that `authorize` need not look into, where it requires nothing
 * @throws {ConfigurationError} with every problem
 */
export function validateRequirement<R extends Requirement>(requirement: R): R {
  const problems: ConfigurationProblem[] = []
  if (typeof requirement !== 'object' || requirement === null) {
    throw new ConfigurationError([
      {
        option: 'requirement',
        message: 'is not an object.',
        remedy: 'Give `{ … }`, or nothing for any signed-in user.',
      },
    ])
  }
  for (const [name, value] of Object.entries(requirement)) {
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name as keyof Requirement] : undefined
    if (field === undefined) {
      problems.push({
        option: `requirement.${name}`,
        message: 'is not something a guard can require.',
        remedy: `Use ${Object.keys(FIELDS).join(', ')}.`,
      })
    } else if (!field.accepts(value)) {
      const message =
        value === undefined ? 'is undefined, which would require nothing.' : 'has a value it cannot have.'
      problems.push({ option: `requirement.${name}`, message, remedy: field.remedy })
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  return Object.keys(requirement).length === 0 ? (ANY_USER as R) : requirement
}
