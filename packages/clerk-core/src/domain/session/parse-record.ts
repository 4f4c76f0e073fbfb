import { isObject } from '../../ground/json/json-reader.js'
import type { ActorClaim } from '../tokens/session-claims.js'
import type { SessionOrganization, SessionRecord } from './record.js'

/** What is in our place of the session. `untrusted`: there is something, but not a record that may be trusted. */
export interface FoundRecord {
  readonly record: SessionRecord | null
  readonly untrusted: boolean
}

export const NO_RECORD: FoundRecord = { record: null, untrusted: false }
const UNTRUSTED: FoundRecord = { record: null, untrusted: true }

/**
 * A session store is outside our control (cookie sessions sit in the browser, several applications may share a Redis):
 * what does not parse, comes from another Clerk instance, or lies in the future is as if absent. Its session may be
 * another person's, so signing in over it keeps nothing of it.
 */
export function parseRecord(
  value: unknown,
  {
    instance,
    nowSeconds,
    clockToleranceSeconds,
  }: { instance: string; nowSeconds: number; clockToleranceSeconds: number },
): FoundRecord {
  if (value === undefined || value === null) return NO_RECORD
  if (!isObject(value)) return UNTRUSTED
  const { v, sub, sid, checkedAt, asOf, org, pla, fea, fva, act } = value
  if (v !== 1 || value['instance'] !== instance) return UNTRUSTED
  if (!isId(sub) || !isId(sid) || !isTime(checkedAt) || !isTime(asOf)) return UNTRUSTED
  const latest = nowSeconds + clockToleranceSeconds
  if (checkedAt > latest || asOf > latest) return UNTRUSTED
  if (
    !isTextOrNull(pla) ||
    !isTextOrNull(fea) ||
    !isFvaOrNull(fva) ||
    !isActorOrNull(act) ||
    !isOrganizationOrNull(org)
  ) {
    return UNTRUSTED
  }
  return { record: { v: 1, instance, sub, sid, checkedAt, asOf, org, pla, fea, fva, act }, untrusted: false }
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

function isFvaOrNull(value: unknown): value is SessionRecord['fva'] {
  return value === null || (Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger))
}

function isActorOrNull(value: unknown): value is ActorClaim | null {
  return value === null || (isObject(value) && isId(value['sub']))
}

function isOrganizationOrNull(value: unknown): value is SessionOrganization | null {
  if (value === null) return true
  if (!isObject(value)) return false
  const { id, role, slug, per, fpm, permissions } = value
  return (
    isId(id) &&
    [role, slug, per, fpm].every(isTextOrNull) &&
    (permissions === null ||
      (Array.isArray(permissions) && permissions.every((entry) => typeof entry === 'string')))
  )
}
