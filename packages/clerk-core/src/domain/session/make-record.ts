import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../../ground/json/json-reader.js'
import type { SessionClaims, VerifiedToken } from '../tokens/session-claims.js'
import type { SessionOrganization, SessionRecord } from './record.js'

/** Everything `has()` and `actor` need to say the same as with the token. */
export function recordFromToken({ claims, organization }: VerifiedToken, nowSeconds: number): SessionRecord {
  return {
    v: 1,
    instance: claims.iss,
    sub: claims.sub,
    sid: claims.sid,
    checkedAt: nowSeconds,
    asOf: claims.iat,
    org: organization && {
      id: organization.id,
      role: organization.role,
      slug: organization.slug,
      ...permissionsOf(claims),
    },
    pla: text(claims['pla']),
    fea: text(claims['fea']),
    fva: fvaOf(claims),
    act: claims.act ?? null,
  }
}

/**
 * The record of a session that Clerk has confirmed.
 *
 * @param askedAt seconds
 * @param org the session's organisation, with the role that the store knows
 */
export function confirmedRecord(
  record: SessionRecord,
  askedAt: number,
  org: SessionOrganization | null,
): SessionRecord {
  const asOf = Math.max(record.asOf, askedAt)
  const sameOrganization = (org?.id ?? null) === (record.org?.id ?? null)
  return {
    ...record,
    checkedAt: askedAt,
    asOf,
    fva: agedFva(record, asOf),
    org,
    pla: sameOrganization ? record.pla : personalOnly(record.pla),
    fea: sameOrganization ? record.fea : personalOnly(record.fea),
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

/** Version 2 tokens state permissions compactly; and are stored so, because a cookie session has 4 KB for everything. */
function permissionsOf(claims: SessionClaims): Pick<SessionOrganization, 'per' | 'fpm' | 'permissions'> {
  if (claims.v === 2) {
    const compact = isObject(claims['o']) ? claims['o'] : {}
    return { per: text(compact['per']), fpm: text(compact['fpm']), permissions: null }
  }
  const listed = claims['org_permissions']
  const permissions = Array.isArray(listed) ? listed.filter((entry) => typeof entry === 'string') : []
  return { per: null, fpm: null, permissions }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function fvaOf({ fva }: SessionClaims): SessionRecord['fva'] {
  return Array.isArray(fva) && fva.length === 2 && fva.every(Number.isSafeInteger) ? [fva[0], fva[1]] : null
}

/** Minutes since each factor, now: the record's were counted at `asOf`. −1 (never) does not age. */
export function agedFva(record: SessionRecord, nowSeconds: number): SessionRecord['fva'] {
  if (record.fva === null) return null
  const minutes = Math.max(0, Math.floor((nowSeconds - record.asOf) / 60))
  const [first, second] = record.fva
  return [first < 0 ? first : first + minutes, second < 0 ? second : second + minutes]
}

/**
 * Whether a token says something else than the record remembers. Minutes are whole in both, so that ageing may be one
 * off; a difference of one does not count (it would be a write a minute).
 */
export function saysOtherwise(record: SessionRecord, fresh: SessionRecord): boolean {
  const aged = agedFva(record, fresh.asOf)
  return (
    record.pla !== fresh.pla ||
    record.fea !== fresh.fea ||
    !sameFva(aged, fresh.fva) ||
    !isDeepStrictEqual(record.org, fresh.org) ||
    !isDeepStrictEqual(record.act, fresh.act)
  )
}

function sameFva(a: SessionRecord['fva'], b: SessionRecord['fva']): boolean {
  if (a === null || b === null) return a === b
  return a.every(
    (minutes, i) =>
      minutes === b[i] || (minutes >= 0 && (b[i] ?? -1) >= 0 && Math.abs(minutes - (b[i] ?? 0)) <= 1),
  )
}
