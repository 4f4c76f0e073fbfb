/** A row as the framework's package stores it. */
export type SessionRow = Readonly<Record<string, unknown>>

/** The rows of a session store, as a database has them: JSON, which several processes may share. */
export class SessionTable {
  readonly rows = new Map<string, string>()
  writes = 0
  /** Every call waits here, after it has read and before it writes. */
  pause: (operation: 'get' | 'set' | 'destroy', id: string) => unknown = () => undefined

  async get(id: string): Promise<SessionRow | null> {
    const row = this.rows.get(id)
    await this.pause('get', id)
    return row === undefined ? null : JSON.parse(row)
  }

  async set(id: string, row: unknown): Promise<void> {
    this.writes += 1
    const text = JSON.stringify(row)
    await this.pause('set', id)
    this.rows.set(id, text)
  }

  async destroy(id: string): Promise<void> {
    await this.pause('destroy', id)
    this.rows.delete(id)
  }

  /** The next `count` reads are answered together, when the last of them has come. */
  holdReads(count: number): void {
    let left = count
    let open: () => void = () => undefined
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    this.pause = (operation) => {
      if (operation !== 'get' || left === 0) return undefined
      left -= 1
      if (left === 0) open()
      return opened
    }
  }

  /** A database behind a silent socket. */
  fallSilent(...operations: readonly string[]): void {
    this.pause = (operation) => (operations.includes(operation) ? new Promise(() => undefined) : undefined)
  }

  all(): SessionRow[] {
    return [...this.rows.values()].map((row) => JSON.parse(row))
  }
}

type Done = (error?: unknown, value?: unknown) => void

/** The methods of a store that takes callbacks, as those of express-session and @fastify/session do. */
export function callbackStore(table: SessionTable) {
  const told = (promise: Promise<unknown>, done?: Done) => {
    promise.then(
      (value) => done?.(null, value),
      (error: unknown) => done?.(error),
    )
  }
  return {
    get: (id: string, done: Done) => told(table.get(id), done),
    set: (id: string, row: unknown, done?: Done) => told(table.set(id, row), done),
    destroy: (id: string, done?: Done) => told(table.destroy(id), done),
  }
}
