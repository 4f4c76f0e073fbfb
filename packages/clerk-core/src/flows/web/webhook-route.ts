import { type OptionRules, rule } from '../../ground/options/read-options.js'
import { webhookOutcome } from '../webhooks/outcome.js'
import type { WebhookOutcome } from '../webhooks/webhook.js'
import type { AnyClerk } from './any-clerk.js'
import type { Framework } from './framework.js'
import { refusal, type WebResponse } from './messages.js'
import { type BodySource, readRawBody } from './raw-body.js'
import { settingsOf } from './settings.js'

export interface WebhookRouteOptions {
  /** How long a client may take to send the whole body: 0.001–3600 seconds. Default 10: Svix gives up after 15. */
  bodyTimeoutSeconds?: number | undefined
}

export const WEBHOOK_OPTIONS: OptionRules<WebhookRouteOptions> = {
  bodyTimeoutSeconds: rule.number({ least: 0.001, most: 3600 }),
}

/**
 * What the webhook route does in every framework. The function it returns gives the response, or `null` when the client
 * has closed the connection.
 */
export function createWebhookRoute<R extends object>(
  { bodySourceOf, rawBodyRemedy }: Pick<Framework<R>, 'bodySourceOf' | 'rawBodyRemedy'>,
  clerk: AnyClerk,
  { bodyTimeoutSeconds = 10 }: WebhookRouteOptions,
): (request: R) => Promise<WebResponse | null> {
  const { maxBodyBytes, observer } = settingsOf(clerk)
  const limits = { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutSeconds * 1000 }
  let warned = false

  return async (request) => {
    const source = await bodySourceOf(request)
    const { headers } = source
    const body = await readRawBody(source, limits)
    switch (body.kind) {
      case 'bytes':
        return render(
          await clerk.receiveWebhook({
            id: headers['svix-id'],
            timestamp: headers['svix-timestamp'],
            signature: headers['svix-signature'],
            body: body.bytes,
          }),
        )
      case 'aborted':
        return null
      case 'too-large':
        observer.refused('too-large')
        return render(webhookOutcome('too-large'), closing(source))
      case 'timeout':
        observer.refused('webhook-timeout')
        return refusal(408, 'webhook-timeout', 'The webhook took too long to arrive', closing(source))
      case 'consumed':
        warn()
        return refusal(500, 'raw-body-required', 'Raw body required')
    }
  }

  /** Once per route: the warning is the same for every delivery. */
  function warn(): void {
    if (warned) return
    warned = true
    observer.warn(
      'ACME_CLERK_RAW_BODY',
      `A body parser has read the webhook before it reached Clerk's route, and the signature covers the raw bytes. ${rawBodyRemedy}`,
    )
  }
}

function render({ status, headers, body }: WebhookOutcome, more: Record<string, string> = {}): WebResponse {
  return { status, headers: { ...headers, ...more }, body }
}

/** The rest of the body is not read, so an HTTP/1 connection cannot be used again. HTTP/2 forbids this header. */
function closing({ headers }: BodySource): Record<string, string> {
  return ':method' in headers ? {} : { Connection: 'close' }
}
