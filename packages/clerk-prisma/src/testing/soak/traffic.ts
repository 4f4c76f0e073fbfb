import { randomUUID } from 'node:crypto'
import type { TestIssuer } from '@acme/clerk-testing'
import { signWebhook } from '@acme/clerk-testing'
import type { Backend } from './backends.js'

/** What Clerk knows of one user. */
export interface SoakUser {
  readonly id: string
  readonly authorization: string
  version: number
  banned: boolean
  /** When the newest ban was acknowledged with 200; `null`: not banned, or not acknowledged yet. */
  bannedAt: number | null
}

export interface SentEvent {
  readonly id: string
  readonly type: string
  readonly body: string
}

export async function makeUsers(
  count: number,
  issuer: TestIssuer,
  { party, startAt }: { party: string; startAt: number },
): Promise<SoakUser[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const id = `user_${n}`
      // Valid for every clock of the test, fast and slow ones.
      const token = await issuer.mint(
        { sub: id, sid: `sess_${n}`, azp: party },
        { now: startAt - 600_000, ttlSeconds: 12 * 3600 },
      )
      return {
        id,
        authorization: `Bearer ${token}`,
        version: startAt - 60_000,
        banned: false,
        bannedAt: null,
      }
    }),
  )
}

/** A complete snapshot of the user, newer than the last. */
export function userEvent(user: SoakUser, change: { banned?: boolean }): SentEvent {
  user.version += 1 + Math.floor(Math.random() * 5)
  user.banned = change.banned ?? user.banned
  const type = 'user.updated'
  const data = {
    ...{ id: user.id, object: 'user', username: null, image_url: null, external_id: null },
    ...{ first_name: `Name ${user.version}`, last_name: null },
    ...{ primary_email_address_id: 'idn_1', primary_phone_number_id: null, phone_numbers: [] },
    email_addresses: [
      {
        id: 'idn_1',
        email_address: `${user.id}@example.com`,
        verification: { status: 'verified', strategy: 'email_code' },
      },
    ],
    ...{ public_metadata: {}, private_metadata: {}, unsafe_metadata: {} },
    ...{ banned: user.banned, deprovisioned: false, locked: false },
    ...{ created_at: user.version, updated_at: user.version, last_sign_in_at: null, last_active_at: null },
  }
  return {
    id: `msg_${randomUUID()}`,
    type,
    body: JSON.stringify({ type, object: 'event', timestamp: user.version, data }),
  }
}

/**
 * Delivers as Svix does: until an attempt was answered at all. After that it is silent: an event that was stored and failed
 * is the workers' business. 503 may mean that it could not be stored, and 409 that another attempt has it.
 *
 * @returns when it was answered 200, by `now`; `null`: it was not
 */
export async function deliver(
  { id, body }: SentEvent,
  backends: readonly Backend[],
  secret: string,
  isOver: () => boolean,
  now: () => number,
): Promise<number | null> {
  for (let attempt = 0; !isOver(); attempt++) {
    const backend = backends[Math.floor(Math.random() * backends.length)] as Backend
    const { headers } = signWebhook(JSON.parse(body), secret, { id })
    const status = await backend.post('/webhook', headers, body)
    if (status === 200) return now()
    if (status === 500) return null
    await new Promise((resolve) => setTimeout(resolve, Math.min(200 * 2 ** attempt, 2_000)))
  }
  throw new Error(`The event ${id} was never answered.`)
}
