import { isObject } from '../../ground/json/json-reader.js'
import { isAzpExcuse } from '../tokens/checks.js'
import type { ActorClaim } from '../tokens/session-claims.js'
import type { TokenRefusal } from '../tokens/token-refusal.js'
import { isCurrent, readMarker } from './marker.js'
import type { SessionOrganization, SessionRecord } from './record.js'

/** What is in our place of the session. */
export interface FoundRecord {
  readonly record: SessionRecord | null
  /** There is something, but not a record that may be trusted. */
  readonly untrusted: boolean
  /** Why this backend would have refused the token of the record: it is not used, and another backend may use it. */
  readonly refusal: TokenRefusal | null
  /**
   * Why nothing is known of a record: another request has moved the session to a new id (and the marker it left may be of
   * more than a minute ago), or the session cannot be read.
   */
  readonly absent?: 'moved' | 'marker-expired' | 'unreadable'
}

export const NO_RECORD: FoundRecord = { record: null, untrusted: false, refusal: null }
/** The framework's session cannot be read: it may hold a record. */
export const UNREADABLE: FoundRecord = { ...NO_RECORD, absent: 'unreadable' }
const UNTRUSTED: FoundRecord = { record: null, untrusted: true, refusal: null }

/** Clerk instances that share a session and are remembered besides the one that writes: a cookie holds 4 KB. */
const MOST_OTHERS = 3

/**
 * A session store is outside our control (cookie sessions sit in the browser, several applications may share a Redis): what
 * does not parse or lies in the future is as if absent. Its session may be another person's, so signing in over it keeps
 * nothing of it. Records of other Clerk instances are not ours to decide about, and stay.
 */
export function parseRecord(
  value: unknown,
  {
    issuer,
    nowSeconds,
    clockToleranceSeconds,
  }: { issuer: string; nowSeconds: number; clockToleranceSeconds: number },
): FoundRecord {
  if (value === undefined || value === null) return NO_RECORD
  const marker = readMarker(value)
  if (marker !== null) {
    const absent = isCurrent(marker, nowSeconds, clockToleranceSeconds) ? 'moved' : 'marker-expired'
    return { ...NO_RECORD, absent }
  }
  const held = isObject(value) ? value : null
  const own = held?.['iss'] === issuer ? held : othersIn(held).find((other) => other['iss'] === issuer)
  if (own === undefined) return readRecord(held) === null ? UNTRUSTED : NO_RECORD
  const record = readRecord(own)
  if (record === null) return UNTRUSTED
  const latest = nowSeconds + clockToleranceSeconds
  const isFuture = record.checkedAt > latest || record.asOf > latest || record.tokenAt > latest
  return isFuture ? UNTRUSTED : { record, untrusted: false, refusal: null }
}

/** The record to store in place of what the session holds: those of other instances stay beside it. */
export function besideOthers(record: SessionRecord, held: unknown): SessionRecord {
  const others = recordsIn(held).filter(({ iss }) => iss !== record.iss)
  if (others.length === 0) return record
  return { ...record, others: others.sort((a, b) => b.checkedAt - a.checkedAt).slice(0, MOST_OTHERS) }
}

/** Whether the session holds what a newer token or a later answer of Clerk said about the same session. */
export function holdsNewer(record: SessionRecord, held: unknown): boolean {
  const own = recordsIn(held).find(({ iss }) => iss === record.iss)
  if (own === undefined || own.sid !== record.sid) return false
  return own.asOf > record.asOf || own.tokenAt > record.tokenAt
}

/** Whether the record would be taken for one. A signed claim of an odd form must not cost the session at each request. */
export function canBeRead(record: SessionRecord): boolean {
  return readRecord(record as unknown as Readonly<Record<string, unknown>>) !== null
}

function recordsIn(held: unknown): SessionRecord[] {
  if (!isObject(held)) return []
  const byIssuer = new Map<string, SessionRecord>()
  for (const value of [held, ...othersIn(held)]) {
    const record = readRecord(value)
    if (record !== null && !byIssuer.has(record.iss)) byIssuer.set(record.iss, record)
  }
  return [...byIssuer.values()]
}

function othersIn(held: Readonly<Record<string, unknown>> | null): Readonly<Record<string, unknown>>[] {
  const others = held?.['others']
  return Array.isArray(others) ? others.filter(isObject) : []
}

/** The record without those beside it, as far as its form goes; `null` where it has another. */
function readRecord(value: Readonly<Record<string, unknown>> | null): SessionRecord | null {
  if (value === null || value['v'] !== 2) return null
  const { iss, aud, azp, azpMissing, sts, sub, sid, checkedAt, asOf, tokenAt } = value
  const { org, pla, fea, fva, act, claims } = value
  if (!isId(iss) || !isId(sub) || !isId(sid) || !isTime(checkedAt) || !isTime(asOf) || !isTime(tokenAt)) {
    return null
  }
  if (!isAudience(aud) || !isTextOrNull(azp) || !isExcuse(azpMissing) || !isStatus(sts)) return null
  if (!isTextOrNull(pla) || !isTextOrNull(fea) || !isFvaOrNull(fva) || !isActorOrNull(act)) return null
  if (!isOrganizationOrNull(org) || !isObjectOrNull(claims)) return null
  return {
    v: 2,
    iss,
    aud,
    azp,
    azpMissing,
    sts,
    sub,
    sid,
    checkedAt,
    asOf,
    tokenAt,
    org,
    pla,
    fea,
    fva,
    act,
    claims,
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

export function isAudience(value: unknown): value is SessionRecord['aud'] {
  return isTextOrNull(value) || isTexts(value)
}

function isExcuse(value: unknown): value is SessionRecord['azpMissing'] {
  return value === null || isAzpExcuse(value)
}

function isStatus(value: unknown): value is SessionRecord['sts'] {
  return value === 'active' || value === 'pending'
}

function isFvaOrNull(value: unknown): value is SessionRecord['fva'] {
  return value === null || (Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger))
}

function isActorOrNull(value: unknown): value is ActorClaim | null {
  return value === null || (isObject(value) && isId(value['sub']))
}

function isObjectOrNull(value: unknown): value is Readonly<Record<string, unknown>> | null {
  return value === null || isObject(value)
}

function isOrganizationOrNull(value: unknown): value is SessionOrganization | null {
  if (value === null) return true
  if (!isObject(value)) return false
  const { id, role, slug, per, fpm, permissions, fromStore } = value
  return (
    isId(id) &&
    isTextOrNull(role) &&
    isTextOrNull(slug) &&
    isTextOrNull(per) &&
    isTextOrNull(fpm) &&
    (permissions === null || isTexts(permissions)) &&
    (fromStore === undefined || fromStore === true)
  )
}
