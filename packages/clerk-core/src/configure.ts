import type { Invalidation } from './domain/changes/invalidation.js'
import { checkProduction, type ProductionWarning } from './domain/keys/check-production.js'
import { cookieSuffix, resolveKeys } from './domain/keys/configured-keys.js'
import type { MembershipRecord, OrganizationRecord } from './domain/store/organization.js'
import type { UserRecord } from './domain/store/user.js'
import { type ClerkLogger, consoleLogger, LOG_LEVELS } from './ground/observe/logger.js'
import { resolveAccept } from './ground/options/accept.js'
import { checkListedOrigin, type OriginList, originList } from './ground/options/origins.js'
import { Problems } from './ground/options/problems.js'
import { flag, type Given, type NumberName, resolveNumber, toRecord, word } from './ground/options/read.js'
import type { LinkBy, ResolvedOptions } from './ground/options/resolved.js'
import {
  checkMachineId,
  checkPage,
  checkServiceOrigin,
  checkWebhookSecret,
  isLoopback,
} from './ground/options/values.js'
import type { ClerkOptions } from './options.js'

/** What is logged, and where. */
interface Logging {
  /** `null` for `false`. */
  readonly logger: ClerkLogger | null
  /** Whether the application has given it. */
  readonly given: boolean
  readonly production: boolean
}

/** Methods without which a store is none. */
const STORES = {
  users: ['findByClerkId', 'apply', 'remove'],
  organizations: ['findOrganization', 'applyOrganization', 'removeOrganization', 'findMembership'],
  inbox: [
    ...(['claim', 'renew', 'succeeded', 'release', 'finish', 'due', 'find', 'list'] as const),
    ...(['discardEarlier', 'prune', 'append', 'changesSince', 'revocations'] as const),
  ],
} as const

/** What `createClerk` is built from. The invalidation is code of the application, not a value. */
export interface Configuration extends ResolvedOptions {
  readonly invalidation: Invalidation | null
  /** To be told once, to the logger. */
  readonly warnings: readonly ProductionWarning[]
  readonly logging: Logging
}

/**
 * Fills in every default and checks every value of merged options, before the first request.
 *
 * @throws {ConfigurationError} once, with every problem and its remedy
 */
export function resolveOptions<
  U extends UserRecord,
  M extends MembershipRecord,
  O extends OrganizationRecord,
>(options: ClerkOptions<U, M, O>, problems = new Problems()): Configuration {
  const given = toRecord(options)
  const keys = resolveKeys(options, problems)
  const warnings = checkProduction(keys, flag(given, 'allowOfflineClerk', problems), problems)
  const { secretKey, machineSecretKey } = keys
  const machineId = problems.text('machineId', options.machineId, checkMachineId)
  const accept = resolveAccept(options.accept, { secretKey, machineSecretKey, machineId }, problems)
  const provisioning = word(given, 'provisioning', problems)
  const linking = resolveLinking(options.linking, problems)
  checkStores(given, problems)
  checkProvisioning(options.users, { provisioning, linking, secretKey }, problems)
  checkFunctions(given, ['canLink', 'claimsToUser', 'now', 'fetch'], problems)

  const number = (name: NumberName) => resolveNumber(given, name, problems)
  const resolved: Omit<Configuration, 'keys' | 'issuer'> = {
    secretKey,
    publishableKey: keys.publishableKey,
    machineSecretKey,
    machineId,
    machineOrigins: resolveMachineOrigins(options.machineOrigins, problems),
    apiUrl: keys.apiUrl,
    authorizedParties: resolveAuthorizedParties(options.authorizedParties, isProduction(keys), problems),
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
      keepClaims: resolveKeepClaims(options.session?.keepClaims, problems),
    },
    signInUrl: problems.text('signInUrl', options.signInUrl, checkPage),
    signUpUrl: problems.text('signUpUrl', options.signUpUrl, checkPage),
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
    storeTimeoutSeconds: number('store.timeoutSeconds'),
    ...resolveLimits(given, keys, problems),
    invalidation: resolveInvalidation(options.invalidation, problems),
    warnings,
    logging: resolveLogger(options.logger, isProduction(keys), problems),
    // Read when it is needed: fake timers replace `Date` after this.
    now: options.now ?? (() => Date.now()),
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

/** Keys of a production instance, or the environment that frameworks and hosting providers set. */
function isProduction(keys: Pick<ResolvedOptions, 'secretKey' | 'publishableKey'>): boolean {
  const live = keys.secretKey?.startsWith('sk_live_') || keys.publishableKey?.startsWith('pk_live_')
  return live === true || process.env.NODE_ENV === 'production'
}

function resolveAuthorizedParties(
  value: unknown,
  production: boolean,
  problems: Problems,
): OriginList | null {
  if (value === 'any') return null
  if (!Array.isArray(value) || value.length === 0) {
    problems.add(
      'authorizedParties',
      'is missing.',
      "List the origins of your front ends (`['https://app.example.com']`, or CLERK_AUTHORIZED_PARTIES), or write 'any'.",
    )
    return null
  }
  const entries = value.flatMap((entry) => problems.take('authorizedParties', checkListedOrigin(entry)) ?? [])
  for (const { origin, loopbackPorts } of entries) {
    if (!loopbackPorts || !production) continue
    problems.add(
      'authorizedParties',
      `"${origin}" lists every program on the machine of a user, in production.`,
      'List the origins of your pages, and such patterns in development alone.',
    )
  }
  return originList(entries)
}

function resolveMachineOrigins(value: unknown, problems: Problems): readonly string[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    problems.add(
      'machineOrigins',
      'is not a list.',
      "Write `['https://billing.example.com']`, or leave it out.",
    )
    return []
  }
  return Object.freeze(
    value.flatMap((one: unknown) => problems.take('machineOrigins', checkServiceOrigin(one)) ?? []),
  )
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

function resolveKeepClaims(value: unknown, problems: Problems): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== ''))
    return Object.freeze([...new Set(value as string[])])
  problems.add(
    'session.keepClaims',
    'is not a list of names of claims.',
    "Name the claims that a session keeps, as `['locale']`, or leave it out.",
  )
  return []
}

const LINKING: readonly unknown[] = ['verified-email', 'external-id'] satisfies LinkBy[]

function resolveLinking(value: unknown, problems: Problems): readonly LinkBy[] {
  if (value === undefined || value === 'off') return []
  const ways: unknown[] = Array.isArray(value) ? value : [value]
  if (ways.length > 0 && ways.every((way) => LINKING.includes(way)) && new Set(ways).size === ways.length)
    return Object.freeze([...ways] as LinkBy[])
  problems.add(
    'linking',
    'has a value it cannot have.',
    "Use 'off', 'verified-email', 'external-id', or a list of the last two in the order in which they are to be tried.",
  )
  return []
}

function checkProvisioning(
  users: unknown,
  chosen: Pick<ResolvedOptions, 'provisioning' | 'linking' | 'secretKey'>,
  problems: Problems,
): void {
  const linking = chosen.linking.length > 0
  if (linking && chosen.provisioning === 'claims') {
    problems.add(
      'linking',
      "cannot go with provisioning 'claims': claims do not say whether an address is verified, nor what Clerk's external id is.",
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
  if (linking && !links) {
    problems.add(
      'linking',
      'needs a user store with `findLinkable` and `link`.',
      "Implement both, or use linking 'off'.",
    )
  }
}

const UNLIMITED = 1_000_000

/**
 * Clerk's own limits of a key: https://clerk.com/docs/guides/how-clerk-works/system-limits. What answers on this machine is
 * not Clerk, and has no limit that is known here.
 */
function resolveLimits(
  given: Given,
  { secretKey, publishableKey, apiUrl }: Pick<ResolvedOptions, 'secretKey' | 'publishableKey' | 'apiUrl'>,
  problems: Problems,
): Pick<ResolvedOptions, 'api' | 'credentialsPer10Seconds'> {
  const isTest = !secretKey?.startsWith('sk_live_') && !publishableKey?.startsWith('pk_live_')
  const isHere = isLoopback(new URL(apiUrl).hostname)
  const ofKey = isTest ? 100 : 1000
  const rate = resolveNumber(given, 'api.requestsPer10Seconds', problems, isHere ? UNLIMITED : ofKey)
  const share = resolveNumber(given, 'api.share', problems)
  return {
    api: {
      concurrency: resolveNumber(given, 'api.concurrency', problems, isTest && !isHere ? 16 : 64),
      requestsPer10Seconds: Math.max(1, Math.floor(rate * share)),
    },
    // Invented credentials are limited on every machine as they will be in production.
    credentialsPer10Seconds: Math.max(1, Math.floor((rate === UNLIMITED ? ofKey : rate) * share)),
  }
}

function checkStores(given: Given, problems: Problems): void {
  for (const [name, methods] of Object.entries(STORES)) {
    if (given[name] === undefined) continue
    const store = toRecord(given[name])
    const missing = methods.filter((method) => typeof store[method] !== 'function')
    if (missing.length === 0) continue
    problems.add(
      name,
      `is not a store: it has no ${missing.map((method) => `\`${method}\``).join(', ')}.`,
      'Give what a store factory returns: `createClerk(fromEnv(), prismaStore(prisma))`.',
    )
  }
}

function checkFunctions(given: Given, names: readonly string[], problems: Problems): void {
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

/** Without one: what an operator must not miss on the console, and outside production what a developer wants to know. */
function resolveLogger(value: unknown, production: boolean, problems: Problems): Logging {
  const logging = { given: value !== undefined && value !== false, production }
  if (value === undefined)
    return { ...logging, logger: consoleLogger(production ? ['error'] : ['info', 'warn', 'error']) }
  if (value === false) return { ...logging, logger: null }
  // `console` would print the fields before the sentence.
  if (value === globalThis.console) return { ...logging, logger: consoleLogger(LOG_LEVELS) }
  const given = toRecord(value)
  const missing = LOG_LEVELS.filter((level) => typeof given[level] !== 'function')
  if (missing.length > 0) {
    problems.add(
      'logger',
      `is no logger: it has no ${missing.map((level) => `\`${level}\``).join(', ')}.`,
      'Give pino, another object with `debug`, `info`, `warn` and `error`, or `false`.',
    )
  }
  return { ...logging, logger: value as ClerkLogger }
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
