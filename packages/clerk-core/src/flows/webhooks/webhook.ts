/** A webhook request as it arrived: header values unparsed, the body as raw bytes. */
export interface WebhookRequest {
  /** `svix-id` */
  readonly id: string | readonly string[] | undefined
  /** `svix-timestamp` */
  readonly timestamp: string | readonly string[] | undefined
  /** `svix-signature` */
  readonly signature: string | readonly string[] | undefined
  readonly body: Uint8Array
}

export type WebhookOutcomeKind =
  | 'processed'
  | 'duplicate'
  /** A type that is not in the table and no handler wants: answered 200 so that Clerk does not retry. */
  | 'unknown-type'
  | 'malformed'
  | 'refused'
  | 'too-large'
  | 'busy'
  | 'failed'
  | 'unavailable'
  | 'not-configured'

/** How a delivery ended, ready to be rendered. */
export interface WebhookOutcome {
  readonly kind: WebhookOutcomeKind
  readonly status: 200 | 400 | 403 | 409 | 413 | 500 | 503
  readonly headers: Readonly<Record<string, string>>
  /** JSON body: `{ received: true }` or `{ error, code }`. */
  readonly body: Readonly<Record<string, unknown>>
}
