import type { CodesIn } from '../../ground/codes.js'

/** A webhook request as it arrived: header values unparsed, the body as raw bytes. */
export interface WebhookRequest {
  /** `svix-id` */
  readonly id: string | readonly string[] | null | undefined
  /** `svix-timestamp` */
  readonly timestamp: string | readonly string[] | null | undefined
  /** `svix-signature` */
  readonly signature: string | readonly string[] | null | undefined
  readonly body: Uint8Array
}

/** What became of a delivery. Each is explained in `docs/errors.md`. */
export type WebhookOutcomeKind = CodesIn<'webhook'>

/** How a delivery ended, ready to be rendered. */
export interface WebhookOutcome {
  readonly kind: WebhookOutcomeKind
  readonly status: 200 | 400 | 403 | 409 | 413 | 500 | 503
  readonly headers: Readonly<Record<string, string>>
  /** JSON body: `{ received: true }` or `{ error, code }`. */
  readonly body: Readonly<Record<string, unknown>>
}
