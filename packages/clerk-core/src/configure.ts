import { createHash } from 'node:crypto'
import { Problems } from './configuration/problems.js'
import {
  checkMachineSecretKey,
  checkNumber,
  checkOrigin,
  checkPem,
  checkPublishableKey,
  checkSecretKey,
  checkUrl,
  checkWebhookSecret,
  isLoopback,
  isPlaceholder,
  type Range,
} from './configuration/values.js'
import type { Invalidation } from './invalidation/invalidation.js'
import type { ClerkOptions, ResolvedOptions } from './options.js'
import type { MembershipRecord } from './organizations/organization.js'
import type { UserRecord } from './users/user.js'

const API_URL = 'https://api.clerk.com'
const DAY = 86_400
const MOST_ENTRIES = 10_000_000

/** Every number: its default and its range. Times are seconds. */
const NUMBERS = {
  clockToleranceSeconds: [5, { least: 0, most: 300 }],
  'session.revalidateAfterSeconds': [300, { least: 0, most: DAY }],
  'session.graceSeconds': [300, { least: 0, most: DAY }],
  'webhook.toleranceSeconds': [300, { least: 1, most: 3600 }],
  'webhook.leaseSeconds': [60, { least: 1, most: 3600 }],
  'webhook.handlerTimeoutSeconds': [10, { least: 0.001, most: 3600 }],
  'webhook.maxBodyBytes': [1_048_576, { least: 1, most: 64 * 1_048_576, whole: true }],
  'cache.tokens': [10_000, { least: 0, most: MOST_ENTRIES, whole: true }],
  'cache.users': [10_000, { least: 0, most: MOST_ENTRIES, whole: true }],
  'cache.userTtlSeconds': [300, { least: 0, most: DAY }],
  'cache.organizationTtlSeconds': [900, { least: 0, most: DAY }],
  'invalidation.pollSeconds': [2, { least: 0, most: 3600 }],
} as const satisfies Record<string, readonly [number, Range]>

/** Options of which one of a few words is meant; the default first. */
const WORDS = {
  'session.remember': ['cookies', 'always', 'never'],
  provisioning: ['api', 'claims', 'off'],
  linking: ['off', 'verified-email'],
} as const

/** Methods without which a store is none. */
const STORES = {
  users: ['findByClerkId', 'apply', 'remove'],
  organizations: ['findOrganization', 'applyOrganization', 'removeOrganization', 'findMembership'],
  inbox: ['claim', 'applied', 'succeeded', 'release', 'done', 'pending', 'changesSince', 'prune'],
} as const

/**
 * Fills in every default and checks every value, before the first request.
 *
 * @throws {ConfigurationError} once, with every problem and its remedy
 */
export function resolveOptions<U extends UserRecord, M extends MembershipRecord>(
  options: ClerkOptions<U, M>,
): ResolvedOptions {
  const problems = new Problems()
  const given = toRecord(options)
  const keys = resolveKeys(options, problems)
  const { secretKey, machineSecretKey } = keys
  const accept = resolveAccept(options, secretKey, machineSecretKey, problems)
  const provisioning = word(given, 'provisioning', problems)
  const linking = word(given, 'linking', problems)
  checkStores(given, problems)
  checkProvisioning(options.users, { provisioning, linking, secretKey }, problems)
  checkFunctions(given, ['canLink', 'claimsToUser', 'now', 'fetch'], problems)

  const number = (name: keyof typeof NUMBERS) => resolveNumber(given, name, problems)
  const resolved: Omit<ResolvedOptions, 'keys' | 'issuer'> = {
    secretKey,
    publishableKey: keys.publishableKey,
    machineSecretKey,
    apiUrl: keys.apiUrl,
    authorizedParties: resolveAuthorizedParties(options.authorizedParties, problems),
    allowMissingAzp: flag(given, 'allowMissingAzp', problems),
    audience: resolveAudience(options.audience, problems),
    clockToleranceSeconds: number('clockToleranceSeconds'),
    allowPending: flag(given, 'allowPending', problems),
    accept,
    cookieSuffix: keys.publishableKey === null ? null : cookieSuffix(keys.publishableKey),
    session: {
      revalidateAfterSeconds: number('session.revalidateAfterSeconds'),
      graceSeconds: number('session.graceSeconds'),
      remember: word(given, 'session.remember', problems),
    },
    provisioning,
    linking,
    privateMetadata: flag(given, 'privateMetadata', problems),
    webhookSecrets: resolveWebhookSecrets(options.webhookSecrets, problems),
    webhook: {
      toleranceSeconds: number('webhook.toleranceSeconds'),
      leaseSeconds: number('webhook.leaseSeconds'),
      handlerTimeoutSeconds: number('webhook.handlerTimeoutSeconds'),
      maxBodyBytes: number('webhook.maxBodyBytes'),
    },
    cache: {
      tokens: number('cache.tokens'),
      users: number('cache.users'),
      userTtlSeconds: number('cache.userTtlSeconds'),
      organizationTtlSeconds: number('cache.organizationTtlSeconds'),
    },
    pollSeconds: number('invalidation.pollSeconds'),
    invalidation: resolveInvalidation(options.invalidation, problems),
    now: options.now ?? Date.now,
    // Looked up at each call: tests and instrumentation replace the global one after this.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  }
  problems.throwIfAny()
  return Object.freeze({
    ...resolved,
    keys: keys.keys as ResolvedOptions['keys'],
    issuer: keys.issuer as string,
  })
}

type KeyOptions = Pick<
  ClerkOptions,
  'secretKey' | 'publishableKey' | 'machineSecretKey' | 'jwtKey' | 'jwksUrl' | 'issuer' | 'apiUrl'
>

interface ResolvedKeys
  extends Pick<ResolvedOptions, 'secretKey' | 'publishableKey' | 'machineSecretKey' | 'apiUrl'> {
  /** `null` only together with a problem. */
  readonly keys: ResolvedOptions['keys'] | null
  readonly issuer: string | null
}

/** Keys: `jwtKey`, else `jwksUrl`, else the public set of `publishableKey`, else the Backend API's. */
function resolveKeys(options: KeyOptions, problems: Problems): ResolvedKeys {
  const secretKey = problems.text('secretKey', options.secretKey, checkSecretKey)
  const machineSecretKey = problems.text('machineSecretKey', options.machineSecretKey, checkMachineSecretKey)
  const publishable = problems.text('publishableKey', options.publishableKey, checkPublishableKey)
  const pem = problems.text('jwtKey', options.jwtKey, checkPem)
  const jwksUrl = problems.text('jwksUrl', options.jwksUrl, checkUrl)
  const apiUrl = (problems.text('apiUrl', options.apiUrl, checkUrl) ?? API_URL).replace(/\/v1$/, '')
  const frontend = publishable && frontendUrl(publishable.host)
  const backendJwks = `${apiUrl}/v1/jwks`

  const issuer =
    problems.text('issuer', options.issuer, checkUrl) ??
    frontend ??
    (jwksUrl === null || jwksUrl === backendJwks ? null : new URL(jwksUrl).origin)

  if (secretKey !== null && publishable !== null && secretKey.slice(3, 7) !== publishable.key.slice(3, 7)) {
    problems.add(
      'secretKey',
      'and `publishableKey` are of different instances (one is `test`, the other `live`).',
      'Copy both from the same page of the Clerk dashboard → API keys.',
    )
  }
  let keys: ResolvedOptions['keys'] | null = null
  if (pem !== null) keys = { kind: 'pem', pem }
  else if (jwksUrl !== null)
    keys = { kind: 'jwks', url: jwksUrl, secretKey: jwksUrl === backendJwks ? secretKey : null }
  else if (frontend !== null)
    keys = { kind: 'jwks', url: `${frontend}/.well-known/jwks.json`, secretKey: null }
  else if (secretKey !== null) keys = { kind: 'jwks', url: backendJwks, secretKey }

  // A malformed value has been reported already; that it is therefore missing would be a second, false problem.
  const mentioned = ['jwtKey', 'jwksUrl', 'publishableKey', 'secretKey'] as const
  if (keys === null && mentioned.every((name) => isMissing(options[name]))) {
    problems.add(
      'publishableKey',
      'is missing, and so is every other source of keys.',
      'Set CLERK_PUBLISHABLE_KEY (or `jwtKey`, `jwksUrl`, or `secretKey` with `issuer`).',
    )
  } else if (issuer === null && isMissing(options.issuer) && isMissing(options.publishableKey)) {
    problems.add(
      'issuer',
      'is missing and cannot be derived.',
      'Set CLERK_PUBLISHABLE_KEY, or `issuer` to the frontend API (`https://clerk.example.com`), the `iss` of its tokens.',
    )
  }
  return { secretKey, machineSecretKey, publishableKey: publishable?.key ?? null, apiUrl, keys, issuer }
}

/** `http:` is what a loopback frontend API speaks: an offline Clerk for development and tests. */
function frontendUrl(host: string): string {
  const { hostname } = new URL(`http://${host}`)
  return `${isLoopback(hostname) ? 'http' : 'https'}://${host}`
}

/** Clerk names its cookies after the publishable key, so that several instances can share a host. */
function cookieSuffix(publishableKey: string): string {
  return createHash('sha1').update(publishableKey).digest('base64url').slice(0, 8)
}

function resolveAuthorizedParties(value: unknown, problems: Problems): ReadonlySet<string> | null {
  if (value === 'any') return null
  if (!Array.isArray(value) || value.length === 0) {
    problems.add(
      'authorizedParties',
      'is missing.',
      "List the origins of your front ends (`['https://app.example.com']`, or CLERK_AUTHORIZED_PARTIES), or write 'any'.",
    )
    return null
  }
  const origins = value.map((entry) => problems.take('authorizedParties', checkOrigin(entry)))
  return new Set(origins.filter((origin) => origin !== null))
}

function resolveAudience(value: unknown, problems: Problems): readonly string[] | null {
  if (value === undefined) return null
  const audience: unknown[] = Array.isArray(value) ? value : [value]
  // An empty list would accept nothing, an empty string would look like a check.
  if (audience.length > 0 && audience.every((one) => typeof one === 'string' && one !== ''))
    return audience as string[]
  problems.add(
    'audience',
    'is not a string or a list of strings.',
    'Name the expected `aud`, or leave it out.',
  )
  return null
}

function resolveAccept(
  { accept = {} }: Pick<ClerkOptions, 'accept'>,
  secretKey: string | null,
  machineSecretKey: string | null,
  problems: Problems,
): ResolvedOptions['accept'] {
  const given = toRecord(accept)
  const accepted = {
    apiKeys: flag(given, 'apiKeys', problems, 'accept.apiKeys'),
    m2m: flag(given, 'm2m', problems, 'accept.m2m'),
    oauth: flag(given, 'oauth', problems, 'accept.oauth'),
  }
  for (const name of ['apiKeys', 'oauth'] as const) {
    if (!accepted[name] || secretKey !== null) continue
    problems.add(`accept.${name}`, 'needs `secretKey`: Clerk verifies these.', 'Set CLERK_SECRET_KEY.')
  }
  if (accepted.m2m && machineSecretKey === null) {
    problems.add(
      'accept.m2m',
      "needs `machineSecretKey`: with the instance's secret key every machine's token would pass.",
      'Set CLERK_MACHINE_SECRET_KEY to the secret key of this machine (`ak_…`).',
    )
  }
  return accepted
}

function checkProvisioning(
  users: unknown,
  chosen: Pick<ResolvedOptions, 'provisioning' | 'linking' | 'secretKey'>,
  problems: Problems,
): void {
  if (chosen.linking === 'verified-email' && chosen.provisioning === 'claims') {
    problems.add(
      'linking',
      "'verified-email' cannot go with provisioning 'claims': claims do not say whether an address is verified.",
      "Use provisioning 'api', or linking 'off'.",
    )
  }
  if (users === undefined) return
  if (chosen.provisioning === 'api' && chosen.secretKey === null) {
    problems.add(
      'provisioning',
      "'api' (the default with a user store) fetches new users from Clerk and needs `secretKey`.",
      "Set CLERK_SECRET_KEY, or choose provisioning 'claims' or 'off'.",
    )
  }
  const { findLinkable, link } = toRecord(users)
  const links = typeof findLinkable === 'function' && typeof link === 'function'
  if (chosen.linking === 'verified-email' && !links) {
    problems.add(
      'linking',
      "'verified-email' needs a user store with `findLinkable` and `link`.",
      "Implement both, or use linking 'off'.",
    )
  }
}

function checkStores(given: Readonly<Record<string, unknown>>, problems: Problems): void {
  for (const [name, methods] of Object.entries(STORES)) {
    if (given[name] === undefined) continue
    const store = toRecord(given[name])
    const missing = methods.filter((method) => typeof store[method] !== 'function')
    if (missing.length === 0) continue
    problems.add(
      name,
      `is not a store: it has no ${missing.map((method) => `\`${method}\``).join(', ')}.`,
      'Spread what a store factory returns: `createClerk({ …, ...prismaStore(prisma) })`.',
    )
  }
}

function checkFunctions(
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
  problems: Problems,
): void {
  for (const name of names) {
    if (given[name] === undefined || typeof given[name] === 'function') continue
    problems.add(name, 'is not a function.', 'Give a function, or leave it out.')
  }
}

function resolveWebhookSecrets(value: unknown, problems: Problems): readonly string[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    problems.add('webhookSecrets', 'is not a list.', "Write `['whsec_…']`; during a rotation both secrets.")
    return []
  }
  return value
    .map((secret: unknown) => problems.text('webhookSecrets', secret, checkWebhookSecret))
    .filter((secret) => secret !== null)
}

function resolveInvalidation(value: ClerkOptions['invalidation'], problems: Problems): Invalidation | null {
  if (value === undefined) return null
  const { publish, subscribe } = toRecord(value)
  if (publish === undefined && subscribe === undefined) return null
  if (typeof publish === 'function' && typeof subscribe === 'function') return value as Invalidation
  problems.add(
    'invalidation',
    'has no `publish` or no `subscribe`.',
    'Give `{ pollSeconds }` or an `Invalidation`.',
  )
  return null
}

function resolveNumber(
  given: Readonly<Record<string, unknown>>,
  name: keyof typeof NUMBERS,
  problems: Problems,
): number {
  const [fallback, range] = NUMBERS[name]
  const value = at(given, name)
  return value === undefined ? fallback : (problems.take(name, checkNumber(value, range)) ?? fallback)
}

function word<N extends keyof typeof WORDS>(
  given: Readonly<Record<string, unknown>>,
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
function flag(
  given: Readonly<Record<string, unknown>>,
  name: string,
  problems: Problems,
  option = name,
): boolean {
  const value = given[name]
  if (typeof value === 'boolean' || value === undefined) return value ?? false
  problems.add(option, 'is not true or false.', 'Give `true` or `false`.')
  return false
}

function at(given: Readonly<Record<string, unknown>>, path: string): unknown {
  const [first = '', second] = path.split('.')
  return second === undefined ? given[first] : toRecord(given[first])[second]
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && isPlaceholder(value))
}
