import { OPTION_DEFAULTS } from './ground/options/read.js'
import type { ClerkOptions } from './options.js'

type AnyFunction = (...args: never[]) => unknown
type Leaf = string | number | boolean | readonly unknown[] | AnyFunction

/** An object that has nothing but methods (a store, an invalidation, a logger) is one option; any other is a group. */
type NamesOf<K extends string, V> = V extends Leaf
  ? K
  : V[keyof V] extends AnyFunction | undefined
    ? K
    : `${K}.${keyof V & string}`

/** Every option of `createClerk`, those in a group with its name in front: `session.graceSeconds`. */
export type OptionName = {
  [K in keyof ClerkOptions & string]-?: NamesOf<K, NonNullable<ClerkOptions[K]>>
}[keyof ClerkOptions & string]

export interface OptionEntry {
  readonly chapter: OptionChapter
  /** As a user writes it, in Markdown. For numbers and words it comes from the code that reads them, unless it depends. */
  readonly default?: string
  /** `seconds`, `bytes`, `entries`, `calls`; times are seconds everywhere. */
  readonly unit?: string
  /** What it does, in Markdown. */
  readonly effect: string
}

/** The chapters of `docs/configuration.md`, in their order. */
export const OPTION_CHAPTERS = {
  keys: 'Keys and the instance',
  tokens: 'Which tokens are accepted',
  session: 'Sessions',
  stores: 'Stores, users and organisations',
  webhooks: 'Webhooks',
  pages: 'Pages',
  limits: 'Limits and caches',
  seams: 'Logs, clock and network',
} as const
export type OptionChapter = keyof typeof OPTION_CHAPTERS

/**
 * Every option, once. `createClerk` refuses what is not in this table, and `docs/configuration.md` is made of it: an option
 * that is added to `ClerkOptions` and not to this table does not compile.
 */
export const OPTIONS = {
  secretKey: {
    chapter: 'keys',
    effect:
      'Secret key of the instance (`sk_test_…`, `sk_live_…`). Needed to fetch users, to ask about sessions, to revoke them, and for API keys and OAuth tokens.',
  },
  publishableKey: {
    chapter: 'keys',
    effect:
      'Publishable key (`pk_test_…`, `pk_live_…`). It names the frontend API: issuer, public key set, cookie suffix and Account Portal.',
  },
  jwtKey: {
    chapter: 'keys',
    effect:
      'PEM public key: tokens are verified without any network. Newlines may be real ones, `\\n` in two characters, or CRLF. It comes before every other source of keys.',
  },
  jwksUrl: { chapter: 'keys', effect: 'URL of the key set, in place of the one of the publishable key.' },
  issuer: {
    chapter: 'keys',
    default: 'from `proxyUrl`, else from `publishableKey`, else the origin of `jwksUrl`',
    effect: 'Expected `iss` of tokens.',
  },
  apiUrl: {
    chapter: 'keys',
    default: '`https://api.clerk.com`',
    effect: "Clerk's Backend API. `http:` is accepted for loopback alone.",
  },
  proxyUrl: {
    chapter: 'keys',
    effect:
      'Where your own domain passes requests on to the frontend API (`https://app.example.com/__clerk`). Tokens then have it as their `iss`. Keys are fetched from the Backend API where there is a `secretKey`, else through the proxy.',
  },
  machineSecretKey: {
    chapter: 'keys',
    effect:
      'Secret key of this machine (`ak_…`), needed for opaque M2M tokens (`accept.m2m`) and to make tokens (`clerk.machines`, [machines.md](machines.md)).',
  },
  machineId: {
    chapter: 'keys',
    effect: 'Id of this machine at Clerk (`mch_…`), needed for M2M tokens that are JWTs.',
  },
  machineOrigins: {
    chapter: 'keys',
    default: '`[]`',
    effect:
      'Origins of the services that `machineFetch` may call ([machines.md](machines.md)), each exactly. `http:` is accepted for loopback alone.',
  },
  allowOfflineClerk: {
    chapter: 'keys',
    default: '`false`',
    effect: 'Allow keys of an offline Clerk under `NODE_ENV=production`, for tests of a production build.',
  },
  authorizedParties: {
    chapter: 'tokens',
    default: '**required**',
    effect:
      "Origins whose pages may obtain tokens for this backend, or `'any'` in so many words (in code alone). A `*` may stand for one label at the front of a host, for the port of a loopback host, and for the host of a browser extension: [tokens.md](tokens.md).",
  },
  allowMissingAzp: {
    chapter: 'tokens',
    default: '`false`',
    effect:
      'Accept bearer tokens without `azp`. Native apps send no Origin, and tokens made by the Backend API have none.',
  },
  audience: { chapter: 'tokens', effect: 'Expected `aud`; any one of several.' },
  clockToleranceSeconds: {
    chapter: 'tokens',
    unit: 'seconds',
    effect: "How far this clock and Clerk's may differ.",
  },
  allowPending: {
    chapter: 'tokens',
    default: '`false`',
    effect:
      "Accept sessions with open tasks (`sts: pending`). A guard needs `pending: 'allow'` as well, or it refuses them.",
  },
  'accept.apiKeys': { chapter: 'tokens', default: '`false`', effect: 'Accept API keys.' },
  'accept.apiKeyHeader': {
    chapter: 'tokens',
    default: '`false`',
    effect:
      'Accept API keys in the `X-API-Key` header too, and nothing else there. With a bearer beside it the request is refused.',
  },
  'accept.m2m': {
    chapter: 'tokens',
    default: '`false`, neither form',
    effect:
      "Accept machine-to-machine tokens. The opaque form needs `machineSecretKey`, the JWT form `machineId`. `'opaque'` or `'jwt'` accepts one form alone.",
  },
  'accept.oauth': {
    chapter: 'tokens',
    default: '`false`, neither form',
    effect:
      "Accept OAuth access tokens: `true`, one form alone (`'opaque'`, `'jwt'`), or `{ resource, scopes, form }`. `resource` is this service as its clients name it: `aud` must name it (RFC 8707), which of an opaque token Clerk does not tell: those are refused then. `scopes` are those that every token must have.",
  },
  'accept.maxAgeSeconds': {
    chapter: 'tokens',
    default: 'until they expire',
    unit: 'seconds',
    effect:
      'How old a JWT of a machine may be. Clerk cannot take one back before it expires; this bounds how long a stolen one works.',
  },
  'session.revalidateAfterSeconds': {
    chapter: 'session',
    unit: 'seconds',
    effect:
      'How long a session is trusted before Clerk is asked again ([sessions.md](sessions.md)). 0: asked every time.',
  },
  'session.graceSeconds': {
    chapter: 'session',
    unit: 'seconds',
    effect:
      'How long an outage of Clerk, or of the log of changes, is bridged; after that answers are `unavailable` (503).',
  },
  'session.remember': {
    chapter: 'session',
    effect: 'Which requests get a session: those that carry cookies, all (`always`), none (`never`).',
  },
  'session.keepClaims': {
    chapter: 'session',
    default: '`[]`',
    effect: 'Names of claims that a session remembers; together at most 1 KB of JSON.',
  },
  users: { chapter: 'stores', effect: 'The store of users. Store factories bring all three stores.' },
  organizations: { chapter: 'stores', effect: 'The store of organisations, memberships and roles.' },
  inbox: {
    chapter: 'stores',
    effect:
      'The store of webhooks: each is processed once, and other processes read from it what has changed.',
  },
  provisioning: {
    chapter: 'stores',
    effect:
      "A valid token whose user is not in the store: `'api'` fetches the user from Clerk (needs `secretKey`), `'claims'` makes one of the token's claims, `'off'` leaves the request anonymous.",
  },
  linking: {
    chapter: 'stores',
    default: "`'off'`",
    effect:
      "`'verified-email'`, `'external-id'`, or a list of them in order: attaches a Clerk user to an existing local row, [existing-users.md](existing-users.md). Not together with `provisioning: 'claims'`.",
  },
  canLink: {
    chapter: 'stores',
    default: 'the row may sign in, and for an address its `emailVerified`',
    effect: "The application's last word on a link.",
  },
  claimsToUser: { chapter: 'stores', effect: 'Fields of a user that is made of claims.' },
  privateMetadata: {
    chapter: 'stores',
    default: '`false`',
    effect: 'Hand `private_metadata` to the stores.',
  },
  'store.timeoutSeconds': {
    chapter: 'stores',
    unit: 'seconds',
    effect: "No call of a store, the framework's session store included, is waited for longer.",
  },
  invalidation: {
    chapter: 'stores',
    effect:
      'Tells other processes of a change at once: an object with `publish` and `subscribe`. It may stand beside `pollSeconds` in another part.',
  },
  'invalidation.pollSeconds': {
    chapter: 'stores',
    unit: 'seconds',
    effect: 'How old the last look at the inbox may be before a request looks again.',
  },
  webhookSecrets: {
    chapter: 'webhooks',
    default: '`[]`',
    effect:
      'Signing secrets (`whsec_…`); two of them while a secret is rotated ([production.md](production.md#rotating-keys-and-secrets)).',
  },
  'webhook.toleranceSeconds': {
    chapter: 'webhooks',
    unit: 'seconds',
    effect: 'How old, or how far ahead, the timestamp of a delivery may be.',
  },
  'webhook.leaseSeconds': {
    chapter: 'webhooks',
    unit: 'seconds',
    effect: 'How long an event belongs to the process that has claimed it.',
  },
  'webhook.handlerTimeoutSeconds': {
    chapter: 'webhooks',
    unit: 'seconds',
    effect: 'How long a handler of `clerk.on` may take. Svix gives up after 15 seconds.',
  },
  'webhook.maxBodyBytes': {
    chapter: 'webhooks',
    unit: 'bytes',
    effect: 'Longest body; a longer one is 413.',
  },
  signInUrl: {
    chapter: 'pages',
    default: 'the Account Portal of `publishableKey`',
    effect:
      'Where people sign in: a URL, or a path of this server. Routes, middleware and guards may be given another one.',
  },
  signUpUrl: {
    chapter: 'pages',
    default: 'the Account Portal of `publishableKey`',
    effect: 'Where people sign up: a URL, or a path of this server.',
  },
  'cache.tokens': {
    chapter: 'limits',
    unit: 'entries',
    effect: 'How many verified tokens are remembered; 0 switches it off.',
  },
  'cache.users': {
    chapter: 'limits',
    unit: 'entries',
    effect: 'How many users, and how many memberships, are remembered; 0 switches it off.',
  },
  'cache.userTtlSeconds': {
    chapter: 'limits',
    unit: 'seconds',
    effect: 'How long a user that was read counts. Changes that come by webhook take effect before.',
  },
  'cache.organizationTtlSeconds': {
    chapter: 'limits',
    unit: 'seconds',
    effect: 'The same for organisations and memberships.',
  },
  'api.concurrency': {
    chapter: 'limits',
    default: '64 for a live key or at a loopback address, 16 for a test key (1–10,000)',
    unit: 'calls',
    effect:
      "How many calls of Clerk's Backend API run at a time. All `createClerk` of a process with one secret key share the limits; the smallest numbers count.",
  },
  'api.requestsPer10Seconds': {
    chapter: 'limits',
    default: '1,000 for a live key, 100 for a test key, no limit at a loopback address (1–1,000,000)',
    unit: 'calls',
    effect: "Clerk's limit of the key.",
  },
  'api.share': {
    chapter: 'limits',
    effect: "Which part of that limit is this process's: 0.25 for each of four processes.",
  },
  logger: {
    chapter: 'seams',
    default: '`console`; in production for errors alone',
    effect:
      'Hears what an operator must not miss: pino, or an object with `debug`, `info`, `warn` and `error`; `false` for none. [Observability](observability.md#the-logger).',
  },
  now: { chapter: 'seams', default: "the system's clock", effect: 'The clock, in milliseconds. For tests.' },
  fetch: { chapter: 'seams', default: 'the global `fetch`', effect: 'For tests, and for proxies.' },
} as const satisfies Readonly<Record<OptionName, OptionEntry>>

/** What counts where an option is not given, in Markdown. */
export function defaultOf(name: OptionName): string {
  const entry: OptionEntry = OPTIONS[name]
  const ofCode = Object.hasOwn(OPTION_DEFAULTS, name)
    ? OPTION_DEFAULTS[name as keyof typeof OPTION_DEFAULTS]
    : undefined
  return entry.default ?? ofCode ?? '–'
}

/** The names of each group, and under `''` those of the first level, groups included. */
export const OPTION_GROUPS: ReadonlyMap<string, readonly string[]> = groups(Object.keys(OPTIONS))

function groups(names: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [group = '', name] of names.map((path) => path.split('.'))) {
    found.set('', [...new Set([...(found.get('') ?? []), group])])
    if (name !== undefined) found.set(group, [...(found.get(group) ?? []), name])
  }
  return found
}
