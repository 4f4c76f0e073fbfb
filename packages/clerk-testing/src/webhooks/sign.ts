import { Webhook } from 'svix'
import { newId, randomText } from '../resources/ids.js'

/** What an endpoint receives: the exact body, and the headers that prove where it came from. */
export interface SignedWebhook {
  readonly body: string
  readonly headers: {
    readonly 'content-type': 'application/json'
    readonly 'svix-id': string
    readonly 'svix-timestamp': string
    readonly 'svix-signature': string
  }
}

export interface SignWebhookOptions {
  /** Message id; the same for every attempt. Default: a new one. */
  id?: string | undefined
  /** Time of the attempt, in milliseconds. Default `Date.now()`. */
  now?: number | undefined
}

/** A new signing secret, `whsec_…`. */
export const newWebhookSecret = (): string => `whsec_${Buffer.from(randomText(24)).toString('base64')}`

/**
 * Signs an event as Clerk's deliveries are (https://docs.svix.com/receiving/verifying-payloads/how-manual).
 * @param event an event, or the exact text to sign
 * @param secret `whsec_…`; several, as during a rotation, give several signatures
 */
export function signWebhook(
  event: object | string,
  secret: string | readonly string[],
  { id = newId('msg'), now = Date.now() }: SignWebhookOptions = {},
): SignedWebhook {
  const body = typeof event === 'string' ? event : JSON.stringify(event)
  const sentAt = new Date(now)
  const secrets = typeof secret === 'string' ? [secret] : secret
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'svix-id': id,
      'svix-timestamp': String(Math.floor(now / 1000)),
      'svix-signature': secrets.map((one) => new Webhook(one).sign(id, sentAt, body)).join(' '),
    },
  }
}
