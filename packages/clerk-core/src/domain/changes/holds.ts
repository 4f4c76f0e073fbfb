/**
 * Rights that were narrowed by an event whose row this process has not read yet: it may not be written, or not be writable.
 * Until a row of at least that version is read, what the subject names gives no right.
 */
export interface Holds {
  /**
   * @param subject an id of a user, an organisation or a membership, the key of a role, or {@link membershipSubject}
   * @param version of the event; milliseconds
   * @param at when it was written to the log; milliseconds. A token that Clerk issued later knows of it
   */
  hold(subject: string, version: number, at: number): void
  /**
   * What is held of the subject and not in this row yet; `null`: nothing. A newer row, and a deleted one, know more.
   *
   * @param row `null`: there is none
   */
  of(subject: string, row: HeldRow | null): Hold | null
  /** As {@link of}, for the row of the subject itself: where it knows more, nothing is held any longer. */
  take(subject: string, row: HeldRow | null): Hold | null
  /** Whether anything is held at all. */
  readonly size: number
}

export interface Hold {
  readonly version: number
  readonly at: number
}

export interface HeldRow {
  readonly version: number
  readonly deletedAt: Date | null
}

/** How the log names the membership of a user in an organisation. */
export const membershipSubject = (orgId: string, userId: string) => `${orgId}:${userId}`

/** Not an LRU: nothing that a client does may push a hold out. It is bounded by the events that the log remembers. */
export function createHolds(): Holds {
  const held = new Map<string, Hold>()

  function of(subject: string, row: HeldRow | null): Hold | null {
    const hold = held.get(subject)
    if (hold === undefined) return null
    const knows = row !== null && (row.version >= hold.version || row.deletedAt !== null)
    return knows ? null : hold
  }

  return {
    get size() {
      return held.size
    },
    hold(subject, version, at) {
      const known = held.get(subject)
      // The same event is written again with every attempt: tokens that were issued since know of it.
      if (known === undefined || version > known.version) held.set(subject, { version, at })
      else if (version === known.version && at < known.at) held.set(subject, { version, at })
    },
    of,
    take(subject, row) {
      const hold = of(subject, row)
      if (hold === null) held.delete(subject)
      return hold
    },
  }
}
