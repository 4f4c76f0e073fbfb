import type { SessionRecord } from '../../domain/session/record.js'
import type { Remembered } from '../../domain/tokens/remembered.js'
import { deepFreeze } from '../../ground/json/deep-freeze.js'
import { isObject } from '../../ground/json/json-reader.js'
import type { Span } from '../../ground/timing/span.js'

/**
 * A session record that was trusted, as plain JSON of our own: what the framework gives next time is a new object, and has to
 * be the same in everything that is read of it.
 */
export class ReadyRecord implements Remembered {
  readonly record: SessionRecord
  readonly key = null
  ready: object | null = null
  /** Since the cache last looked for a place. */
  used = false

  readonly #freshSeconds: number

  private constructor(record: SessionRecord, freshSeconds: number) {
    this.record = record
    this.#freshSeconds = freshSeconds
  }

  /** Of the cache. A session has one record at a time. */
  get digest(): string {
    return this.record.sid
  }

  /**
   * `null` for a record that is not plain JSON, and for one with claims that `session.keepClaims` names: a handler may
   * change those.
   *
   * @param freshSeconds `session.revalidateAfterSeconds`
   */
  static of(record: SessionRecord, freshSeconds: number): ReadyRecord | null {
    if (record.claims !== null) return null
    const copy = JSON.parse(JSON.stringify(record)) as SessionRecord
    // An `Auth` that is handed out again and again leads to parts of it.
    const own = new ReadyRecord(deepFreeze(copy), freshSeconds)
    return own.isIn(record) ? own : null
  }

  /** When it is neither of the future nor stale. Never too long, whatever fractions the options have. */
  span(toleranceSeconds: number): Span {
    const { checkedAt, asOf, tokenAt } = this.record
    return {
      from: Math.ceil(Math.max(checkedAt, asOf, tokenAt) - toleranceSeconds) * 1000,
      until: Math.floor(checkedAt + this.#freshSeconds) * 1000,
    }
  }

  /** All else that a backend checks of a record is in its fields. */
  isRefused(revocations: { isRevoked(sub: string, sid: string): boolean }): boolean {
    return revocations.isRevoked(this.record.sub, this.record.sid)
  }

  /** Whether the value in our place of a session is this record, field by field. */
  isIn(value: unknown): boolean {
    // A marker is no record, whatever else it holds.
    if (!isObject(value) || value['movedBy'] !== undefined) return false
    const own = this.record
    // By name: a loop over the names of the fields takes several times as long. A test goes through all of them.
    return (
      value['sid'] === own.sid &&
      value['sub'] === own.sub &&
      value['checkedAt'] === own.checkedAt &&
      value['asOf'] === own.asOf &&
      value['tokenAt'] === own.tokenAt &&
      value['v'] === own.v &&
      value['iss'] === own.iss &&
      value['azp'] === own.azp &&
      value['azpMissing'] === own.azpMissing &&
      value['sts'] === own.sts &&
      value['pla'] === own.pla &&
      value['fea'] === own.fea &&
      value['claims'] === own.claims &&
      isSame(value['aud'], own.aud) &&
      isSame(value['org'], own.org) &&
      isSame(value['fva'], own.fva) &&
      isSame(value['act'], own.act)
    )
  }
}

type Fields = Readonly<Record<string, unknown>>

/** Of plain JSON; false for everything else. */
function isSame(value: unknown, own: unknown): boolean {
  if (typeof own !== 'object' || own === null) return value === own
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(own)) return isSameList(value, own)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  const keys = Object.keys(own)
  if (Object.keys(value).length !== keys.length) return false
  for (const key of keys) if (!isSame((value as Fields)[key], (own as Fields)[key])) return false
  return true
}

/** In half the time that a comparison of their keys takes. */
function isSameList(value: object, own: readonly unknown[]): boolean {
  if (!Array.isArray(value) || value.length !== own.length) return false
  for (let index = 0; index < own.length; index++) if (!isSame(value[index], own[index])) return false
  return true
}
