import { readMarker, type SessionMarker } from '../../domain/session/marker.js'
import { renewRow, type SessionRows } from '../../domain/session/renewal.js'
import type { RenewOptions } from '../../domain/session/slot.js'
import { FrameworkSession } from './framework-session.js'

/** A renewal of a framework's session, prepared beside it. */
export interface PreparedRows extends SessionRows {
  /** The request goes on in the new session. */
  adopt(): void
}

/**
 * A session whose row lies in a store, behind an id that the browser holds. An adapter implements what differs between the
 * packages.
 */
export abstract class StoredSession extends FrameworkSession {
  /** Prepares, and changes nothing yet. */
  protected abstract rows(keep: boolean): PreparedRows
  /**
   * From now on the framework stores nothing of this request's session and sets no cookie for it. Handlers still find
   * what was there, with the marker in our place, and may write to it.
   */
  protected abstract detach(marker: SessionMarker | undefined): void
  /**
   * Stores what the session holds now; the framework stores it at the end of the response only if a handler changes it again.
   * There no time limit would end it.
   */
  protected abstract save(): Promise<unknown>
  /** Drops the row that the marker lies in; called after `detach`. */
  protected abstract dropMarked(): Promise<unknown>

  /** Called once for each request, before anything else: what lies behind a marker is nobody's session. */
  leaveMarked(): this {
    const marker = readMarker(this.read())
    if (marker !== null) this.detach(marker)
    return this
  }

  async renew({ keep, marker, signal }: RenewOptions): Promise<boolean> {
    const rows = this.rows(keep)
    // Else the framework itself would wait for the silent store at the end of the response.
    const leave = () => this.detach(marker)
    signal.addEventListener('abort', leave, { once: true })
    try {
      const renewed = await renewRow(rows, marker, signal)
      if (renewed && !signal.aborted) rows.adopt()
      else leave()
      return renewed
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  override async end(options: { signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options
    const marker = readMarker(this.read())
    if (marker !== null) {
      await this.dropMarked()
      return
    }
    const leave = () => this.detach(undefined)
    signal?.addEventListener('abort', leave, { once: true })
    const wasHeld = this.read() != null
    try {
      await super.end()
      if (wasHeld && !signal?.aborted) await this.save()
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }
}
