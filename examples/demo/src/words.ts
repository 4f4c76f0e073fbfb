import type { ClerkEvent, ClerkEventName } from '@acme/clerk-core'
import { explain } from '@acme/clerk-core/adapter'

export type Tone = 'good' | 'plain' | 'warn' | 'bad'

/** One thing the library did, in plain words. */
export interface Line {
  readonly event: ClerkEventName
  readonly tone: Tone
  readonly text: string
}

type Words = { [N in ClerkEventName]: (event: Extract<ClerkEvent, { name: N }>) => [Tone, string] | null }

const CACHE_HIT = 'cache hit: '
const CACHED = {
  token: 'the verified token',
  user: 'the local user',
  membership: 'the membership',
  organization: 'the organisation',
  machine: 'the API key',
}
const FRESH = {
  token: 'new token: signature and claims verified',
  user: 'local user read from the database',
  membership: 'membership read from the database',
  organization: 'organisation read from the database',
  machine: 'API key checked with Clerk',
}

const SUCCESS = {
  token: 'signed in by Clerk’s token',
  session: 'signed in by the application’s own session: no token was needed',
  machine: 'a service account, by its API key',
  local: 'an administrator of the application: signed in here, not at Clerk',
} as const

/** Nobody is signed in, and nothing was refused. */
const VISITORS: Readonly<Record<string, string>> = {
  'no-credentials': 'no user is signed in',
  'signed-out': 'no user is signed in: this browser has signed out',
}

/** The sentences of the logger and of docs/errors.md: what has happened, and what to do. */
function sentences(code: Parameters<typeof explain>[0]): string {
  const { meaning, remedy } = explain(code)
  return `${code}. ${meaning} ${remedy}`
}

const KEYS = {
  cold: 'fetched for the first time',
  expired: 'fetched again: the old set was too old',
  'soft-expired': 'refreshed in the background',
  'unknown-kid': 'fetched again: a token names an unknown key',
  'bad-signature': 'fetched again: a signature did not match a known key',
} as const

const WORDS: Words = {
  'auth.success': ({ source }) => ['good', SUCCESS[source]],
  'auth.failure': ({ reason }) => {
    const visitor = VISITORS[reason]
    return visitor === undefined ? ['bad', `refused: ${sentences(reason)}`] : ['plain', visitor]
  },
  'auth.unavailable': ({ reason }) => [
    'warn',
    `could not be checked, and is answered 503, not “signed out”: ${sentences(reason)}`,
  ],
  'cache.hit': ({ cache }) => ['plain', `${CACHE_HIT}${CACHED[cache]}`],
  'cache.miss': ({ cache }) => ['plain', FRESH[cache]],
  'jwks.refresh': ({ keys, reason }) => [
    'plain',
    `Clerk’s key set ${KEYS[reason]} (${keys} ${keys === 1 ? 'key' : 'keys'})`,
  ],
  'jwks.error': () => ['warn', 'Clerk’s key set cannot be fetched: the cached one is used'],
  'jwks.stale': () => ['warn', 'Clerk’s key set is old, and is used while Clerk cannot be reached'],
  'session.started': () => ['plain', 'remembered in the application’s session'],
  'session.refreshed': ({ by }) => [
    'plain',
    by === 'clerk'
      ? 'revalidation: Clerk says that the session is still active'
      : 'session record renewed from the token',
  ],
  'session.ended': () => ['bad', 'the application’s session was ended'],
  'session.error': ({ operation }) => [
    'warn',
    `the application’s session could not be ${operation === 'end' ? 'ended' : 'written'}`,
  ],
  'user.provisioned': ({ by, outcome }) =>
    outcome === 'stale'
      ? null
      : [
          'plain',
          `local row ${outcome}, ${by === 'webhook' ? 'from the webhook' : by === 'api' ? 'fetched from Clerk' : 'from the token'}`,
        ],
  'user.linked': () => ['plain', 'attached to the row that was there before Clerk'],
  'user.error': ({ step }) => ['warn', `the application’s ${step} threw`],
  'store.fault': ({ store, fault }) => [
    'bad',
    `the database refused an operation of the ${store} store (${fault})`,
  ],
  'webhook.received': ({ type }) => ['plain', `webhook ${type}: signature verified`],
  'webhook.processed': () => ['good', 'webhook applied'],
  'webhook.duplicate': ({ type }) => ['warn', `webhook ${type} came before: duplicate ignored`],
  'webhook.stale': () => ['warn', 'older than the row: stale webhook ignored'],
  'webhook.failed': ({ code }) => ['bad', `webhook: ${sentences(code)}`],
  'webhook.exhausted': () => ['bad', 'webhook given up: it has failed as often as it may'],
  'worker.error': () => ['warn', 'the worker cannot use the store, and asks again later'],
  'changes.applied': ({ by }) => (by === 'push' ? null : ['plain', 'applied a change from the inbox']),
  'changes.error': () => ['warn', 'the inbox cannot be read'],
  'api.error': ({ operation, status }) => [
    'warn',
    status === 401 || status === 403
      ? 'Clerk refuses the secret key'
      : `Clerk gave no usable answer (${operation})`,
  ],
  'api.retry': ({ operation, attempt }) => [
    'warn',
    `Clerk does not answer (${operation}): attempt ${attempt + 1} follows`,
  ],
}

/** Several hits in one line. */
function joinHits(lines: readonly Line[]): Line[] {
  const isHit = ({ event }: Line) => event === 'cache.hit'
  const hits = [...new Set(lines.filter(isHit).map(({ text }) => text.slice(CACHE_HIT.length)))]
  const first = lines.find(isHit)
  return lines.flatMap((line) => {
    if (!isHit(line)) return [line]
    return line === first ? [{ ...line, text: `${CACHE_HIT}${hits.join(', ')}` }] : []
  })
}

/** The lines of one request, without repeated and implied ones. */
export function summarise(lines: readonly Line[]): Line[] {
  const has = (name: ClerkEventName) => lines.some(({ event }) => event === name)
  const implied = new Set<ClerkEventName>()
  if (has('webhook.stale')) implied.add('webhook.processed')
  if (has('webhook.received')) implied.add('auth.failure')
  const seen = new Set<string>()
  return joinHits(lines).filter(({ event, text }) => {
    if (implied.has(event) || seen.has(text)) return false
    seen.add(text)
    return true
  })
}

/** `null` for an event that would tell the reader nothing. */
export function inWords(event: ClerkEvent): Line | null {
  const said = (WORDS[event.name] as (given: ClerkEvent) => [Tone, string] | null)(event)
  return said && { event: event.name, tone: said[0], text: said[1] }
}
