import type { CodesIn } from '../../ground/codes.js'
import type { WebhookOutcome, WebhookOutcomeKind } from './webhook.js'

/** Svix has its own schedule; the header is for whatever else retries. */
const RETRY_SECONDS = 5

const refused = (error: string, code: CodesIn<'webhook-body'>) => ({ error, code })
const outcomes: Readonly<
  Record<
    WebhookOutcomeKind,
    { status: WebhookOutcome['status']; body: Record<string, unknown>; retry?: true }
  >
> = {
  processed: { status: 200, body: { received: true } },
  duplicate: { status: 200, body: { received: true } },
  'unknown-type': { status: 200, body: { received: true } },
  malformed: { status: 400, body: refused('The webhook is malformed', 'webhook-malformed') },
  refused: { status: 403, body: refused('The webhook signature is not valid', 'webhook-refused') },
  busy: { status: 409, body: refused('The event is being processed', 'webhook-busy'), retry: true },
  'too-large': { status: 413, body: refused('The webhook is too large', 'webhook-too-large') },
  failed: { status: 500, body: refused('The event could not be processed', 'webhook-failed'), retry: true },
  'not-configured': {
    status: 500,
    body: refused('Webhooks are not configured', 'webhook-not-configured'),
    retry: true,
  },
  unavailable: { status: 503, body: refused('The store is unavailable', 'unavailable'), retry: true },
}

/** How a delivery is answered: the table of statuses in one place. The body says no more than its code. */
export function webhookOutcome(kind: WebhookOutcomeKind, retryAfterSeconds = RETRY_SECONDS): WebhookOutcome {
  const { status, body, retry } = outcomes[kind]
  return { kind, status, body, headers: retry ? { 'retry-after': String(retryAfterSeconds) } : {} }
}
