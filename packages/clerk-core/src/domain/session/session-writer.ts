import type { CodesIn } from '../../ground/codes.js'
import { nameOf } from '../../ground/error-name.js'
import type { Observer } from '../../ground/observe/observer.js'
import { withSafeCause } from '../../ground/safe-cause.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { BoundedSlot } from './bounded-slot.js'
import type { SessionEffect } from './decision.js'
import { makeMarker } from './marker.js'
import { besideOthers, holdsNewer } from './parse-record.js'
import type { SessionRecord } from './record.js'

/** The framework's session cannot be read: it may hold a record, so that it is not known who is asking. */
export class SessionReadError extends Error {}

/** @throws {SessionReadError} */
export function readSlot(slot: BoundedSlot): MaybePromise<unknown> {
  try {
    const value = slot.read()
    return value instanceof Promise ? value.catch(unreadable) : value
  } catch (error) {
    return unreadable(error)
  }
}

function unreadable(cause: unknown): never {
  throw new SessionReadError(
    'the session cannot be read',
    withSafeCause({ cause }, () => false),
  )
}

export interface SessionWriter {
  write(slot: BoundedSlot | undefined, effect: SessionEffect, by: 'token' | 'clerk'): Promise<void>
  end(
    slot: BoundedSlot | undefined,
    record: SessionRecord | null,
    reason: CodesIn<'session-end'>,
  ): Promise<void>
  /** Drops the row of a marker whose minute is over. */
  drop(slot: BoundedSlot): Promise<void>
}

/** Carries out what was decided about a session. Neither throws: the `Auth` of the request does not depend on it. */
export function createSessionWriter(observer: Observer, now: () => number): SessionWriter {
  return {
    /**
     * A session that cannot be written is no reason to refuse a user whose token was verified; without a renewed id
     * nothing is written, or a fixated session would be signed in.
     */
    async write(slot, effect, by) {
      if (slot === undefined || effect.kind === 'none') return
      const { record } = effect
      const { sub: userId, sid: sessionId } = record
      try {
        // Read again: another request may have written since, and renewing drops what is there.
        const held = await slot.read()
        if (effect.kind === 'refresh' && holdsNewer(record, held)) return
        if (effect.kind === 'start') {
          const marker = makeMarker(Math.floor(now() / 1000))
          // Of several requests that sign in at once, another one did.
          if ((await slot.renew({ keep: effect.keep, marker })) === false) return
        }
        const samePerson = effect.kind === 'refresh' || effect.keep
        await slot.write(samePerson ? besideOthers(record, held) : record)
      } catch (error) {
        observer.emit('session.error', { operation: 'write', message: nameOf(error) })
        return
      }
      if (effect.kind === 'start') observer.emit('session.started', { userId, sessionId })
      else observer.emit('session.refreshed', { userId, sessionId, by })
    },
    /** A session that cannot be ended stays refused: whatever ended it decides again on the next request. */
    async end(slot, record, reason) {
      try {
        await slot?.end()
      } catch (error) {
        observer.emit('session.error', { operation: 'end', message: nameOf(error) })
        return
      }
      observer.emit('session.ended', { userId: record?.sub ?? null, sessionId: record?.sid ?? null, reason })
    },
    async drop(slot) {
      try {
        await slot.end()
      } catch (error) {
        observer.emit('session.error', { operation: 'end', message: nameOf(error) })
      }
    },
  }
}
