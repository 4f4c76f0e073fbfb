import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import type { AuthorityBinding, Backend } from './binding.js'
import { type Clerk, type ClerkOptions, createClerk } from './core.js'
import { ADMIN_PERMISSIONS } from './people.js'
import { PAGE, POLICIES, type PolicyName, pageOf } from './policies.js'
import type { OpenStores, StoreKind } from './stores.js'

/** Real time between two looks of a watch; what is judged stands on the offline Clerk's clock, which the table moves. */
const POLL_SECONDS = 0.02

const NO_CACHE = { tokens: 0, users: 0, userTtlSeconds: 0, organizationTtlSeconds: 0 }

/** The applications of one test file: one for each store and policy, started when first needed, and one Clerk. */
export interface Backends {
  readonly offline: OfflineClerk
  readonly receivingMachine: string
  store(kind: StoreKind): Promise<OpenStores>
  backend(kind: StoreKind, policy: PolicyName): Promise<Backend>
  /** One more instance on the stores: no application, nothing in memory. */
  instance(kind: StoreKind, policy: PolicyName, caches: 'caches' | 'no caches'): Promise<Clerk>
  /** Which instance Clerk's events go to from now on. */
  deliverTo(clerk: Clerk): void
  close(): Promise<void>
}

export async function startBackends(binding: AuthorityBinding): Promise<Backends> {
  // A clock of its own that stands still: nothing grows old while a test runs, and no test sleeps.
  const started = Date.now()
  const offline = await startClerk({
    now: () => started,
    roles: { 'org:admin': ADMIN_PERMISSIONS },
    sessionClaims: ({ public_metadata: { plans, features } }) => ({
      plans: plans ?? [],
      features: features ?? [],
    }),
  })
  const machine = offline.createMachine({ name: 'backend' })
  const stores = new Map<StoreKind, Promise<OpenStores>>()
  const backends = new Map<string, Promise<Backend>>()
  let receiver: Clerk | null = null

  const hooks = createServer(async (req, res) => {
    const { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': signature } = req.headers
    const outcome = await receiver!.receiveWebhook({ id, timestamp, signature, body: await buffer(req) })
    res.writeHead(outcome.status).end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => hooks.once('listening', resolve))
  offline.webhooks.sendTo(`http://127.0.0.1:${(hooks.address() as AddressInfo).port}`)

  const backendsOf: Backends = {
    offline,
    receivingMachine: machine.id,
    store: (kind) => once(stores, kind, () => open(kind)),
    backend: (kind, policy) =>
      once(backends, `${kind.name} ${policy}`, async () => {
        const clerk = await backendsOf.instance(kind, policy, 'caches')
        const bus = new EventEmitter().setMaxListeners(0)
        return { policy, clerk, bus, page: pageOf(policy), app: await binding.start({ clerk, bus }) }
      }),
    async instance(kind, policy, caches) {
      const { stores } = await backendsOf.store(kind)
      return createClerk({
        publishableKey: offline.publishableKey,
        secretKey: offline.secretKey,
        machineSecretKey: machine.secret_key,
        machineId: machine.id,
        apiUrl: offline.url,
        webhookSecrets: [offline.webhookSecret],
        authorizedParties: [PAGE],
        accept: { apiKeys: true, m2m: true, oauth: true },
        invalidation: { pollSeconds: POLL_SECONDS },
        now: offline.now,
        ...stores,
        ...POLICIES[policy],
        ...(caches === 'caches' ? {} : { cache: NO_CACHE }),
      } as unknown as ClerkOptions) as Clerk
    },
    deliverTo(clerk) {
      receiver = clerk
    },
    async close() {
      for (const backend of await Promise.all(backends.values())) {
        await backend.app.stop()
        await backend.clerk.close()
      }
      await offline.stop()
      hooks.closeAllConnections()
      await new Promise((resolve) => hooks.close(resolve))
      for (const store of await Promise.all(stores.values())) await store.close()
    },
  }
  return backendsOf
}

async function open(kind: StoreKind): Promise<OpenStores> {
  const opened = await kind.open()
  if ('missing' in opened) throw new Error(`The table ${opened.missing}`)
  return opened
}

function once<K, V>(made: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const known = made.get(key) ?? make()
  made.set(key, known)
  return known
}
