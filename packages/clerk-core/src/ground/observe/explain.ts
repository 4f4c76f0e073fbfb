import type { AnonymousReason, Code, CodesIn } from '../codes.js'
import { CODES } from '../codes.js'
import type { OriginList } from '../options/origins.js'
import type { ResolvedOptions } from '../options/resolved.js'
import { quote, type Redact } from './redact.js'

/**
 * What was looked at where something was refused: header or claims of a token, a session record, headers of a request. Only
 * the fields that the table below names are ever told. Never in an `Auth` or a response, and held by nothing that stays.
 */
export type Evidence = Readonly<Record<string, unknown>>

/** What the configuration expects; `ResolvedOptions` has these fields. */
export interface Expected {
  readonly issuer?: string
  readonly authorizedParties?: OriginList | null
  readonly audience?: readonly string[] | null
  readonly clockToleranceSeconds?: number
  readonly accept?: ResolvedOptions['accept']
  readonly machineId?: string | null
  readonly webhook?: { readonly toleranceSeconds: number; readonly maxBodyBytes: number }
  readonly webhookSecrets?: readonly string[]
  /** Milliseconds. */
  readonly now?: () => number
}

export interface RefusalDetail {
  readonly seen?: Evidence | null
  readonly expected?: Expected
  /** Default: whatever has the form of a secret, token or address is replaced. */
  readonly redact?: Redact
}

/** Why something was refused, for a person. */
export interface Explanation {
  readonly code: Code
  /** What has happened: the fixed sentence of the code. */
  readonly meaning: string
  /** What the client sent, quoted. `null` where it is not known, or a secret. */
  readonly seen: string | null
  /** What the configuration expects. `null` where it is not known. */
  readonly expected: string | null
  readonly remedy: string
  /** The entry in `docs/errors.md`. */
  readonly link: string
  /** All of it, in one line. */
  readonly text: string
}

interface Facts {
  readonly seen: (of: Evidence, say: Say) => string
  readonly expected: (of: Expected, seen: Evidence) => string | null
}
interface Say {
  readonly quote: (value: unknown) => string
  /** The clock, in seconds; `null` where there is none. */
  readonly nowSeconds: number | null
}

const ERRORS_PAGE = 'https://github.com/acme/clerk/blob/main/docs/errors.md'
const MOST_ORIGINS = 10

/** `azp "https://…"`, for each of the fields. */
const fields =
  (...names: readonly string[]): Facts['seen'] =>
  (seen, say) =>
    names.map((name) => `${name} ${say.quote(seen[name])}`).join(', ')

/** A time of a token, and how far it is from the clock. */
const time =
  (name: string): Facts['seen'] =>
  (seen, { quote: said, nowSeconds }) => {
    const at = seen[name]
    if (typeof at !== 'number' || nowSeconds === null) return `${name} ${said(at)}`
    const seconds = Math.round(at - nowSeconds)
    return `${name} ${at}, which is ${Math.abs(seconds)} s ${seconds < 0 ? 'before' : 'after'} the clock of this machine`
  }

const fixed = (text: string) => () => text
const facts = (seen: Facts['seen'], expected: Facts['expected'] | string): Facts => ({
  seen,
  expected: typeof expected === 'string' ? fixed(expected) : expected,
})

const origins: Facts['expected'] = ({ authorizedParties }) => {
  if (authorizedParties === undefined) return null
  if (authorizedParties === null) return '`authorizedParties` is `any`, which lists no origin'
  const { listed } = authorizedParties
  const more = listed.length > MOST_ORIGINS ? ` and ${listed.length - MOST_ORIGINS} more` : ''
  return `one of authorizedParties: ${listed.slice(0, MOST_ORIGINS).join(', ')}${more}`
}
const tolerance: Facts['expected'] = ({ clockToleranceSeconds }) =>
  clockToleranceSeconds === undefined ? null : `at most ${clockToleranceSeconds} s after it`
const ofIssuer: Facts['expected'] = ({ issuer }) => issuer ?? null
const keyOfIssuer: Facts['expected'] = ({ issuer }) =>
  issuer === undefined ? null : `a key of ${issuer}, and iss ${JSON.stringify(issuer)}`

/** Codes of refusals about which more is known than the code. Each names the fields that may be told. */
type Refusal = AnonymousReason | CodesIn<'webhook-refusal'>

const FACTS: Readonly<Record<Refusal, Facts | null>> = {
  'token-too-large': facts(fields('length'), 'at most 8192 characters'),
  'token-malformed': facts(fields('length', 'parts'), 'three parts, separated by dots'),
  'token-type-not-allowed': facts(fields('typ'), '"JWT"'),
  'token-category-not-allowed': facts(fields('cat'), 'the category of session tokens, or none'),
  'algorithm-not-allowed': facts(fields('alg'), '"RS256"'),
  'critical-header-not-allowed': facts(
    (seen) => ['crit', 'b64', 'zip'].filter((name) => Object.hasOwn(seen, name)).join(', '),
    'none of these headers',
  ),
  'key-id-missing': facts(fields('kid'), 'the id of a key'),
  'key-not-found': facts(fields('kid', 'iss'), keyOfIssuer),
  'signature-invalid': facts(fields('kid', 'iss'), keyOfIssuer),
  'issuer-mismatch': facts(fields('iss'), ofIssuer),
  'subject-invalid': facts(fields('sub'), 'the id of a user (`user_…`)'),
  'session-id-invalid': facts(fields('sid'), 'the id of a session (`sess_…`)'),
  'time-claim-invalid': facts(fields('exp', 'iat', 'nbf'), 'whole seconds'),
  'lifetime-too-long': facts(fields('exp', 'iat'), 'at most 86400 s between them'),
  'token-expired': facts(time('exp'), 'a time in the future'),
  'token-not-yet-valid': facts(time('nbf'), tolerance),
  'token-issued-in-future': facts(time('iat'), tolerance),
  'authorized-party-missing': facts(fields('azp'), origins),
  'authorized-party-mismatch': facts(fields('azp'), origins),
  'audience-mismatch': facts(fields('aud'), ({ audience }) =>
    audience === undefined || audience === null ? null : `one of audience: ${audience.join(', ')}`,
  ),
  'session-pending': facts(fields('sts'), '"active"'),
  'session-revoked': null,
  'machine-type-not-accepted': facts(fields('type'), ({ accept }) => {
    if (accept === undefined) return null
    const accepted = [
      ...(accept.apiKeys ? ['apiKeys'] : []),
      ...(accept.m2m.opaque ? ['m2m'] : []),
      ...(accept.oauth.opaque ? ['oauth'] : []),
    ]
    return accepted.length === 0 ? '`accept` names no type' : `a type of accept: ${accepted.join(', ')}`
  }),
  'machine-jwt-not-accepted': facts(fields('type', 'iss'), 'the opaque form, or none'),
  'machine-receiver-mismatch': facts(fields('scopes', 'aud'), ({ machineId }) =>
    machineId ? `machineId ${machineId} among them` : null,
  ),
  'machine-resource-mismatch': facts(fields('aud'), ({ accept }) =>
    accept?.resource ? `accept.oauth.resource ${accept.resource}` : null,
  ),
  'several-credentials': null,
  'machine-credential-invalid': null,
  'machine-credential-revoked': null,
  'machine-credential-expired': null,
  'no-credentials': null,
  'not-looked-at': null,
  'cookie-outdated': facts(fields('iat'), 'at or after `__client_uat`'),
  'signed-out': null,
  'cross-site-request': facts(fields('method', 'origin', 'fetchSite'), origins),
  'session-ended': null,
  'session-stale': null,
  'user-not-provisioned': null,
  'user-inactive': null,
  'too-large': facts(fields('bytes'), ({ webhook }) =>
    webhook === undefined ? null : `at most ${webhook.maxBodyBytes} bytes`,
  ),
  'not-utf8': null,
  headers: facts(
    fields('svix-id', 'svix-timestamp', 'svix-signature'),
    'each once; an id of printable ASCII, at most 191 characters without a dot',
  ),
  timestamp: facts(time('svix-timestamp'), ({ webhook }) =>
    webhook === undefined ? null : `at most ${webhook.toleranceSeconds} s from it`,
  ),
  signature: facts(fields('svix-id', 'signatures'), ({ webhookSecrets }) =>
    webhookSecrets === undefined
      ? null
      : `a signature with ${webhookSecrets.length === 1 ? 'the secret' : `one of the ${webhookSecrets.length} secrets`} of webhookSecrets`,
  ),
}

/** The entry of a code in `docs/errors.md`. */
export const linkTo = (code: Code): string => `${ERRORS_PAGE}#${code}`

/**
 * Why something was refused, in the words that the logger, the demo and the offline Clerk share: what it means, what was
 * seen, what was expected, what to do, and where to read on. What a client sent is quoted as JSON, at most 100 characters;
 * credentials, secrets, tokens and e-mail addresses are never quoted.
 */
export function explain(code: Code, { seen, expected, redact }: RefusalDetail = {}): Explanation {
  const { meaning, remedy } = CODES[code]
  const known = Object.hasOwn(FACTS, code) ? FACTS[code as Refusal] : null
  const now = expected?.now?.()
  const say: Say = {
    quote: (value) => quote(value, redact),
    nowSeconds: now === undefined ? null : Math.floor(now / 1000),
  }
  const was = known !== null && seen ? known.seen(seen, say) : null
  const should = known !== null && expected !== undefined ? known.expected(expected, seen ?? {}) : null
  const link = linkTo(code)
  const text = [
    meaning,
    was !== null && `Seen: ${was}.`,
    should !== null && `Expected: ${should}.`,
    remedy,
    link,
  ]
  return {
    code,
    meaning,
    seen: was,
    expected: should,
    remedy,
    link,
    text: text.filter((part) => part !== false).join(' '),
  }
}
