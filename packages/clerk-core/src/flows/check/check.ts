import type { ClerkApi } from '../../domain/backend-api/clerk-api.js'
import type { StoredEvent } from '../../domain/store/inbox.js'
import { CODES } from '../../ground/codes.js'
import { nameOf } from '../../ground/error-name.js'
import { ClerkApiError, StoreFaultError } from '../../ground/errors.js'
import { discardBody } from '../../ground/http/read-limited.js'
import { isKeyRefused } from '../../ground/observe/api-status.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { withTimeout } from '../../ground/timing/timeout.js'
import { SVIX_SECONDS } from '../webhooks/schedule.js'
import type { Diagnostic } from './diagnostic.js'
import { type InspectedStores, STORE_NAMES, storeDiagnostics } from './store-findings.js'

/** What the checks look at. */
export interface CheckContext {
  readonly options: ResolvedOptions
  readonly keys: { prefetch(): Promise<unknown> }
  readonly stores: InspectedStores
  readonly api: Pick<ClerkApi, 'countUsers'>
  readonly changes?: { clockSkewMs(): Promise<number | null> }
  /** Default: `NODE_ENV`. */
  readonly environment?: string | undefined
}

interface Check {
  readonly code: Diagnostic['code']
  readonly severity: Diagnostic['severity']
  /** What is wrong, `null` when nothing is. */
  readonly find: (context: CheckContext) => string | null | Promise<string | null>
}

/** Svix makes secrets of 24 bytes; shorter ones can be guessed. */
const SHORTEST_SECRET_BYTES = 24
/** The clock tolerance is 5 s by default; half of it is a warning in time. */
const CLOCK_SKEW_SECONDS = 2
/** What a store of ours is compared with: gaps of the log are waited for, and revocations kept, by whole hours. */
const STORE_SKEW_MS = 30_000
const PROBE_TIMEOUT_MS = 3_000
/** Each check has limits of its own for what it asks; this one is for what has none, an injected `fetch` for instance. */
const CHECK_TIMEOUT_MS = 15_000

const LIMIT_REACHED = 429

const DAY_MS = 24 * 3600 * 1000
/** A worker and `prune` keep 30 days by default, and at most as long as a revocation counts: twice that is forgotten. */
const PRUNED_WITHIN_MS = 60 * DAY_MS

/** Events that are looked at: more of them are as bad. */
const MOST_EVENTS = 100

const inProduction = ({ environment = process.env.NODE_ENV }: CheckContext) => environment === 'production'

const checks: readonly Check[] = [
  {
    code: 'authorized-parties-any',
    severity: 'warning',
    find: (context) =>
      inProduction(context) && context.options.authorizedParties === null
        ? "authorizedParties is 'any': a token that any other site obtained from this Clerk instance is accepted."
        : null,
  },
  {
    code: 'authorized-parties-empty',
    severity: 'error',
    find: ({ options }) =>
      options.authorizedParties?.size === 0 ? 'authorizedParties is empty: every token is refused.' : null,
  },
  {
    code: 'test-keys-in-production',
    severity: 'error',
    find: (context) => {
      const { secretKey, publishableKey } = context.options
      const test = secretKey?.startsWith('sk_test_') || publishableKey?.startsWith('pk_test_')
      return inProduction(context) && test
        ? 'NODE_ENV is production, and the keys are of a test instance.'
        : null
    },
  },
  {
    code: 'keys-of-different-instances',
    severity: 'error',
    find: ({ options: { secretKey, publishableKey } }) => {
      if (secretKey === null || publishableKey === null) return null
      const mixed = secretKey.startsWith('sk_test_') !== publishableKey.startsWith('pk_test_')
      return mixed ? 'One of the keys is of a test instance, the other of a production instance.' : null
    },
  },
  {
    code: 'webhook-secret-missing',
    severity: 'warning',
    find: ({ options, stores }) =>
      options.webhookSecrets.length === 0 && (stores.users || stores.organizations)
        ? 'No webhook secret is set: local rows are not updated, and revocations do not arrive.'
        : null,
  },
  {
    code: 'webhook-secret-too-short',
    severity: 'error',
    find: ({ options }) =>
      options.webhookSecrets.some((secret) => secretBytes(secret) < SHORTEST_SECRET_BYTES)
        ? `A webhook secret has fewer than ${SHORTEST_SECRET_BYTES} bytes.`
        : null,
  },
  {
    code: 'inbox-missing',
    severity: 'warning',
    find: ({ options, stores }) =>
      options.webhookSecrets.length > 0 && !stores.inbox
        ? 'Webhooks are configured without an inbox: duplicates are processed again, and changes do not reach other processes.'
        : null,
  },
  {
    code: 'keys-unreachable',
    severity: 'error',
    find: async ({ keys }) => {
      const error = await failureOf(() => keys.prefetch())
      return error === null
        ? null
        : `The signing keys cannot be fetched (${nameOf(error)}): no token can be verified.`
    },
  },
  {
    code: 'clock-off',
    severity: 'error',
    find: async ({ options }) => {
      const seconds = await clockSkewSeconds(options)
      return seconds !== null && Math.abs(seconds) > CLOCK_SKEW_SECONDS
        ? `The clock of this host is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} Clerk's.`
        : null
    },
  },
  {
    code: 'store-clock-off',
    severity: 'warning',
    find: async ({ changes }) => {
      // That the log cannot be read is another check's finding.
      const measure = async () => (await changes?.clockSkewMs()) ?? null
      const skewMs = await withTimeout(PROBE_TIMEOUT_MS, measure).catch(() => null)
      return skewMs !== null && Math.abs(skewMs) > STORE_SKEW_MS
        ? `The clock of this host is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'behind' : 'ahead of'} the database's.`
        : null
    },
  },
  {
    code: 'secret-key-refused',
    severity: 'error',
    find: (context) =>
      apiFailure(context, (status) =>
        isKeyRefused(status) ? `Clerk refuses the secret key (${status}).` : null,
      ),
  },
  {
    code: 'api-unreachable',
    severity: 'error',
    find: (context) =>
      apiFailure(context, (status) =>
        isKeyRefused(status) || status === LIMIT_REACHED
          ? null
          : `Clerk's Backend API cannot be used (${status === 0 ? 'no response' : status}).`,
      ),
  },
  {
    code: 'api-limit-reached',
    severity: 'warning',
    find: (context) =>
      apiFailure(context, (status) =>
        status === LIMIT_REACHED ? 'Clerk answers 429: the limit of the secret key is used up.' : null,
      ),
  },
  {
    code: 'webhook-events-failed',
    severity: 'warning',
    find: ({ stores: { inbox }, options }) =>
      eventsFound(
        async () => (await inbox?.list({ status: 'failed', limit: MOST_EVENTS }))?.events,
        (count, hours) => `${count} given up; the oldest of them came ${hours} hours ago.`,
        options,
      ),
  },
  {
    code: 'webhook-events-overdue',
    severity: 'warning',
    find: ({ stores: { inbox }, options }) =>
      eventsFound(
        async () => {
          const given = options.now() - SVIX_SECONDS * 1000
          return (await inbox?.due(MOST_EVENTS))?.filter(({ receivedAt }) => receivedAt < given)
        },
        (count, hours) =>
          `${count} due that Svix does not send any more; the oldest of them came ${hours} hours ago.`,
        options,
      ),
  },
  {
    code: 'log-not-pruned',
    severity: 'warning',
    find: async ({ stores: { inbox } }) => {
      // That the log cannot be read is another check's finding.
      const page = await withTimeout(PROBE_TIMEOUT_MS, async () => inbox?.revocations(null, 1)).catch(
        () => null,
      )
      const [oldest] = page?.changes ?? []
      if (page == null || oldest === undefined || page.now - oldest.at <= PRUNED_WITHIN_MS) return null
      return `The oldest entry of the log is ${Math.floor((page.now - oldest.at) / DAY_MS)} days old.`
    },
  },
  ...STORE_NAMES.map(
    (name): Check => ({
      code: `store-unreachable-${name}`,
      severity: 'error',
      find: async ({ stores }) => {
        const error = await failureOf(async () => stores[name]?.ping?.())
        // That its schema is at fault is a finding of its own, which says what to do.
        return error === null || error instanceof StoreFaultError
          ? null
          : `The store of ${name} cannot be used (${nameOf(error)}).`
      },
    }),
  ),
]

/** Every check, beside each other; one that fails in itself is a finding too. Nothing found holds a secret. */
export async function runChecks(context: CheckContext): Promise<Diagnostic[]> {
  const shared = { ...context, api: { countUsers: once(() => context.api.countUsers()) } }
  const found = await Promise.all(
    checks.map(async ({ code, severity, find }) => {
      const message = await withTimeout(CHECK_TIMEOUT_MS, () => find(shared)).catch(
        (error: unknown) => `The check could not be made (${nameOf(error)}).`,
      )
      return message === null ? [] : [{ severity, code, message, remedy: CODES[code].remedy }]
    }),
  )
  const schemas = await Promise.all(
    STORE_NAMES.map((name) => storeDiagnostics(context.stores[name], context.options)),
  )
  return [...found, ...schemas].flat()
}

/** That the inbox cannot be read is another check's finding. */
async function eventsFound(
  read: () => Promise<readonly Pick<StoredEvent, 'receivedAt'>[] | undefined>,
  describe: (count: string, hours: number) => string,
  { now }: ResolvedOptions,
): Promise<string | null> {
  const events = (await withTimeout(PROBE_TIMEOUT_MS, read).catch(() => [])) ?? []
  if (events.length === 0) return null
  const oldest = Math.min(...events.map(({ receivedAt }) => receivedAt))
  const hours = Math.max(0, Math.floor((now() - oldest) / 3_600_000))
  const number = events.length === MOST_EVENTS ? `${MOST_EVENTS} or more` : String(events.length)
  return describe(events.length === 1 ? '1 webhook event is' : `${number} webhook events are`, hours)
}

async function failureOf(step: () => Promise<unknown>): Promise<unknown> {
  try {
    await step()
    return null
  } catch (error) {
    return error
  }
}

async function apiFailure(
  { options, api }: CheckContext,
  describe: (status: number) => string | null,
): Promise<string | null> {
  if (options.secretKey === null) return null
  try {
    await api.countUsers()
    return null
  } catch (error) {
    if (error instanceof ClerkApiError) return describe(error.status)
    throw error
  }
}

/** Positive: ours is ahead. `null` where no response tells the time. */
async function clockSkewSeconds({ keys, apiUrl, fetch, now }: ResolvedOptions): Promise<number | null> {
  try {
    const before = now()
    const url = keys.kind === 'jwks' ? keys.url : apiUrl
    const response = await withTimeout(PROBE_TIMEOUT_MS, (signal) =>
      fetch(url, { redirect: 'manual', signal }),
    )
    discardBody(response)
    const after = now()
    const theirs = Date.parse(response.headers.get('date') ?? '')
    if (Number.isNaN(theirs)) return null
    // `Date` has whole seconds, and is from some moment between asking and being answered.
    if (theirs + 1000 < before) return Math.round((before - theirs) / 1000)
    return theirs > after ? Math.round((after - theirs) / 1000) : 0
  } catch {
    // That it cannot be reached is another check's finding.
    return null
  }
}

function secretBytes(secret: string): number {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64').length
}

/** Several checks read the same response of Clerk's. */
function once<T>(request: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= request()
    return result
  }
}
