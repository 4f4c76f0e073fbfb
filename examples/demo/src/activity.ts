import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClerkEvent, ClerkEventName } from '@acme/clerk-core'
import { inWords, type Line, summarise } from './words.js'

/** Something that a person did on the page. */
export interface Click {
  readonly id: string
  readonly label: string
}

/** A request, and what the library did for it. Without `request`: something it did by itself. */
export interface Activity {
  readonly id: number
  readonly at: number
  /** What caused it, where that is known. */
  readonly click: Click | null
  readonly request: {
    readonly method: string
    readonly path: string
    readonly status: number
    readonly durationMs: number
    /** Who asked: the page, the demo itself (`probe`), Clerk (`webhook`) or a program. */
    readonly from: string
  } | null
  readonly lines: readonly (Line & {
    /** Whether it shows what the click was meant to show. */
    readonly isProof: boolean
  })[]
}

interface Current {
  readonly lines: Line[]
}

/** An action of the demo under way. There is one at a time. */
interface Cause {
  readonly click: Click
  readonly proof: readonly ClerkEventName[]
}

/** Who sent a request, as far as that decides where it belongs. */
export interface Origin {
  /** The browser, with the real Clerk; `null` otherwise. */
  readonly viewer: string | null
  /** What the page says itself. */
  readonly click: Click | null
  /** Whether an action under way has caused the request, unless the page says otherwise. */
  readonly isCausedByAction: boolean
  /** Whether the lines of this request may prove the action. */
  readonly mayProve: boolean
}

const MAX_ENTRIES = 120
const ITSELF: Origin = { viewer: null, click: null, isCausedByAction: true, mayProve: true }

export interface ActivityLog {
  /** Give to `clerk.observe`. */
  readonly listener: (event: ClerkEvent) => void
  /** Runs a request and collects what the library does for it. */
  watch<T>(
    origin: Origin,
    run: () => T,
  ): { result: T; finish(request: NonNullable<Activity['request']>): void }
  /** Whatever Clerk and the demo send until `run` has ended belongs to this click. `proof`: events that prove it. */
  during<T>(click: Click, proof: readonly ClerkEventName[], run: () => Promise<T>): Promise<T>
  /** Runs the demo's own reads without recording them. */
  silently<T>(run: () => T): T
  /** Sends the latest activities in order, then each new one. @param viewer whose requests; `null`: everything */
  follow(viewer: string | null, send: (activity: Activity) => void): () => void
}

export function createActivityLog(now: () => number = Date.now): ActivityLog {
  const requests = new AsyncLocalStorage<Current>()
  const entries: { activity: Activity; viewer: string | null }[] = []
  const followers = new Set<(activity: Activity, viewer: string | null) => void>()
  let count = 0
  let action: Cause | null = null

  const causeOf = ({ click, isCausedByAction }: Origin): Cause | null =>
    click === null ? (isCausedByAction ? action : null) : { click, proof: [] }

  function add(
    request: Activity['request'],
    lines: readonly Line[],
    { viewer, mayProve }: Origin,
    cause: Cause | null,
  ): void {
    const proof = mayProve ? (cause?.proof ?? []) : []
    const told = summarise(lines).map((line) => ({ ...line, isProof: proof.includes(line.event) }))
    if (told.length === 0) return
    count += 1
    const activity = { id: count, at: now(), click: cause?.click ?? null, request, lines: told }
    entries.push({ activity, viewer })
    if (entries.length > MAX_ENTRIES) entries.shift()
    for (const follower of followers) follower(activity, viewer)
  }

  return {
    listener(event) {
      const line = inWords(event)
      if (line === null) return
      const current = requests.getStore()
      if (current) current.lines.push(line)
      else add(null, [line], ITSELF, action)
    },
    watch(origin, run) {
      const current: Current = { lines: [] }
      // Now: the answer may come when the action has ended.
      const cause = causeOf(origin)
      const result = requests.run(current, run)
      return { result, finish: (request) => add(request, current.lines.splice(0), origin, cause) }
    },
    async during(click, proof, run) {
      action = { click, proof }
      try {
        return await run()
      } finally {
        action = null
      }
    },
    silently: (run) => requests.run({ lines: [] }, run),
    follow(viewer, send) {
      const follower = (activity: Activity, of: string | null) => {
        if (viewer === null || viewer === of) send(activity)
      }
      for (const { activity, viewer: of } of entries) follower(activity, of)
      followers.add(follower)
      return () => followers.delete(follower)
    },
  }
}
