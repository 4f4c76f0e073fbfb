import { type OptionRule, type OptionRules, readOptions, rule } from '../../ground/options/read-options.js'
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

/** An option that names a clerk. One that was to and names none would take the users of whichever clerk is there. */
export const CLERK_OPTION: OptionRule = {
  definite: true,
  check: (value) =>
    isClerk(value)
      ? { value }
      : {
          message: 'is not what createClerk returned.',
          remedy: 'Give that object itself, and install one version of @acme/clerk-core.',
        },
}
const NAMED: OptionRules<GetAuthOptions> = { clerk: CLERK_OPTION }
const GUARD: OptionRules<GuardOptions> = { ...NAMED, redirect: rule.flag }

/** @throws {ConfigurationError} with every problem */
export function readGuardOptions(options: GuardOptions | undefined): GuardOptions {
  return readOptions('requireAuth', options, GUARD)
}

/**
 * The clerk that `{ clerk }` names, where nothing else can be said.
 *
 * @param of the function that was given the options
 * @throws {ConfigurationError}
 */
export function namedClerk(of: string, options: GetAuthOptions | undefined): AnyClerk | undefined {
  return readOptions(of, options, NAMED).clerk
}
