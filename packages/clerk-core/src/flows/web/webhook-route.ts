import { webhookOutcome } from '../webhooks/outcome.js'
import type { WebhookOutcome } from '../webhooks/webhook.js'
import type { AnyClerk } from './any-clerk.js'
import { refusal, type WebResponse } from './messages.js'
import { type BodySource, readRawBody } from './raw-body.js'

export interface WebhookRouteOptions {
  /** How long a client may take to send the whole body. Default 10: Svix gives up after 15. */
  bodyTimeoutSeconds?: number | undefined
}

export interface WebhookRoute {
  /** `null`: the client is gone, there is nobody to answer. */
  receive(source: BodySource): Promise<WebResponse | null>
}

/** @param remedy how a body parser of this framework is made to keep the bytes */
export function createWebhookRoute(
  clerk: AnyClerk,
  { bodyTimeoutSeconds = 10 }: WebhookRouteOptions,
  remedy: string,
): WebhookRoute {
  const limits = { maxBytes: clerk.options.webhook.maxBodyBytes, timeoutMs: bodyTimeoutSeconds * 1000 }
  let warned = false

  return {
    async receive(source) {
      const body = await readRawBody(source, limits)
      switch (body.kind) {
        case 'bytes': {
          const { headers } = source
          return answer(
            await clerk.receiveWebhook({
              id: headers['svix-id'],
              timestamp: headers['svix-timestamp'],
              signature: headers['svix-signature'],
              body: body.bytes,
            }),
          )
        }
        case 'aborted':
          return null
        case 'too-large':
          return answer(webhookOutcome('too-large'), closing(source))
        case 'timeout':
          return refusal(408, 'webhook-timeout', 'The webhook took too long to arrive', closing(source))
        case 'consumed':
          warn()
          return refusal(500, 'raw-body-required', 'Raw body required')
      }
    },
  }

  /** Once per route: every delivery would say the same. */
  function warn(): void {
    if (warned) return
    warned = true
    process.emitWarning(
      `A body parser has read the webhook before it reached Clerk's route, and the signature covers the raw bytes. ${remedy}`,
      { code: 'ACME_CLERK_RAW_BODY' },
    )
  }
}

function answer({ status, headers, body }: WebhookOutcome, more: Record<string, string> = {}): WebResponse {
  return { status, headers: { ...headers, ...more }, body }
}

/** The rest of the body is not read: an HTTP/1 connection is of no further use. HTTP/2 has no such header. */
function closing({ headers }: BodySource): Record<string, string> {
  return ':method' in headers ? {} : { Connection: 'close' }
}
