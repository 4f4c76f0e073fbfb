import { createClerk, memoryStore, type WebhookRequest } from '@acme/clerk-core'
import { signWebhook } from '@acme/clerk-testing'
import { type Candidate, compare } from '../measure.js'
import type { Suite } from '../suite.js'

export const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
export const OTHER_SECRET = `whsec_${Buffer.alloc(24, 8).toString('base64')}`

/**
 * Webhooks through verify → claim → apply → handler → done with the memory store, beside deliveries whose signature is
 * refused (the price of verification alone). 1,000,000 divided by the first number is events per second, the second
 * divided by the first the share of verification.
 */
export const webhooks: Suite = {
  name: 'webhooks',
  async run({ pick }) {
    const plan = { rounds: pick(15, 1), ops: pick(2_000, 50), concurrency: 8 }
    const signed = Array.from({ length: plan.ops }, (_, i) => userCreated(i, SECRET))
    const forged = Array.from({ length: plan.ops }, (_, i) => userCreated(i, OTHER_SECRET))
    let clerk = backend()
    const candidate = (who: string, requests: readonly WebhookRequest[], expected: number): Candidate => ({
      who,
      reset: () => {
        clerk = backend()
      },
      op: async (i) => {
        const { status } = await clerk.receiveWebhook(requests[i]!)
        if (status !== expected) throw new Error(`${who}: answered ${status}`)
      },
    })
    const results = await compare(
      [candidate('verify, claim, apply, handle, done', signed, 200), candidate('verify alone', forged, 403)],
      plan,
    )
    // A part of the whole is no peer: there is nothing to be better than.
    return [
      {
        what: 'a user.created webhook',
        results: results.map(({ who, value, unit }) => ({ who, value, unit })),
      },
    ]
  },
}

/** A store, a handler, and nothing that logs. */
export function backend() {
  const clerk = createClerk({
    logger: false,
    ...memoryStore(),
    authorizedParties: 'any',
    issuer: 'https://clerk.example.com',
    jwksUrl: 'https://clerk.example.com/.well-known/jwks.json',
    provisioning: 'off',
    webhookSecrets: [SECRET],
  })
  clerk.on('user.created', () => {})
  return clerk
}

/** Of the size that Clerk's have, about 2 kB. */
export function userCreated(i: number, secret: string): WebhookRequest {
  const id = `user_2abcdefghijklmnopqrst${i}`
  const event = {
    data: {
      id,
      object: 'user',
      username: `user${i}`,
      first_name: 'Ada',
      last_name: 'Lovelace',
      image_url: 'https://img.clerk.com/eyJ0eXBlIjoiZGVmYXVsdCIsImlpZCI6Imluc18yYWJjZGVmZ2hpamtsbW5vcHFyIn0',
      has_image: false,
      primary_email_address_id: `idn_2abcdefghijklmnopqrst${i}`,
      primary_phone_number_id: null,
      email_addresses: [
        {
          id: `idn_2abcdefghijklmnopqrst${i}`,
          object: 'email_address',
          email_address: `user${i}@example.com`,
          verification: {
            status: 'verified',
            strategy: 'email_code',
            attempts: 1,
            expire_at: 1_700_000_600_000,
          },
          linked_to: [],
        },
      ],
      phone_numbers: [],
      external_accounts: [],
      public_metadata: { plan: 'gold', features: ['reports', 'exports', 'audit'] },
      private_metadata: { customer: 'cus_2abcdefghijklmnop', notes: 'x'.repeat(400) },
      unsafe_metadata: {},
      external_id: `legacy-${i}`,
      banned: false,
      locked: false,
      password_enabled: true,
      two_factor_enabled: false,
      last_sign_in_at: null,
      last_active_at: 1_700_000_000_000,
      created_at: 1_700_000_000_000,
      updated_at: 1_700_000_000_000,
    },
    object: 'event',
    type: 'user.created',
    timestamp: 1_700_000_000_000,
    instance_id: 'ins_2abcdefghijklmnopqrstuvwxyz',
    event_attributes: {
      http_request: { client_ip: '203.0.113.7', user_agent: 'Mozilla/5.0 (X11; Linux x86_64)' },
    },
  }
  const { body, headers } = signWebhook(event, secret, { id: `msg_2abcdefghijklmnopqrst${i}` })
  return {
    id: headers['svix-id'],
    timestamp: headers['svix-timestamp'],
    signature: headers['svix-signature'],
    body: Buffer.from(body),
  }
}
