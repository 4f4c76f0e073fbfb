/**
 * The lines of `--json`, by their `type`. They are stable: fields are added, never renamed or removed before the next major
 * version. `docs/cli.md` explains them, and a test compares both.
 */
export interface Records {
  /** `doctor`, and what makes a configuration unusable. */
  finding: { severity: 'error' | 'warning'; code: string; message: string; remedy: string }
  /** `webhooks list` and `show`. Times are milliseconds. `data` with `--reveal` alone. */
  event: {
    id: string
    event: string
    status: string
    attempts: number
    succeeded: readonly string[]
    subjects: readonly string[]
    error: string | null
    reason: string | null
    timestamp: number
    receivedAt: number
    dueAt: number
    finishedAt: number | null
    data?: unknown
  }
  /** What became of one thing: a webhook, a row, a difference. */
  item: { outcome: string; [field: string]: unknown }
  /** At most one a second. `total` and `secondsLeft` are `null` where they are not known. */
  progress: {
    done: number
    total: number | null
    perSecond: number
    secondsLeft: number | null
  }
  /** A file that `init` wrote, or would write. */
  file: { path: string; change: 'created' | 'extended' | 'unchanged'; diff: string }
  /** What is left to do by hand. */
  todo: { message: string }
  /** The last line of a command that came to its end, and of one that Ctrl-C ended: then `resume` says how to go on. */
  summary: { interrupted: boolean; resume?: string; [count: string]: unknown }
  /** The last line of a command that could not do its work. */
  error: { code: string; message: string; remedy: string }
}

export type RecordType = keyof Records
