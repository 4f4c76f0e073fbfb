import type { ResolvedOptions } from '../../ground/options/resolved.js'
import type { RequestExcuse } from '../credentials/origin.js'
import type { JsonObject } from './parse-token.js'
import type { TokenRefusal } from './token-refusal.js'

/** What the checks need to know of the options. */
export type TokenPolicy = Pick<
  ResolvedOptions,
  'issuer' | 'authorizedParties' | 'audience' | 'clockToleranceSeconds' | 'allowPending' | 'now'
>

interface Check {
  readonly reason: TokenRefusal
  readonly passes: (subject: JsonObject, policy: TokenPolicy) => boolean
  /** About the times of a token, which a session record does not keep. */
  readonly ofTokensAlone?: true
}

/** Why a token without `azp` was accepted: by `allowMissingAzp` (bearer), or by what the request said of itself. */
export type AzpExcuse = 'option' | RequestExcuse

const LISTED = 'listed-origin:'

/** `exp − iat`: an older token cannot come back, so that no revocation has to be remembered for longer. */
export const LONGEST_TOKEN_SECONDS = 24 * 60 * 60

export const CATEGORY = {
  session: 'cl_B7d4PD111AAA',
  m2m: 'cl_B7d4PD333AAA',
  ignore: 'cl_I7d4PD111III',
} as const
const SESSION_CATEGORIES = new Set<unknown>([undefined, CATEGORY.session, CATEGORY.ignore])
export const OAUTH_TYPES: ReadonlySet<unknown> = new Set<unknown>(['at+jwt', 'application/at+jwt'])
export const MACHINE_SUBJECT = 'mch_'

/** Of every JWT that Clerk signs, whatever it is for. */
const ALGORITHM_CHECKS = [
  {
    // `none`, and HMAC with the public key as its secret (RFC 8725 §2.1); also every algorithm Clerk does not use.
    reason: 'algorithm-not-allowed',
    passes: ({ alg }) => alg === 'RS256',
  },
  {
    // RFC 7515 §4.1.11: an extension that is not understood must be refused, and none is understood here.
    reason: 'critical-header-not-allowed',
    passes: (header) => !('crit' in header) && !('b64' in header) && !('zip' in header),
  },
] as const satisfies readonly Check[]

/** `null`: the algorithm is the one of Clerk's keys, and no extension is asked for. */
export function checkAlgorithm(header: JsonObject): (typeof ALGORITHM_CHECKS)[number]['reason'] | null {
  return ALGORITHM_CHECKS.find(({ passes }) => !passes(header))?.reason ?? null
}

/** In this order, before any key is looked for. */
const HEADER_CHECKS: readonly Check[] = [
  {
    // An OAuth access token (RFC 9068 `at+jwt`) is signed by the same key and must not sign a user in.
    reason: 'token-type-not-allowed',
    passes: ({ typ }) => typ === undefined || typ === 'JWT',
  },
  {
    // JWT templates and M2M tokens come from the same key too; they outlive the session they were made in.
    reason: 'token-category-not-allowed',
    passes: ({ cat }) => SESSION_CATEGORIES.has(cat),
  },
  ...ALGORITHM_CHECKS,
]

/**
 * In this order, after the signature. None of them depends on the time, so that a cached result has passed them. A session
 * record meets the same checks whenever it is read: another backend may have written it.
 */
const CLAIM_CHECKS: readonly Check[] = [
  {
    // A token of another Clerk instance, whose keys may have reached this key set.
    reason: 'issuer-mismatch',
    passes: ({ iss }, { issuer }) => iss === issuer,
  },
  {
    // A machine is not a user, whatever else its token says.
    reason: 'subject-invalid',
    passes: ({ sub }) => isId(sub) && !sub.startsWith(MACHINE_SUBJECT),
  },
  {
    // Without a session there is nothing that a sign-out could revoke: a JWT template's token.
    reason: 'session-id-invalid',
    passes: ({ sid }) => isId(sid),
  },
  {
    // Strings, fractions, Infinity (`1e400`) and milliseconds compare in ways that were not meant; missing ones never expire.
    reason: 'time-claim-invalid',
    passes: ({ exp, iat, nbf }) => isTime(exp) && isTime(iat) && isTime(nbf),
    ofTokensAlone: true,
  },
  {
    // A revocation is remembered for as long as the longest token: longer ones would outlive it.
    reason: 'lifetime-too-long',
    passes: ({ exp, iat }) => Number(exp) - Number(iat) <= LONGEST_TOKEN_SECONDS,
    ofTokensAlone: true,
  },
  {
    // A token obtained by another origin of the same instance (a subdomain that has been taken over).
    reason: 'authorized-party-mismatch',
    passes: ({ azp }, { authorizedParties }) =>
      azp === undefined || (isId(azp) && (authorizedParties === null || authorizedParties.has(azp))),
  },
  {
    // RFC 7519 §4.1.3: a token meant for another service.
    reason: 'audience-mismatch',
    passes: ({ aud }, { audience }) => audience === null || names(aud, audience),
  },
  {
    // The user has not finished signing in (a second factor to set up, an organisation to choose).
    reason: 'session-pending',
    passes: ({ sts }, { allowPending }) => allowPending || sts !== 'pending',
  },
]

export function checkHeader(header: JsonObject, policy: TokenPolicy): TokenRefusal | null {
  return firstFailure(HEADER_CHECKS, header, policy)
}

export function checkClaims(claims: JsonObject, policy: TokenPolicy): TokenRefusal | null {
  return firstFailure(CLAIM_CHECKS, claims, policy)
}

const REMEMBERED_CHECKS = CLAIM_CHECKS.filter(({ ofTokensAlone }) => ofTokensAlone !== true)

/** What a session record remembers of the claims that the checks look at. */
export interface RememberedClaims {
  readonly iss: string
  readonly sub: string
  readonly sid: string
  readonly aud: string | readonly string[] | null
  readonly azp: string | null
  /** `null` where the token had an `azp`. */
  readonly azpMissing: AzpExcuse | null
  readonly sts: string
}

/** Why this backend would have refused the token that a session record was made from; `null` where it would not. */
export function checkRemembered(
  record: RememberedClaims,
  policy: TokenPolicy & Pick<ResolvedOptions, 'allowMissingAzp'>,
): TokenRefusal | null {
  const { azp, azpMissing } = record
  // Fields are named like the claims: only a missing `azp` is written in another way.
  const claims = azp === null ? { ...record, azp: undefined } : record
  const excused = azpMissing !== null && isExcusedBy(azpMissing, policy)
  return (
    firstFailure(REMEMBERED_CHECKS, claims as Partial<RememberedClaims> as JsonObject, policy) ??
    (lacksAzp(claims.azp, excused) ? 'authorized-party-missing' : null)
  )
}

export function isAzpExcuse(value: unknown): value is AzpExcuse {
  if (typeof value !== 'string') return false
  return value === 'option' || dependsOnNothing(value) || value.startsWith(LISTED)
}

/** Excuses that every backend accepts: it makes no difference which of them a record remembers. */
export function dependsOnNothing(excuse: string | null): boolean {
  return excuse === 'navigation' || excuse === 'same-origin'
}

function isExcusedBy(
  excuse: AzpExcuse,
  { allowMissingAzp, authorizedParties }: Pick<ResolvedOptions, 'allowMissingAzp' | 'authorizedParties'>,
): boolean {
  if (excuse === 'option') return allowMissingAzp
  return dependsOnNothing(excuse) || authorizedParties?.exact.has(excuse.slice(LISTED.length)) === true
}

/** Whether a token may lack `azp` depends on how it came, so that this is asked on each request. */
export function lacksAzp(azp: unknown, excused: boolean): boolean {
  return azp === undefined && !excused
}

/** A machine's JWT according to its unverified claims: it is no session token, with any signature. */
export function isMachineToken(header: JsonObject, claims: JsonObject): boolean {
  const { sub } = claims
  return (
    OAUTH_TYPES.has(header.typ) ||
    header.cat === CATEGORY.m2m ||
    (typeof sub === 'string' && sub.startsWith(MACHINE_SUBJECT))
  )
}

function firstFailure(
  checks: readonly Check[],
  subject: JsonObject,
  policy: TokenPolicy,
): TokenRefusal | null {
  for (const { reason, passes } of checks) if (!passes(subject, policy)) return reason
  return null
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function names(aud: unknown, audience: readonly string[]): boolean {
  const listed: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  return listed.some((one) => typeof one === 'string' && audience.includes(one))
}
