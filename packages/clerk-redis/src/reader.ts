import type { InvalidationListener } from '@acme/clerk-core/store'
import { type Connection, open, type RedisClient } from './client.js'
import { entriesOf, isBefore, pairs } from './replies.js'

const BLOCK_MS = 5_000
/** A server that answers `XREAD` this much later than asked is not there any more: the connection is half open. */
const SILENCE_MS = 5_000
const CONNECT_TIMEOUT_MS = 3_000
const BATCH = 1_000
const RETRY = { firstMs: 100, longestMs: 5_000 } as const
const NOTHING = '0-0'

interface StreamState {
  readonly first: string
  readonly end: string
  readonly length: number
  /** Trimmed and deleted ones too. */
  readonly added: number
}

const EMPTY: StreamState = { first: NOTHING, end: NOTHING, length: 0, added: 0 }

export interface Reader {
  /** Resolves when the first try to read has succeeded or failed. Never rejects. */
  readonly begun: Promise<void>
  close(): Promise<void>
}

/**
 * Reads the stream from the last entry seen, on a connection of its own, and connects again for as long as it is not
 * closed. Pub/sub would lose what is published while the connection is away; a stream keeps it.
 */
export function createReader(client: RedisClient, stream: string, listener: InvalidationListener): Reader {
  let closed = false
  let current: Connection | null = null
  let wake: () => void = () => undefined
  /** The last entry that was read. `null`: where the stream ends is not known yet. */
  let last: string | null = null
  /** How many entries had been added to the stream when that one was. */
  let read = 0
  let begin: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const ended = run()

  async function run(): Promise<void> {
    for (let waitMs: number = RETRY.firstMs; !closed; ) {
      try {
        current = await open(client, CONNECT_TIMEOUT_MS)
        await findEnd(current)
        begin()
        waitMs = RETRY.firstMs
        while (!closed) await readOnce(current)
      } catch (error) {
        if (!closed) listener.failed(error)
      } finally {
        current?.close()
        current = null
        begin()
      }
      // With jitter, so that many processes do not come back at once.
      if (!closed) await pause(waitMs * (0.5 + Math.random() / 2))
      waitMs = Math.min(waitMs * 2, RETRY.longestMs)
    }
  }

  /** Where to read on. What came before the first connection is the log's to tell; what was lost since then is a gap. */
  async function findEnd(connection: Connection): Promise<void> {
    const stream = await state(connection)
    if (last === null) {
      last = stream.end
      read = stream.added
      return
    }
    // A stream that ends before what was read is another one: the server has lost its data.
    const isAnother = isBefore(stream.end, last)
    const isTrimmed = isBefore(last, stream.first) && stream.added - read > stream.length
    if (!isAnother && !isTrimmed) return
    if (isAnother) last = NOTHING
    read = stream.added - stream.length
    listener.gap()
  }

  async function state(connection: Connection): Promise<StreamState> {
    try {
      const info = pairs(await answerOf(connection, ['XINFO', 'STREAM', stream]))
      const first = info.get('first-entry')
      return {
        end: String(info.get('last-generated-id') ?? NOTHING),
        first: Array.isArray(first) ? String(first[0]) : NOTHING,
        length: Number(info.get('length')),
        // Since Redis 7. Without it a trimmed entry is not noticed; what follows it causes a look all the same.
        added: Number(info.get('entries-added')),
      }
    } catch (error) {
      if (error instanceof Error && /no such key/i.test(error.message)) return EMPTY
      throw error
    }
  }

  async function readOnce(connection: Connection): Promise<void> {
    const from = last ?? NOTHING
    const entries = entriesOf(
      await answerOf(connection, [
        ...['XREAD', 'COUNT', String(BATCH), 'BLOCK', String(BLOCK_MS)],
        ...['STREAMS', stream, from],
      ]),
      stream,
    )
    for (const { position } of entries) if (position !== null) listener.changed(position)
    last = entries.at(-1)?.id ?? from
    read += entries.length
    // So many at once, or nothing for so long: it may have been trimmed, or deleted, under the reader.
    if (entries.length === BATCH || entries.length === 0) await findEnd(connection)
  }

  async function answerOf(connection: Connection, args: string[]): Promise<unknown> {
    const timer = setTimeout(() => connection.close(), BLOCK_MS + SILENCE_MS)
    try {
      return await connection.send(args)
    } finally {
      clearTimeout(timer)
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    begun,
    async close() {
      closed = true
      current?.close()
      wake()
      await ended
    },
  }
}
