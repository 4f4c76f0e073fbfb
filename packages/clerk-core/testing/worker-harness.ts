import { signWebhook } from '@acme/clerk-testing'
import { createClerk } from '../src/create-clerk.js'
import type { Inbox } from '../src/domain/store/inbox.js'
import { memoryStore } from '../src/domain/store/memory/memory-store.js'
import type { ClerkEvent } from '../src/ground/observe/events.js'
import type { ClerkOptions } from '../src/options.js'
import { type Clock, SECRET } from './webhook-harness.js'

export type MemoryStores = ReturnType<typeof memoryStore>

/** One process of a backend, on stores that it may share with others; everything it emits is recorded. */
export function startProcess({
  clock = { ms: 1_700_000_000_000 },
  stores = memoryStore({ now: () => clock.ms }),
  ...options
}: Partial<ClerkOptions> & { clock?: Clock; stores?: MemoryStores } = {}) {
  const clerk = createClerk({
    authorizedParties: 'any',
    issuer: 'https://clerk.example.com',
    jwksUrl: 'https://clerk.example.com/.well-known/jwks.json',
    provisioning: 'off',
    webhookSecrets: [SECRET],
    now: () => clock.ms,
    ...stores,
    ...(options as object),
  })
  const events: ClerkEvent[] = []
  clerk.observe((event) => events.push(event))

  return {
    clerk,
    clock,
    stores,
    named: (name: ClerkEvent['name']) => events.filter((event) => event.name === name),
    /** As Svix sends it. */
    async deliver(event: object, id: string) {
      const { body, headers } = signWebhook(event, SECRET, { id, now: clock.ms })
      return clerk.receiveWebhook({
        id: headers['svix-id'],
        timestamp: headers['svix-timestamp'],
        signature: headers['svix-signature'],
        body: Buffer.from(body),
      })
    },
  }
}

/** The inbox, each of whose calls is made by `around`. */
export function withEachCall(
  inbox: Inbox,
  around: (method: keyof Inbox, args: readonly unknown[], call: () => Promise<unknown>) => Promise<unknown>,
): Inbox {
  return new Proxy(inbox, {
    get(target, name: string & keyof Inbox) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return (...args: unknown[]) => around(name, args, () => method.apply(target, args))
    },
  })
}
