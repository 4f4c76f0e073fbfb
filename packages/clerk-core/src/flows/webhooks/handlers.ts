import type { WebhookData } from './events.js'

type KnownType = keyof WebhookData

/** The known event types that a pattern takes. */
type Matching<P extends string> = P extends '*'
  ? never
  : P extends `${infer Prefix}.*`
    ? Extract<KnownType, `${Prefix}.${string}`>
    : Extract<KnownType, P>

/** What a handler receives. `data` is its own copy. */
export interface HandlerEvent<T extends string = string, D = unknown> {
  /** `svix-id`: the same on every attempt, so that a handler can recognise an event it has seen. */
  readonly id: string
  readonly type: T
  /** When Clerk says it happened, in milliseconds. */
  readonly timestamp: number
  readonly data: D
  /**
   * The HTTP request by which the change was made, where Clerk tells (`event_attributes.http_request`). Personal data of the
   * person who made it: this package neither logs nor observes it.
   */
  readonly httpRequest?: { readonly clientIp: string | null; readonly userAgent: string | null }
  /**
   * Aborted when `webhook.handlerTimeoutSeconds` are over: the event is then tried again. Aborted too when another process
   * has taken the event over, because this one could not renew its lease.
   */
  readonly signal: AbortSignal
}

/** The event of a pattern: `'user.created'` by its own type, `'session.*'` a union on `type`, anything else untyped. */
export type WebhookEvent<P extends string> = [Matching<P>] extends [never]
  ? HandlerEvent
  : { [T in Matching<P>]: HandlerEvent<T, WebhookData[T]> }[Matching<P>]

/** Editors offer the known types; any other pattern is taken as well. */
export type WebhookPattern = KnownType | 'user.*' | 'session.*' | 'organization.*' | '*' | (string & {})

/**
 * Registers a handler for Clerk events: `'user.created'`, `'session.*'`, `'*'`. It runs at least once per event, after
 * the event's state was applied, beside the other handlers and in no order with those of other events. One that throws
 * or takes too long keeps the event open: Clerk sends it again, and those that succeeded are not run again.
 *
 * `name` is how the inbox remembers that it succeeded; it must be the same after a restart. Default: the pattern and
 * the place in the order of registration.
 *
 * @returns a function that removes the handler
 * @throws {ConfigurationError} for a pattern that matches nothing, or a name that is taken
 */
export type OnWebhook = <const P extends WebhookPattern>(
  pattern: P,
  handler: (event: WebhookEvent<P>) => unknown,
  options?: { readonly name?: string },
) => () => void
