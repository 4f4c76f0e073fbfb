import type { Refusal } from './refusal.js'

/** The envelope of every Clerk webhook. */
export interface WebhookEvent<Type extends string = string, Data = object> {
  data: Data
  object: 'event'
  type: Type
  /** Milliseconds. */
  timestamp: number
  instance_id: string
  event_attributes?: { http_request: { client_ip: string; user_agent: string } }
}

export interface Attempt {
  /** Milliseconds, by the server's clock. */
  readonly at: number
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly body: string }
  /** Absent when no answer came. */
  readonly response?: { readonly status: number; readonly body: string }
  /** Why no answer came. */
  readonly error?: string
  /** What to do about it, where the endpoint did not take the event. */
  readonly refusal?: Refusal
  /** Broken on purpose, so that an endpoint should refuse it: counts neither for the delivery nor for the endpoint. */
  readonly broken?: Forged
}

/** What no endpoint should take: signed with another secret, or signed ten minutes ago (Svix allows five). */
export type Forged = 'wrong-signature' | 'late'

/**
 * How a logged event is sent again to see what the endpoint makes of it. `twice`: two copies at the same time.
 * `out-of-order`: as a new message, after a newer event about the same object.
 */
export type Breakage = Forged | 'twice' | 'out-of-order'

export type DeliveryStatus = 'pending' | 'succeeded' | 'failed' | 'dropped' | 'not-sent'

/** One event on its way to the endpoint. */
export interface Delivery {
  /** `svix-id`. */
  readonly id: string
  readonly type: string
  readonly event: WebhookEvent
  /** The exact bytes that are signed and sent. */
  readonly body: string
  /** `not-sent`: there was no endpoint, or Svix had disabled it. `dropped`: by the chaos switch. */
  status: DeliveryStatus
  readonly attempts: Attempt[]
  /** When the next attempt is due, in milliseconds; null when there is none. */
  nextAttemptAt: number | null
}

/** Time from one attempt to the next: at 0, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h (https://docs.svix.com/retries). */
export const retryDelaysMs: readonly number[] = [
  5_000,
  5 * 60_000,
  30 * 60_000,
  2 * 3_600_000,
  5 * 3_600_000,
  10 * 3_600_000,
  10 * 3_600_000,
]

/** How deliveries are disturbed. */
export interface Chaos {
  /** Further copies of each event, with the same id. `true` is one. */
  duplicate?: number | boolean | undefined
  /** Events are held until `settled()`, `flush()` or `advance()` and then go out last first. */
  reorder?: boolean | undefined
  /** The first attempt is due this much later. */
  delayMs?: number | undefined
  /** Events are lost: the next so many, or `true` for all. They stay in the log and can be replayed. */
  drop?: number | boolean | undefined
  /** All that is due goes out at the same time instead of one after the other. */
  concurrent?: boolean | undefined
}
