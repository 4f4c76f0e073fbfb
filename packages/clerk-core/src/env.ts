import { checkPem } from './domain/keys/pem.js'
import { withNotes } from './ground/options/env-notes.js'
import { nearestName } from './ground/options/nearest-name.js'
import { checkListedOrigin } from './ground/options/origins.js'
import { Problems } from './ground/options/problems.js'
import {
  type Checked,
  checkMachineId,
  checkMachineSecretKey,
  checkPage,
  checkPublishableKey,
  checkSecretKey,
  checkUrl,
  checkWebhookSecret,
  isPlaceholder,
  unlessQuoted,
} from './ground/options/values.js'
import type { ClerkOptions } from './options.js'
import type { OptionName } from './options-table.js'

/** What {@link fromEnv} returns: only what is set, and always a list of authorised parties. */
export interface EnvOptions
  extends Pick<
    ClerkOptions,
    | 'secretKey'
    | 'publishableKey'
    | 'jwtKey'
    | 'jwksUrl'
    | 'issuer'
    | 'apiUrl'
    | 'machineSecretKey'
    | 'machineId'
    | 'audience'
    | 'webhookSecrets'
    | 'proxyUrl'
    | 'signInUrl'
    | 'signUpUrl'
  > {
  /** Empty when the environment names none, which `createClerk` refuses unless they are given in code. */
  authorizedParties: string[]
  session?: { revalidateAfterSeconds: number }
  cache?: { userTtlSeconds?: number; organizationTtlSeconds?: number }
}

interface Variable {
  /** What it sets. */
  readonly option: OptionName
  /** The current name first; older projects use the others. The first that is set counts. */
  readonly names: readonly [string, ...string[]]
  /** Of the value, or of each entry of a list. */
  readonly check: (text: string) => Checked<unknown>
  readonly form?: 'list' | 'number'
}

const any = (value: string): Checked<string> => ({ value })

/** Every variable, by the option it sets. `docs/configuration.md` is made of it. */
export const VARIABLES: readonly Variable[] = [
  { option: 'secretKey', names: ['CLERK_SECRET_KEY'], check: checkSecretKey },
  { option: 'publishableKey', names: ['CLERK_PUBLISHABLE_KEY'], check: checkPublishableKey },
  { option: 'jwtKey', names: ['CLERK_JWT_KEY'], check: checkPem },
  { option: 'jwksUrl', names: ['CLERK_JWKS_URL'], check: checkUrl },
  { option: 'issuer', names: ['CLERK_ISSUER'], check: checkUrl },
  { option: 'apiUrl', names: ['CLERK_API_URL'], check: checkUrl },
  { option: 'proxyUrl', names: ['CLERK_PROXY_URL'], check: checkUrl },
  { option: 'machineSecretKey', names: ['CLERK_MACHINE_SECRET_KEY'], check: checkMachineSecretKey },
  { option: 'machineId', names: ['CLERK_MACHINE_ID'], check: checkMachineId },
  {
    option: 'authorizedParties',
    names: ['CLERK_AUTHORIZED_PARTIES', 'CLERK_AUTH_PARTIES', 'CLERK_FRONTEND_HOSTS'],
    check: checkListedOrigin,
    form: 'list',
  },
  { option: 'audience', names: ['CLERK_AUDIENCE'], check: any, form: 'list' },
  {
    option: 'webhookSecrets',
    names: ['CLERK_WEBHOOK_SIGNING_SECRET', 'CLERK_WEBHOOK_SECRET', 'CLERK_WEBHOOK_SIGNING_KEY'],
    check: checkWebhookSecret,
    form: 'list',
  },
  { option: 'signInUrl', names: ['CLERK_SIGN_IN_URL'], check: checkPage },
  { option: 'signUpUrl', names: ['CLERK_SIGN_UP_URL'], check: checkPage },
  {
    option: 'session.revalidateAfterSeconds',
    names: ['CLERK_SESSION_REVALIDATION_SECONDS'],
    check: checkSeconds,
    form: 'number',
  },
  { option: 'cache.userTtlSeconds', names: ['CLERK_CACHE_TIMEOUT'], check: checkSeconds, form: 'number' },
  {
    option: 'cache.organizationTtlSeconds',
    names: ['CLERK_ORG_CACHE_TIMEOUT'],
    check: checkSeconds,
    form: 'number',
  },
]

/** What the Django packages (django-clerk-users) read and nothing here does, each with what stands in its place. */
export const REPLACED: Readonly<Record<string, string>> = {
  CLERK_WEBHOOK_DEDUP_TIMEOUT:
    'The inbox does that, without a time limit: each webhook is processed once, however late it comes again.',
  CLERK_API_TIMEOUT_MS: 'Every call of Clerk has a time limit of its own.',
  CLERK_CLIENT_BACKEND: 'There is one client of the Backend API, `clerk.api`.',
  CLERK_AUTO_GENERATE_USERNAME:
    'No username is made up. Fill a column of your own with `create` of the store.',
  CLERK_AUTO_GENERATE_USERNAME_PREFIX:
    'No username is made up. Fill a column of your own with `create` of the store.',
  CLERK_SYNC_PASSWORDS: "Passwords are Clerk's alone: none is sent to it, and none is stored here.",
  CLERK_DISABLE_PASSWORD_SYNC: "Passwords are Clerk's alone: none is sent to it, and none is stored here.",
}

/** Variables of Clerk's own libraries that are not read here, and are no misspelt names of ours. */
const OF_OTHERS = ['CLERK_JS_URL', 'CLERK_API_VERSION']

/**
 * Options from environment variables; docs/configuration.md lists them. Lists are separated by commas. Placeholders
 * (`sk_test_...`, `sk_live_replace_me`, empty) count as missing, entry by entry, and `createClerk` says which there were.
 *
 * Give it to `createClerk` as a part of its own: what a spread leaves out of it is refused there.
 *
 * @throws {ConfigurationError} with every malformed value; what is missing is for `createClerk` to say
 */
export function fromEnv(env: Readonly<Record<string, string | undefined>> = process.env): EnvOptions {
  const problems = new Problems()
  const options: Record<string, unknown> & { authorizedParties: unknown } = { authorizedParties: [] }
  const read = new Map<string, string>()
  const placeholders: string[] = []
  for (const { option, names, check, form } of VARIABLES) {
    const found = names
      .map((name) => ({ name, text: env[name]?.trim() ?? '' }))
      .filter(({ text }) => text !== '')
    for (const { name, text } of found) {
      const entries = form === 'list' ? text.split(',').map((entry) => entry.trim()) : [text]
      const given = entries.filter((entry) => !isPlaceholder(entry))
      if (!read.has(option)) {
        placeholders.push(
          ...entries
            .filter((entry) => entry !== '' && isPlaceholder(entry))
            .map((entry) => (form === 'list' ? `${JSON.stringify(entry.slice(0, 100))} in ${name}` : name)),
        )
      }
      if (given.length === 0 || read.has(option)) continue
      read.set(option, name)
      // The quotes are around the whole list, or around an entry.
      const wrong = [unlessQuoted(any)(text), ...given.map(unlessQuoted(check))].find(
        (checked) => !('value' in checked),
      )
      if (wrong !== undefined) problems.take(name, wrong)
      else assign(options, option, form === 'list' ? given : form === 'number' ? Number(text) : text)
    }
  }
  problems.throwIfAny()
  return withNotes(options as EnvOptions & typeof options, { read, placeholders, unread: unread(env) })
}

function assign(options: Record<string, unknown>, path: OptionName, value: unknown): void {
  const [first = '', name] = path.split('.')
  if (name === undefined) options[first] = value
  else options[first] = { ...(options[first] as object | undefined), [name]: value }
}

/** Variables that somebody has set for this, and that have no effect. */
function unread(env: Readonly<Record<string, string | undefined>>): string[] {
  const names = VARIABLES.flatMap((variable) => variable.names)
  return Object.keys(env)
    .filter((name) => name.startsWith('CLERK_') && env[name]?.trim() !== '' && !names.includes(name))
    .flatMap((name) => {
      if (Object.hasOwn(REPLACED, name))
        return `${name} has no effect: it is of the Django packages. ${REPLACED[name]}`
      const nearest = OF_OTHERS.includes(name) ? null : nearestName(name, names)
      return nearest === null ? [] : `${name} is not read. Was ${nearest} meant?`
    })
}

function checkSeconds(text: string): Checked<unknown> {
  if (/^\d{1,9}$/.test(text)) return { value: text }
  return {
    message: 'is not a whole number of seconds.',
    remedy: 'Write digits only, `300` for five minutes.',
  }
}
