import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createClock } from './clock.js'
import { createTestIssuer, newKeyId } from './issuer/issuer.js'
import { generateKey } from './issuer/keys.js'
import { createOperations } from './operations.js'
import type { OfflineClerk, StartClerkOptions, Webhooks } from './options.js'
import { dashboardRoutes } from './pages/dashboard.js'
import { frontendRoutes } from './pages/frontend.js'
import { signInRoutes } from './pages/sign-in.js'
import { newId, randomText } from './resources/ids.js'
import { defaultRoles, emptyState, type Instance } from './resources/instance.js'
import { createMachine } from './resources/machines.js'
import { plant } from './resources/seed.js'
import { assertSnapshot, dumpState, loadState, type Snapshot } from './resources/snapshot.js'
import { createAdmission } from './server/admit.js'
import { createFaults } from './server/faults.js'
import { createRateLimiter } from './server/rate-limit.js'
import { createRouter, type Route } from './server/route.js'
import { instanceRoutes } from './server/routes/instance.js'
import { machineRoutes } from './server/routes/machines.js'
import { offlineRoutes } from './server/routes/offline.js'
import { organizationRoutes } from './server/routes/organizations.js'
import { sessionRoutes } from './server/routes/sessions.js'
import { userRoutes } from './server/routes/users.js'
import { close, listen, type RequestRecord, requestListener } from './server/server.js'
import type { Chaos } from './webhooks/delivery.js'
import { Dispatcher } from './webhooks/dispatcher.js'
import { newWebhookSecret } from './webhooks/sign.js'

/**
 * Starts an offline Clerk: Backend API, key set, webhooks and pages on a loopback port.
 * @throws {Error} Node's `EADDRINUSE` when the port is taken; a seed or snapshot that cannot be read
 */
export async function startClerk(options: StartClerkOptions = {}): Promise<OfflineClerk> {
  const clock = createClock(options.now)
  const snapshot = options.snapshot === undefined ? undefined : await readSnapshot(options.snapshot)
  const requests: RequestRecord[] = []
  const secretKey = options.secretKey ?? snapshot?.secretKey ?? `sk_test_${randomText(42)}`
  const webhookSecrets = options.webhookSecret
    ? [options.webhookSecret]
    : (snapshot?.webhookSecrets ?? [newWebhookSecret()])
  const instanceId = snapshot?.instanceId ?? newId('ins')
  const dispatcher = new Dispatcher({
    clock,
    instanceId,
    secrets: () => webhookSecrets,
    url: options.webhookUrl,
  })

  // The options are checked before the port is taken.
  const state = snapshot ? loadState(snapshot.state) : emptyState()
  const appUrl = new URL(options.appUrl ?? 'http://localhost:3000').href
  const allowedOrigins = [appUrl, ...(options.allowedOrigins ?? [])].map((origin) => new URL(origin).origin)

  // The port is part of the issuer's name, so the server listens before its routes exist. The key is made before that:
  // nothing takes time between listening and answering.
  const key = snapshot?.key ?? options.signingKey ?? (await generateKey(newKeyId()))
  const server = createServer()
  const port = await listen(server, options.port ?? 0, options.host ?? '127.0.0.1')
  const url = `http://127.0.0.1:${port}`

  const instance: Instance = {
    state,
    roles: { ...defaultRoles, ...options.roles },
    issuer: await createTestIssuer({ frontendApi: `127.0.0.1:${port}`, now: clock.now, key }),
    instanceId,
    url,
    appUrl,
    sessionClaims: options.sessionClaims,
    now: clock.now,
    emit: (type, data) => {
      dispatcher.emit(type, data)
    },
  }
  const limiter = options.rateLimits
    ? createRateLimiter(options.rateLimits === true ? {} : options.rateLimits, clock.now)
    : null
  const api: Route[] = [
    ...userRoutes(instance),
    ...organizationRoutes(instance),
    ...sessionRoutes(instance),
    ...machineRoutes(instance),
    ...instanceRoutes(instance),
    ...frontendRoutes(instance, allowedOrigins),
    ...signInRoutes(instance, allowedOrigins),
  ]
  const routes = [
    ...api,
    ...offlineRoutes(instance, () => offline),
    ...dashboardRoutes(instance, () => offline),
  ]
  const faults = createFaults(api)
  const admit = createAdmission({
    instance: () => instance,
    secretKey: () => secretKey,
    allowedHosts: [
      ...(options.allowedHosts ?? []),
      ...allowedOrigins.map((origin) => new URL(origin).hostname),
    ],
    limiter,
  })
  server.on(
    'request',
    requestListener({ match: createRouter(routes), faults, requests, admit, now: clock.now }),
  )

  const seed = async (given: StartClerkOptions['seed']) => {
    if (typeof given === 'function') await given(offline)
    else if (given) plant(instance, given)
  }

  const machine = [...instance.state.machines.values()][0] ?? createMachine(instance, { name: 'offline' })

  const chaos = Object.defineProperty((given: Chaos) => dispatcher.disturb(given), 'active', {
    get: () => dispatcher.chaos,
  }) as Webhooks['chaos']

  const offline: OfflineClerk = {
    url,
    issuer: instance.issuer.issuer,
    tokens: instance.issuer,
    secretKey,
    publishableKey: instance.issuer.publishableKey,
    get webhookSecret() {
      return webhookSecrets[0] ?? ''
    },
    get machineSecretKey() {
      return machine.secret_key
    },
    get env() {
      return {
        CLERK_PUBLISHABLE_KEY: instance.issuer.publishableKey,
        CLERK_SECRET_KEY: secretKey,
        CLERK_API_URL: url,
        CLERK_PROXY_URL: url,
        CLERK_WEBHOOK_SIGNING_SECRET: webhookSecrets[0] ?? '',
        CLERK_MACHINE_SECRET_KEY: machine.secret_key,
        CLERK_SIGN_IN_URL: `${url}/sign-in`,
        CLERK_SIGN_UP_URL: `${url}/sign-up`,
        CLERK_AUTHORIZED_PARTIES: new URL(instance.appUrl).origin,
        CLERK_TELEMETRY_DISABLED: '1',
      }
    },
    ...createOperations(instance),
    webhooks: {
      deliveries: dispatcher.deliveries,
      get url() {
        return dispatcher.url
      },
      get disabled() {
        return dispatcher.disabled
      },
      sendTo: (target) => dispatcher.sendTo(target),
      settled: () => dispatcher.settled(),
      flush: () => dispatcher.flush(),
      chaos,
      replay: async (id) => {
        const delivery = dispatcher.replay(id)
        await dispatcher.settled()
        return delivery
      },
      send: (type, data) => dispatcher.emit(type, data),
      rotateSecret: () => {
        webhookSecrets.unshift(newWebhookSecret())
        webhookSecrets.splice(2)
        return webhookSecrets[0] ?? ''
      },
    },
    faults,
    requests,
    now: clock.now,
    advance: (ms) => dispatcher.advance(ms),
    reset: async () => {
      dispatcher.clear()
      dispatcher.disturb({})
      faults.clear()
      limiter?.clear()
      requests.length = 0
      instance.state = emptyState()
      machine.scopes = []
      instance.state.machines.set(machine.id, machine)
      await seed(options.seed)
    },
    snapshot: () => ({
      version: 1,
      instanceId,
      secretKey,
      webhookSecrets: [...webhookSecrets],
      key: instance.issuer.key,
      state: dumpState(instance.state),
    }),
    save: async (file) => {
      // Written beside and renamed: a process that dies half-way leaves the old file whole. It holds private keys.
      await writeFile(`${file}.tmp`, JSON.stringify(offline.snapshot()), { mode: 0o600 })
      await rename(`${file}.tmp`, file)
    },
    stop: async () => {
      await dispatcher.stop()
      await close(server)
    },
    [Symbol.asyncDispose]: () => offline.stop(),
  }

  try {
    if (!snapshot) await seed(options.seed)
  } catch (error) {
    await offline.stop()
    throw error
  }
  return offline
}

async function readSnapshot(from: string | Snapshot): Promise<Snapshot> {
  const value: unknown = typeof from === 'string' ? JSON.parse(await readFile(from, 'utf8')) : from
  assertSnapshot(value)
  return value
}
