import { ConfigurationError, type ConfigurationProblem } from '../../ground/errors.js'
import { ownFields } from '../../ground/json/own-fields.js'
import { isScope } from '../../ground/options/accept.js'
import { nearestName } from '../../ground/options/nearest-name.js'
import { checkResource } from '../../ground/options/values.js'
import type { Auth, MachineTokenType } from '../auth/auth.js'
import { prepareParams } from './has.js'
import { ANY_USER, type HasParams, type OAuthRequirement, type Requirement } from './requirement.js'
import { frozenReverification } from './reverification.js'

interface Field {
  /** The value as the guard keeps it, a list or object copied and frozen; `null` for one that it cannot have. */
  readonly read: (value: unknown) => unknown
  readonly remedy: string
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''
const text = (value: unknown) => (isText(value) ? value : null)
const oneOf =
  (...words: readonly unknown[]) =>
  (value: unknown) =>
    words.includes(value) ? value : null

const TEXT: Field = { read: text, remedy: 'Give a string that is not empty.' }
const TOKEN_TYPES: Readonly<Record<MachineTokenType, true>> = { api_key: true, m2m: true, oauth: true }
const isTokenType = (value: unknown) => typeof value === 'string' && Object.hasOwn(TOKEN_TYPES, value)

/** Every key of a requirement. */
const FIELDS: ReadonlyMap<string, Field> = new Map(
  Object.entries({
    org: { read: oneOf(true), remedy: 'Write `org: true`, or leave it out.' },
    role: TEXT,
    permission: TEXT,
    feature: TEXT,
    plan: TEXT,
    reverification: {
      read: frozenReverification,
      remedy: 'Use `strict_mfa`, `strict`, `moderate`, `lax`, or `{ level, afterMinutes }`.',
    },
    scope: {
      read: (value) => text(value) ?? list(value, isText),
      remedy: 'Give a scope, or a list of scopes that is not empty.',
    },
    machine: {
      read: (value) => oneOf('allow', 'only')(value) ?? list(value, isTokenType),
      remedy: 'Use `allow`, `only`, or a list of `api_key`, `m2m` and `oauth` that is not empty.',
    },
    oauth: {
      read: oauth,
      remedy:
        'Give `{ resource, scopes }`, one of them or both: an https: URL, and a list that is not empty.',
    },
    pending: { read: oneOf('allow'), remedy: 'Use `allow`, or leave it out.' },
    local: { read: oneOf('allow'), remedy: 'Use `allow`, or leave it out.' },
    predicate: {
      read: (value) => (typeof value === 'function' ? value : null),
      remedy: 'Give a function of the `auth`.',
    },
  } satisfies Record<keyof Requirement, Field>),
)

const NAMES = [...FIELDS.keys()]
/** What only a person signed in at Clerk can have. */
const RIGHTS = ['role', 'permission', 'feature', 'plan'] as const satisfies readonly (keyof HasParams)[]

/** A requirement as `authorize` reads it: every field is there, so that none is looked up in a prototype. */
export interface CheckedRequirement {
  readonly org: Requirement['org']
  /** Role, permission, feature and plan, as one question to `has()`. */
  readonly rights: HasParams | undefined
  readonly reverification: HasParams['reverification']
  readonly freshness: HasParams | undefined
  readonly scope: readonly string[] | undefined
  readonly machine: Requirement['machine']
  readonly oauth: Requirement['oauth']
  readonly pending: Requirement['pending']
  readonly local: Requirement['local']
  readonly predicate: Requirement['predicate']
}

/** By what `validateRequirement` has returned, so that it is read once. */
const checked = new WeakMap<object, CheckedRequirement>()

/** Any user signed in at Clerk. */
const CHECKED_ANY_USER = check(ANY_USER)

/**
 * Every door that takes a requirement calls this one when a guard is made: what is misspelt, `undefined` or no plain object
 * must fail at start, and not open a route.
 *
 * @returns a frozen copy, so that the caller cannot change later what a guard asks
 * @throws {ConfigurationError} with every problem
 */
export function validateRequirement<R extends object>(requirement: R): R {
  if (checked.has(requirement)) return requirement
  const { fields, what } = ownFields(requirement)
  if (fields === null) throw new ConfigurationError([notAnObject(what)])
  if (fields.size === 0) return ANY_USER as R

  const problems: ConfigurationProblem[] = []
  const copy: Record<string, unknown> = Object.create(null)
  for (const [name, value] of fields) {
    const field = FIELDS.get(name)
    const read = field?.read(value) ?? null
    if (field === undefined) problems.push(unknownKey(name))
    else if (read === null) problems.push(wrongValue(name, value, field))
    else copy[name] = read
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  check(copy)
  return copy as R
}

/** Nothing, or a requirement; never `undefined`, which is what a misspelt name comes out as. */
export type RequirementArgument<A extends Auth = Auth> = readonly [] | readonly [requirement: Requirement<A>]

/** `requireAuth()` and the like: without an argument any user may pass; an argument that is `undefined` is a mistake. */
export function requirementOf(
  given: readonly [] | readonly [requirement: object, ...rest: unknown[]],
): Requirement {
  const [requirement] = given
  // Of a plain JavaScript caller it may be anything; `validateRequirement` looks.
  return given.length === 0 ? ANY_USER : validateRequirement(requirement as Requirement)
}

/** The same, as `authorize` reads it. */
export function checkedRequirementOf(given: RequirementArgument): CheckedRequirement {
  if (given.length === 0) return CHECKED_ANY_USER
  return checked.get(given[0]) ?? (checked.get(requirementOf(given)) as CheckedRequirement)
}

/** Of a copy without a prototype: what is not in it is undefined, whatever is in `Object.prototype`. */
function check(copy: Requirement): CheckedRequirement {
  const { org, reverification, scope, machine, oauth, pending, local, predicate } = copy
  const asked: [string, unknown][] = RIGHTS.flatMap((name) => (name in copy ? [[name, copy[name]]] : []))
  const requirement: CheckedRequirement = {
    org,
    rights: asked.length === 0 ? undefined : prepareParams(Object.fromEntries(asked)),
    reverification,
    freshness: reverification === undefined ? undefined : prepareParams({ reverification }),
    scope: typeof scope === 'string' ? [scope] : scope,
    machine,
    oauth,
    pending,
    local,
    predicate,
  }
  checked.set(Object.freeze(copy), requirement)
  return requirement
}

/** A frozen copy of a list with at least one entry, all of which fit. `Array.from` reads each entry once. */
function list(value: unknown, fits: (entry: unknown) => boolean): readonly unknown[] | null {
  if (!Array.isArray(value)) return null
  const copy: readonly unknown[] = Array.from(value)
  return copy.length > 0 && copy.every(fits) ? Object.freeze(copy) : null
}

/** A frozen copy without a prototype, as the requirement itself is. */
function oauth(value: unknown): OAuthRequirement | null {
  const { fields } = ownFields(value)
  if (fields === null || fields.size === 0) return null
  const copy: { resource?: string; scopes?: readonly string[] } = Object.create(null)
  for (const [name, field] of fields) {
    if (name === 'resource') {
      const checked = checkResource(field)
      if (!('value' in checked)) return null
      copy.resource = checked.value
    } else if (name === 'scopes') {
      const scopes = list(field, isScope)
      if (scopes === null) return null
      copy.scopes = scopes as readonly string[]
    } else return null
  }
  return Object.freeze(copy)
}

function notAnObject(what: string): ConfigurationProblem {
  const remedy =
    what === 'undefined'
      ? 'It would require nothing. Correct the name it comes from; for any signed-in user give `{}`, or no argument.'
      : what === 'a promise'
        ? 'Await it first, and give the plain object `{ … }`.'
        : 'Give a plain object `{ … }`; for any signed-in user `{}`, or no argument.'
  return { option: 'requirement', message: `is ${what}.`, remedy }
}

function unknownKey(name: string): ConfigurationProblem {
  const nearest = nearestName(name, NAMES)
  return {
    option: `requirement.${name}`,
    message: 'is not something a guard can require.',
    remedy: nearest === null ? `Use ${NAMES.join(', ')}.` : `Write \`${nearest}\`, if that was meant.`,
  }
}

function wrongValue(name: string, value: unknown, { remedy }: Field): ConfigurationProblem {
  return {
    option: `requirement.${name}`,
    message:
      value === undefined ? 'is undefined, which would require nothing.' : 'has a value it cannot have.',
    remedy,
  }
}
