import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createClock } from './clock.js'
import { pageOperations } from './frontend/index.js'
import { pageRoutes } from './frontend/routes.js'
import { scriptRoutes } from './frontend/scripts.js'
import { createTestIssuer, newKeyId } from './issuer/issuer.js'
import { generateKey } from './issuer/keys.js'
import { createLog } from './log.js'
import { createOperations } from './operations.js'
import type { OfflineClerk, StartClerkOptions, Webhooks } from './options.js'
import { decideAt } from './pages/consent.js'
import { dashboardRoutes } from './pages/dashboard.js'
import { frontendRoutes } from './pages/frontend.js'
import { oauthRoutes } from './pages/oauth.js'
import { signInRoutes } from './pages/sign-in.js'
import { plantPlans } from './resources/billing.js'
import { newId, randomText } from './resources/ids.js'
import { bindings } from './resources/index.js'
import { emptyState, type Instance } from './resources/instance.js'
import { plantRoles } from './resources/roles.js'
import { plant, readSeed } from './resources/seed.js'
import { plantDomain } from './resources/settings.js'
import { assertSnapshot, dumpState, loadState, type Snapshot } from './resources/snapshot.js'
import { assertSafe } from './safety.js'
import { createAdmission } from './server/admit.js'
import { createApi } from './server/api.js'
import { emissions } from './server/channels.js'
import { createDispatch } from './server/dispatch.js'
import { createFaults } from './server/faults.js'
import { projection } from './server/project.js'
import { createRateLimiter } from './server/rate-limit.js'
import type { Route } from './server/route.js'
import { offlineRoutes } from './server/routes/offline.js'
import { close, listen, type RequestRecord, requestListener } from './server/server.js'
import { events } from './tables/schemas.js'
import type { Chaos } from './webhooks/delivery.js'
import { Dispatcher } from './webhooks/dispatcher.js'
import { newWebhookSecret } from './webhooks/sign.js'

/** What the secret keys of every offline Clerk begin with, so that one is known where it must not be. */
export const offlineKeyPrefix = 'sk_test_offline'

/**
 * Starts an offline Clerk: Backend API, key set, webhooks and pages on a loopback port.
 * @throws {Error} in production, or for an address other than loopback, unless `dangerouslyAllow` says so; Node's
 * `EADDRINUSE` when the port is taken; a seed or snapshot that cannot be read
 */
export async function startClerk(options: StartClerkOptions = {}): Promise<OfflineClerk> {
  assertSafe(options)
  const clock = createClock(options.now)
  const given = options.snapshot === undefined ? undefined : await readSnapshot(options.snapshot)
  const seedGiven = typeof options.seed === 'string' ? await readSeed(options.seed) : options.seed
  const requests: RequestRecord[] = []
  const newSecretKey = () => `${offlineKeyPrefix}${randomText(35)}`
  /** The newest first. */
  const secretKeys = [options.secretKey ?? given?.secretKey ?? newSecretKey()]
  const secretKey = () => secretKeys[0] ?? ''
  const webhookSecrets = options.webhookSecret
    ? [options.webhookSecret]
    : (given?.webhookSecrets ?? [newWebhookSecret()])
  const instanceId = given?.instanceId ?? newId('ins')
  const dispatcher = new Dispatcher({
    clock,
    instanceId,
    secrets: () => webhookSecrets,
    url: options.webhookUrl,
    attempted: (delivery, attempt) => log.webhook(delivery, attempt),
  })

  // The options are checked before the port is taken.
  const state = given ? loadState(given.state) : emptyState()
  const appUrl = new URL(options.appUrl ?? 'http://localhost:3000').href
  const allowedOrigins = [appUrl, ...(options.allowedOrigins ?? [])].map((origin) => new URL(origin).origin)

  // The port is part of the issuer's name, so the server listens before its routes exist. The key is made before that:
  // nothing takes time between listening and answering.
  const key = given?.key ?? options.signingKey ?? (await generateKey(newKeyId()))
  const server = createServer()
  const port = await listen(server, options.port ?? 0, options.host ?? '127.0.0.1')
  const url = new URL(options.publicUrl ?? `http://127.0.0.1:${port}`).origin

  const log = createLog(options.logger, `${url}/dashboard`)

  const instance: Instance = {
    state,
    issuer: await createTestIssuer({
      frontendApi: new URL(url).host,
      issuer: options.issuer ?? url,
      now: clock.now,
      key,
    }),
    instanceId,
    url,
    appUrl,
    sessionClaims: options.sessionClaims,
    now: clock.now,
    emit: (type, data) => {
      const shown = events[type]?.properties?.data
      const delivery = dispatcher.emit(type, shown ? (projection(shown)(data) as object) : data)
      if (emissions.hasSubscribers) emissions.publish(delivery.event)
    },
    call: <T>(id: Parameters<typeof api.call>[0], request?: Parameters<typeof api.call>[1]) =>
      api.call(id, request) as T,
  }
  const api = createApi(bindings, () => instance)

  let limiter = createRateLimiter(typeof options.rateLimits === 'object' ? options.rateLimits : {}, clock.now)
  let limited = Boolean(options.rateLimits)
  const served: Route[] = [
    ...api.routes,
    ...frontendRoutes(instance, allowedOrigins),
    ...signInRoutes(instance, allowedOrigins),
    ...oauthRoutes(instance, allowedOrigins),
    ...scriptRoutes,
  ]
  const pages = pageRoutes(pageOperations, instance, allowedOrigins)
  const routes = [
    ...served,
    ...offlineRoutes(instance, () => offline),
    ...dashboardRoutes(instance, () => offline),
  ]
  const faults = createFaults([...served, ...pages])
  const admit = createAdmission({
    instance: () => instance,
    isSecretKey: (credential) => secretKeys.includes(credential),
    allowedHosts: [
      new URL(url).hostname,
      ...(options.allowedHosts ?? []),
      ...allowedOrigins.map((origin) => new URL(origin).hostname),
    ],
    limiter: () => (limited ? limiter : null),
  })
  server.on(
    'request',
    requestListener({
      match: createDispatch(routes, pages),
      faults,
      requests,
      admit,
      now: clock.now,
      latencyMs: () => latencyMs,
      refused: log.request,
    }),
  )
  let latencyMs = options.latencyMs ?? 0

  /** What every instance has before its seed. */
  const begin = () => {
    plantRoles(instance, options.roles ?? {})
    plantDomain(instance)
    plantPlans(instance)
  }
  const seed = async (from: typeof seedGiven) => {
    if (typeof from === 'function') await from(offline)
    else if (from) plant(instance, from)
  }
  const forget = () => {
    dispatcher.clear()
    dispatcher.disturb({})
    faults.clear()
    limiter.clear()
    latencyMs = options.latencyMs ?? 0
    requests.length = 0
  }

  if (state.roles.size === 0) begin()
  const machine =
    [...state.machines.values()][0] ??
    state.machines.get(instance.call<{ id: string }>('CreateMachine', { body: { name: 'offline' } }).id)

  const chaos = Object.defineProperty((next: Chaos) => dispatcher.disturb(next), 'active', {
    get: () => dispatcher.chaos,
  }) as Webhooks['chaos']

  const instances: OfflineClerk[] = []
  const offline: OfflineClerk = {
    id: instanceId,
    url,
    issuer: instance.issuer.issuer,
    tokens: instance.issuer,
    get secretKey() {
      return secretKey()
    },
    publishableKey: instance.issuer.publishableKey,
    get webhookSecret() {
      return webhookSecrets[0] ?? ''
    },
    get machineSecretKey() {
      return machine?.secret_key ?? ''
    },
    get env() {
      return {
        CLERK_PUBLISHABLE_KEY: instance.issuer.publishableKey,
        CLERK_SECRET_KEY: secretKey(),
        CLERK_API_URL: url,
        CLERK_PROXY_URL: url,
        CLERK_WEBHOOK_SIGNING_SECRET: webhookSecrets[0] ?? '',
        CLERK_MACHINE_SECRET_KEY: machine?.secret_key ?? '',
        CLERK_SIGN_IN_URL: `${url}/sign-in`,
        CLERK_SIGN_UP_URL: `${url}/sign-up`,
        CLERK_AUTHORIZED_PARTIES: new URL(instance.appUrl).origin,
        CLERK_TELEMETRY_DISABLED: '1',
      }
    },
    get dotenv() {
      const jwtKey = JSON.stringify(instance.issuer.pem)
      const lines = Object.entries(offline.env).map(([name, value]) => `${name}=${value}`)
      return [...lines, `CLERK_JWT_KEY=${jwtKey}`].join('\n')
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
      replay: async (id, as) => {
        const delivery = dispatcher.replay(id, as)
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
    addSecretKey: () => {
      secretKeys.unshift(newSecretKey())
      return secretKey()
    },
    deleteSecretKey: (key) => {
      const index = secretKeys.indexOf(key)
      if (index === -1) throw new Error('There is no such secret key.')
      if (secretKeys.length === 1)
        throw new Error('The last secret key cannot be deleted: add another first.')
      secretKeys.splice(index, 1)
    },
    faults,
    requests,
    now: clock.now,
    advance: (ms) => dispatcher.advance(ms),
    latency: (ms) => {
      latencyMs = ms
    },
    limits: (limits) => {
      limited = limits !== false
      if (typeof limits === 'object') limiter = createRateLimiter(limits, clock.now)
      limiter.clear()
    },
    plant: (more) => plant(instance, more),
    reset: async () => {
      forget()
      instance.state = emptyState()
      begin()
      if (machine) instance.state.machines.set(machine.id, Object.assign(machine, { scopes: [] }))
      await seed(seedGiven)
    },
    snapshot: () => ({
      version: 1,
      instanceId,
      secretKey: secretKey(),
      webhookSecrets: [...webhookSecrets],
      key: instance.issuer.key,
      state: dumpState(instance.state),
    }),
    restore: (snapshot) => {
      assertSnapshot(snapshot)
      const restored = loadState(snapshot.state)
      forget()
      instance.state = restored
    },
    save: async (file) => {
      // Written beside and renamed: a process that dies half-way leaves the old file whole. It holds private keys.
      await writeFile(`${file}.tmp`, JSON.stringify(offline.snapshot()), { mode: 0o600 })
      await rename(`${file}.tmp`, file)
    },
    instances,
    startInstance: async (more = {}) => {
      const { host, dangerouslyAllow, rateLimits, roles } = options
      const started = await startClerk({
        host,
        dangerouslyAllow,
        rateLimits,
        roles,
        seed: seedGiven,
        signingKey: key,
        ...more,
      })
      instances.push(started)
      const stop = started.stop
      return Object.assign(started, {
        stop: async () => {
          instances.splice(instances.indexOf(started), 1)
          await stop()
        },
      })
    },
    consent: (authorization, user, decision = 'allow') =>
      decideAt(url, new URL(authorization), typeof user === 'string' ? user : user.id, decision),
    stop: async () => {
      await Promise.all([...instances].map((one) => one.stop()))
      await dispatcher.stop()
      await close(server)
    },
    [Symbol.asyncDispose]: () => offline.stop(),
  }

  try {
    if (!given) await seed(seedGiven)
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
