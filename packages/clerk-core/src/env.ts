import { checkPem } from './domain/keys/pem.js'
import { checkListedOrigin } from './ground/options/origins.js'
import { Problems } from './ground/options/problems.js'
import {
  type Checked,
  checkMachineSecretKey,
  checkPublishableKey,
  checkSecretKey,
  checkUrl,
  checkWebhookSecret,
  isPlaceholder,
} from './ground/options/values.js'
import type { ClerkOptions } from './options.js'

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
    | 'audience'
    | 'webhookSecrets'
  > {
  /** Empty when the environment names none, which `createClerk` refuses unless they are given in code. */
  authorizedParties: string[]
  session?: { revalidateAfterSeconds: number }
  cache?: { userTtlSeconds?: number; organizationTtlSeconds?: number }
}

interface Variable {
  /** The current name first; older projects use the others. The first that is set counts. */
  readonly names: readonly [string, ...string[]]
  readonly check: (text: string) => Checked<unknown>
  readonly assign: (options: EnvOptions, text: string) => void
}

/** Every variable, by the option it sets. */
const VARIABLES: readonly Variable[] = [
  {
    names: ['CLERK_SECRET_KEY'],
    check: checkSecretKey,
    assign: (options, text) => (options.secretKey = text),
  },
  {
    names: ['CLERK_PUBLISHABLE_KEY'],
    check: checkPublishableKey,
    assign: (options, text) => (options.publishableKey = text),
  },
  { names: ['CLERK_JWT_KEY'], check: checkPem, assign: (options, text) => (options.jwtKey = text) },
  { names: ['CLERK_JWKS_URL'], check: checkUrl, assign: (options, text) => (options.jwksUrl = text) },
  { names: ['CLERK_ISSUER'], check: checkUrl, assign: (options, text) => (options.issuer = text) },
  { names: ['CLERK_API_URL'], check: checkUrl, assign: (options, text) => (options.apiUrl = text) },
  {
    names: ['CLERK_MACHINE_SECRET_KEY'],
    check: checkMachineSecretKey,
    assign: (options, text) => (options.machineSecretKey = text),
  },
  {
    names: ['CLERK_AUTHORIZED_PARTIES', 'CLERK_AUTH_PARTIES', 'CLERK_FRONTEND_HOSTS'],
    check: each(checkListedOrigin),
    assign: (options, text) => (options.authorizedParties = list(text)),
  },
  {
    names: ['CLERK_AUDIENCE'],
    check: each((value) => ({ value })),
    assign: (options, text) => (options.audience = list(text)),
  },
  {
    names: ['CLERK_WEBHOOK_SIGNING_SECRET', 'CLERK_WEBHOOK_SECRET', 'CLERK_WEBHOOK_SIGNING_KEY'],
    check: each(checkWebhookSecret),
    assign: (options, text) => (options.webhookSecrets = list(text)),
  },
  {
    names: ['CLERK_SESSION_REVALIDATION_SECONDS'],
    check: checkSeconds,
    assign: (options, text) => (options.session = { revalidateAfterSeconds: Number(text) }),
  },
  {
    names: ['CLERK_CACHE_TIMEOUT'],
    check: checkSeconds,
    assign: (options, text) => (options.cache = { ...options.cache, userTtlSeconds: Number(text) }),
  },
  {
    names: ['CLERK_ORG_CACHE_TIMEOUT'],
    check: checkSeconds,
    assign: (options, text) => (options.cache = { ...options.cache, organizationTtlSeconds: Number(text) }),
  },
]

/**
 * Options from environment variables. Placeholders (`sk_test_...`, `sk_live_replace_me`, empty) count as missing; lists
 * are separated by commas.
 *
 * @throws {ConfigurationError} with every malformed value; what is missing is for `createClerk` to say
 */
export function fromEnv(env: Readonly<Record<string, string | undefined>> = process.env): EnvOptions {
  const problems = new Problems()
  const options: EnvOptions = { authorizedParties: [] }
  for (const { names, check, assign } of VARIABLES) {
    const name = names.find((candidate) => !isPlaceholder(env[candidate] ?? ''))
    const text = name === undefined ? undefined : env[name]?.trim()
    if (name === undefined || text === undefined) continue
    if (problems.take(name, check(text)) !== null) assign(options, text)
  }
  problems.throwIfAny()
  return options
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => !isPlaceholder(entry))
}

/** The first entry that is wrong speaks for the list. */
function each(check: (entry: string) => Checked<unknown>): (text: string) => Checked<unknown> {
  return (text) =>
    list(text)
      .map(check)
      .find((checked) => !('value' in checked)) ?? { value: text }
}

function checkSeconds(text: string): Checked<unknown> {
  if (/^\d{1,9}$/.test(text)) return { value: text }
  return {
    message: 'is not a whole number of seconds.',
    remedy: 'Write digits only, `300` for five minutes.',
  }
}
