import { timingSafeEqual } from 'node:crypto'
import type { Webhook } from 'svix'
import type { CodesIn } from '../../ground/codes.js'
import { ConfigurationError } from '../../ground/errors.js'
import type { Evidence } from '../../ground/observe/explain.js'
import type { WebhookRequest } from './webhook.js'

/** A request whose signature and time are good. */
export interface SignedMessage {
  /** `svix-id` */
  readonly id: string
  /** The body as it was signed. */
  readonly text: string
  /** `svix-timestamp`: when this attempt was made. Milliseconds. */
  readonly sentAt: number
}

/** Why a request is not a delivery of Clerk's. `malformed` and `too-large` say nothing about who sent it. */
export type SignatureRefusal = CodesIn<'webhook-refusal'>

/** `seen`: what was looked at, for the log. Never a signature or a body. */
interface Refused {
  readonly refused: SignatureRefusal
  readonly seen?: Evidence
}

export interface SignatureVerifier {
  /** Loads Svix's library. Without it the first `verify` does: it takes longer than all else that core imports. */
  load(): Promise<void>
  verify(request: WebhookRequest): Promise<SignedMessage | Refused>
}

/**
 * Printable ASCII, as long as every inbox can store (MySQL's default for text that is indexed). No dot: it could shift the
 * boundary between what was signed as id and as timestamp.
 */
const ID = /^[\x20-\x2d\x2f-\x7e]{1,191}$/
/** Seconds; a fraction is cut off before signing, as Svix's library does. */
const TIMESTAMP = /^(\d{1,12})(?:\.\d{1,12})?$/

/**
 * Verifies Svix signatures (https://docs.svix.com/receiving/verifying-payloads/how-manual): HMAC-SHA256 over
 * `id.timestamp.body`. Svix's library makes the expected value; the clock, the tolerance and the raw bytes are checked
 * here, because its `verify` reads its own clock and takes what is not UTF-8 for something else than was signed.
 *
 * @throws {ConfigurationError} for a secret that is not base64
 */
export function createSignatureVerifier(options: {
  readonly secrets: readonly string[]
  readonly toleranceSeconds: number
  readonly maxBodyBytes: number
  /** Milliseconds. */
  readonly now: () => number
}): SignatureVerifier {
  const { toleranceSeconds, maxBodyBytes, now } = options
  for (const secret of options.secrets) if (!isSigningSecret(secret)) throw notASecret()
  let loading: Promise<readonly Webhook[]> | null = null
  const load = () => {
    loading ??= import('svix')
      .then(({ Webhook }) => options.secrets.map((secret) => new Webhook(secret)))
      .catch((error: unknown) => {
        // A full table of files, say: the next delivery tries again.
        loading = null
        throw error
      })
    return loading
  }
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  return {
    async load() {
      if (options.secrets.length > 0) await load()
    },
    async verify({ id, timestamp, signature, body }) {
      if (body.byteLength > maxBodyBytes) return { refused: 'too-large', seen: { bytes: body.byteLength } }
      const headers = { id: single(id), timestamp: single(timestamp), signature: single(signature) }
      const malformed = { refused: 'headers', seen: formOf({ id, timestamp, signature }) } as const
      if (headers.id === null || !ID.test(headers.id)) return malformed
      if (headers.timestamp === null || headers.signature === null) return malformed
      const seconds = TIMESTAMP.exec(headers.timestamp)?.[1]
      if (seconds === undefined)
        return { refused: 'timestamp', seen: { 'svix-timestamp': headers.timestamp } }
      // Whole seconds on both sides, as Svix's library compares them.
      if (Math.abs(Math.floor(now() / 1000) - Number(seconds)) > toleranceSeconds)
        return { refused: 'timestamp', seen: { 'svix-timestamp': Number(seconds) } }
      const sentAt = Number(seconds) * 1000

      // Others stand beside the one that counts: of another version, of a secret that is being rotated out, or broken.
      const given = headers.signature.split(' ').filter((one) => one.startsWith('v1,'))
      let text: string
      try {
        text = utf8.decode(body)
      } catch {
        return { refused: 'not-utf8' }
      }
      const signedAt = new Date(sentAt)
      for (const signer of await load()) {
        const expected = signer.sign(headers.id, signedAt, text)
        if (given.some((one) => equal(one, expected))) return { id: headers.id, text, sentAt }
      }
      return { refused: 'signature', seen: { 'svix-id': headers.id, signatures: given.length } }
    },
  }
}

/** Base64 as Svix's library reads it: a character that stands alone after whole groups of four is not looked at. */
const ENCODED = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}|[^=])?={0,2}$/

/** Whether Svix's library takes this secret. Known at start, without loading the library. */
export function isSigningSecret(secret: string): boolean {
  const encoded = secret.replace(/^whsec_/, '')
  return secret !== '' && (encoded === '' || (encoded.length >= 4 && ENCODED.test(encoded)))
}

function notASecret(): ConfigurationError {
  return new ConfigurationError([
    {
      option: 'webhookSecrets',
      message: 'holds something that is not a webhook signing secret.',
      remedy: 'Copy the signing secret (whsec_…) of the endpoint from the Clerk dashboard.',
    },
  ])
}

/** Which headers came, and how often; of their values only that of the id, which is no secret. */
function formOf({ id, timestamp, signature }: Omit<WebhookRequest, 'body'>): Evidence {
  const form = (header: WebhookRequest['id']) =>
    header === undefined || header === null
      ? undefined
      : typeof header === 'string'
        ? header.trim() === ''
          ? 'empty'
          : 'there'
        : `${header.length} times`
  const idForm = form(id)
  return {
    'svix-id': idForm === 'there' ? id : idForm,
    'svix-timestamp': form(timestamp),
    'svix-signature': form(signature),
  }
}

/** A header that came twice is refused: which one was signed would be a guess. */
function single(header: WebhookRequest['id']): string | null {
  const value = typeof header === 'string' ? header : header?.length === 1 ? header[0] : undefined
  return value === undefined || value.trim() === '' ? null : value.trim()
}

/** The length of a signature is no secret. */
function equal(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}
