import { type OfflineClerk, signWebhook, startClerk } from '@acme/clerk-testing'
import { onTestFinished } from 'vitest'
import { createClerk } from '../src/create-clerk.js'
import { memoryStore } from '../src/domain/store/memory/memory-store.js'
import type { ClerkOptions } from '../src/options.js'

export { authorize } from '../src/domain/guard/authorize.js'
export { validateRequirement } from '../src/domain/guard/validate-requirement.js'
export { authenticateUpgrade } from '../src/flows/web/upgrade.js'
export { ConfigurationError } from '../src/ground/errors.js'
export type { ClerkOptions }
export { createClerk, memoryStore }

export const PAGE = 'http://localhost:3000'

let signingKey: OfflineClerk['tokens']['key'] | undefined

/** An offline Clerk whose time stands still until it is moved; ended with the test. */
export async function startOffline(): Promise<OfflineClerk> {
  const offline = await startClerk({ now: () => 1_800_000_000_000, signingKey })
  // To make one takes longer than most of the tests.
  signingKey = offline.tokens.key
  onTestFinished(() => offline.stop())
  return offline
}

/** An instance on stores in memory, to which Clerk's events come when they are asked for. */
export function startInstance(
  offline: OfflineClerk,
  options: Partial<ClerkOptions> = {},
  stores = memoryStore(),
) {
  const clerk = createClerk({
    publishableKey: offline.publishableKey,
    secretKey: offline.secretKey,
    apiUrl: offline.url,
    webhookSecrets: [offline.webhookSecret],
    authorizedParties: [PAGE],
    now: offline.now,
    ...stores,
    ...(options as object),
  })
  onTestFinished(() => clerk.close())
  const delivered = new Set<string>()

  /** Every event that has not been delivered yet, in order. */
  async function deliver(): Promise<void> {
    for (const { id, event } of [...offline.webhooks.deliveries]) {
      if (delivered.has(id)) continue
      delivered.add(id)
      const { body, headers } = signWebhook(event, offline.webhookSecret, { id, now: offline.now() })
      const { status } = await clerk.receiveWebhook({
        id: headers['svix-id'],
        timestamp: headers['svix-timestamp'],
        signature: headers['svix-signature'],
        body: Buffer.from(body),
      })
      if (status !== 200) throw new Error(`${event.type} was answered ${status}.`)
    }
  }
  return { clerk, stores, deliver }
}

/** A session of the framework's in memory. */
export function memorySlot(held: { record?: unknown } = {}) {
  return {
    held,
    read: () => held.record,
    write: (record: unknown) => {
      held.record = JSON.parse(JSON.stringify(record ?? null))
    },
    renew: () => undefined,
    end: () => {
      delete held.record
    },
  }
}
