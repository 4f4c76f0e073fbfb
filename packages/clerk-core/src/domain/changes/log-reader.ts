import type { Change, ChangePage, Inbox } from '../store/inbox.js'

/** Entries are read so many at a time: neither a query nor an answer grows with the log. */
const PAGE = 500

export interface LogReader {
  /**
   * Reads what is new, the first time what is revoked as well. `at` of a change is by the clock of this process. After a
   * failure the next call goes on where this one was.
   *
   * @throws whatever the inbox throws
   */
  read(onChange: (change: Change) => void): Promise<void>
  /** How far the store's clock is ahead of this process's, in milliseconds; `null` before the first page. */
  clockSkewMs(): number | null
}

/** Where a process is in the log. At the start it needs to know what was revoked, and nothing else of the past. */
export function createLogReader({
  inbox,
  now,
}: {
  readonly inbox: Pick<Inbox, 'changesSince' | 'revocations'>
  /** Milliseconds. */
  readonly now: () => number
}): LogReader {
  let position: string | null = null
  /** `undefined`: not begun; `null`: read to its end. */
  let past: string | null | undefined
  let skewMs: number | null = null
  let uncertaintyMs = 0

  /** The longer an answer takes, the less it says of the time. */
  async function measured(ask: () => Promise<ChangePage>): Promise<ChangePage> {
    const before = now()
    const page = await ask()
    const tookMs = now() - before
    const ahead = Math.round(page.now - before - tookMs / 2)
    if (skewMs === null || tookMs / 2 <= uncertaintyMs || Math.abs(ahead - skewMs) > tookMs) {
      skewMs = ahead
      uncertaintyMs = tookMs / 2
    }
    return page
  }

  const local = (change: Change): Change => ({ ...change, at: change.at - (skewMs ?? 0) })

  async function readOn(onChange: (change: Change) => void): Promise<void> {
    for (;;) {
      const page = await measured(() => inbox.changesSince(position, PAGE))
      for (const change of page.changes) onChange(local(change))
      position = page.position
      if (!page.more) return
    }
  }

  /** Of each subject what no other entry of it covers, as far as the store can tell. */
  async function readPast(onChange: (change: Change) => void): Promise<void> {
    while (past !== null) {
      const from = past ?? null
      const page = await measured(() => inbox.revocations(from, PAGE))
      for (const change of page.changes) onChange(local(change))
      past = page.more ? page.position : null
    }
  }

  return {
    async read(onChange) {
      // The place first: what becomes visible while the past is read is behind it.
      if (position === null) {
        const page = await measured(() => inbox.changesSince(null, PAGE))
        for (const change of page.changes) onChange(local(change))
        position = page.position
      }
      // Nothing is awaited before the first question: the store's time limit for it has to end before that of a request which
      // waits for the look. Else the request asks a server next that is not yet known to hang, and waits twice.
      if (past !== null) await readPast(onChange)
      await readOn(onChange)
    },
    clockSkewMs: () => skewMs,
  }
}
