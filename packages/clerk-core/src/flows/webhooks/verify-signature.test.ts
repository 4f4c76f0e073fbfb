import { createHmac } from 'node:crypto'
import { verifyWebhook } from '@clerk/backend/webhooks'
import fc from 'fast-check'
import { Webhook } from 'svix'
import { expect, test } from 'vitest'
import { createSignatureVerifier, isSigningSecret } from './verify-signature.js'

const KEY = Buffer.alloc(24, 7)
const SECRET = KEY.toString('base64')
const BODY = '{"type":"user.created","data":{"id":"user_1"}}'
/** Seconds. Theirs reads the system's clock, so every offset below is seconds away from the limit. */
const NOW = Math.floor(Date.now() / 1000)

interface Delivery {
  readonly secret: string
  readonly id: string
  readonly timestamp: string
  readonly signature: string
}

async function accepts({ secret, id, timestamp, signature }: Delivery): Promise<boolean> {
  const request = new Request('https://app.example.com/webhook', {
    method: 'POST',
    headers: { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': signature },
    body: BODY,
  })
  return verifyWebhook(request, { signingSecret: secret }).then(
    () => true,
    () => false,
  )
}

async function ours({ secret, id, timestamp, signature }: Delivery): Promise<boolean> {
  const options = { secrets: [secret], toleranceSeconds: 300, maxBodyBytes: 1000, now: Date.now }
  const result = await createSignatureVerifier(options).verify({
    id,
    timestamp,
    signature,
    body: Buffer.from(BODY),
  })
  return !('refused' in result)
}

const offsets = fc.constantFrom(0, -10, -290, 290, -310, 310)
const entry = fc.constantFrom('good', 'v1,', 'v1', 'v1,!!', 'v1a,x', 'v2,x', '', 'v1,AAAA=', 'x')

test('a delivery is accepted exactly when @clerk/backend accepts it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        prefix: fc.constantFrom('whsec_', ''),
        id: fc.oneof(fc.stringMatching(/^[\w:/-]{1,40}$/), fc.constantFrom('a b', 'x'.repeat(150))),
        offset: offsets,
        fraction: fc.constantFrom('', '.5', '.999'),
        entries: fc.array(entry, { minLength: 1, maxLength: 25 }),
      }),
      async ({ prefix, id, offset, fraction, entries }) => {
        const seconds = NOW + offset
        const good = createHmac('sha256', KEY).update(`${id}.${seconds}.${BODY}`).digest('base64')
        const delivery = {
          secret: `${prefix}${SECRET}`,
          id,
          timestamp: `${seconds}${fraction}`,
          signature: entries.map((one) => (one === 'good' ? `v1,${good}` : one)).join(' '),
        }
        expect(await ours(delivery)).toBe(await accepts(delivery))
      },
    ),
    { numRuns: 500 },
  )
})

test("a secret is taken at start exactly when Svix's library takes it", () => {
  const piece = fc.constantFrom(
    'A',
    'z',
    '9',
    '+',
    '/',
    '=',
    '==',
    '-',
    '_',
    ' ',
    'é',
    '\n',
    'AAAA',
    'whsec_',
  )
  const secret = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    fc.base64String(),
    fc.base64String().map((text) => `whsec_${text}`),
    fc.string(),
  )
  fc.assert(
    fc.property(secret, (text) => {
      const theirs = () => new Webhook(text)
      if (isSigningSecret(text)) expect(theirs).not.toThrow()
      else expect(theirs).toThrow()
    }),
    { numRuns: 5_000 },
  )
})
