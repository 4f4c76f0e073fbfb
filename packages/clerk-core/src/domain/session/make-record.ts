import { isDeepStrictEqual } from 'node:util'
import { type AzpExcuse, dependsOnNothing } from '../tokens/checks.js'
import { agedFactors, type FactorAges, readFactorAges } from '../tokens/claim-age.js'
import { readOrganization, textOf } from '../tokens/organization-claims.js'
import type { SessionClaims, VerifiedToken } from '../tokens/session-claims.js'
import { claimsToKeep } from './kept-claims.js'
import { isAudience } from './parse-record.js'
import type { SessionOrganization, SessionRecord } from './record.js'

/** What a record needs to know besides the token. */
export interface RecordContext {
  /** Why this token may lack `azp`; `null` where it may not. */
  readonly azpExcuse: AzpExcuse | null
  /** `session.keepClaims`. */
  readonly keepClaims: readonly string[]
}

const NO_CONTEXT: RecordContext = { azpExcuse: 'same-origin', keepClaims: [] }

/** Everything `has()` and `actor` need to say the same as with the token. */
export function recordFromToken(
  { claims }: VerifiedToken,
  nowSeconds: number,
  { azpExcuse, keepClaims }: RecordContext = NO_CONTEXT,
): SessionRecord {
  const { iss, aud, azp, sub, sid, iat } = claims
  return {
    v: 2,
    iss,
    aud: isAudience(aud) ? aud : null,
    azp: azp ?? null,
    azpMissing: azp === undefined ? azpExcuse : null,
    sts: sessionStatusOf(claims),
    sub,
    sid,
    checkedAt: nowSeconds,
    asOf: iat,
    tokenAt: iat,
    org: readOrganization(claims),
    pla: textOf(claims['pla']),
    fea: textOf(claims['fea']),
    fva: readFactorAges(claims.fva),
    act: claims.act ?? null,
    claims: claimsToKeep(claims, keepClaims),
  }
}

/** Tokens of before there were tasks lack the claim. A status that is not known is not taken for `active`. */
export function sessionStatusOf({ sts }: SessionClaims): SessionRecord['sts'] {
  return sts === undefined || sts === 'active' ? 'active' : 'pending'
}

/** What Clerk and the local store say of a session that lives. */
export interface Confirmation {
  /** Seconds: when Clerk was asked. */
  readonly askedAt: number
  readonly sts: SessionRecord['sts']
  /** The session's organisation. */
  readonly org: SessionOrganization | null
}

/**
 * The record of a session that Clerk has confirmed. Only the session's life is renewed: `tokenAt` stays, so that factors,
 * plan, features and kept claims grow old, and a session that was pending is pending until a token says otherwise.
 */
export function confirmedRecord(record: SessionRecord, { askedAt, sts, org }: Confirmation): SessionRecord {
  const sameOrganization = (org?.id ?? null) === (record.org?.id ?? null)
  return {
    ...record,
    sts: record.sts === 'pending' ? 'pending' : sts,
    checkedAt: askedAt,
    asOf: Math.max(record.asOf, askedAt),
    org,
    pla: sameOrganization ? record.pla : personalOnly(record.pla),
    fea: sameOrganization ? record.fea : personalOnly(record.fea),
    // They may be about the organisation that the session has left.
    claims: sameOrganization ? record.claims : null,
  }
}

/** Features and plans of an organisation do not follow a user into another one. */
function personalOnly(list: string | null): string | null {
  if (list === null) return null
  const personal = list.split(',').flatMap((entry) => {
    const colon = entry.indexOf(':')
    return colon > 0 && entry.slice(0, colon).includes('u') ? [`u${entry.slice(colon)}`] : []
  })
  return personal.length === 0 ? null : personal.join(',')
}

/** Compared as they are; what is not named here is about the moment (`checkedAt`) or the session itself (`sub`, `sid`). */
const COMPARED = ['azp', 'sts', 'pla', 'fea', 'aud', 'act', 'claims'] as const
const COMPARED_OF_ORGANIZATION = ['id', 'role', 'slug', 'per', 'fpm', 'fromStore', 'permissions'] as const

/**
 * Whether a token says something else than the record remembers. A token's minutes are whole, so that ageing may be one
 * off; a difference of one does not count (it would be a write a minute).
 */
export function saysOtherwise(record: SessionRecord, fresh: SessionRecord): boolean {
  return (
    !sameFields(record, fresh, COMPARED) ||
    !sameExcuse(record.azpMissing, fresh.azpMissing) ||
    !sameOrganization(record.org, fresh.org) ||
    !sameAges(agedFactors(record.fva, record.tokenAt, fresh.tokenAt), fresh.fva)
  )
}

/** Field by field: to compare whole objects took a third of the time of a request with a token and a session. */
function sameFields<T extends object>(a: T, b: T, names: readonly (keyof T)[]): boolean {
  for (const name of names) if (!isSame(a[name], b[name])) return false
  return true
}

/** A person who navigates and a page that fetches take turns: that is no reason to write. */
function sameExcuse(a: AzpExcuse | null, b: AzpExcuse | null): boolean {
  return a === b || (dependsOnNothing(a) && dependsOnNothing(b))
}

function sameOrganization(a: SessionOrganization | null, b: SessionOrganization | null): boolean {
  return a === null || b === null ? a === b : sameFields(a, b, COMPARED_OF_ORGANIZATION)
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && isDeepStrictEqual(a, b))
}

function sameAges(a: FactorAges | null, b: FactorAges | null): boolean {
  if (a === null || b === null) return a === b
  return a.every(
    (minutes, i) =>
      minutes === b[i] || (minutes >= 0 && (b[i] ?? -1) >= 0 && Math.abs(minutes - (b[i] ?? 0)) <= 1),
  )
}
