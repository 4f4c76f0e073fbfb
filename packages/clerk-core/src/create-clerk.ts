import type { Clerk } from './clerk.js'
import { type Configuration, resolveOptions } from './configure.js'
import { createClerkApi } from './domain/backend-api/create-clerk-api.js'
import { createChanges, type KnownChange } from './domain/changes/changes.js'
import { createHolds } from './domain/changes/holds.js'
import { createRevocations } from './domain/changes/revocations.js'
import type { Tell } from './domain/changes/tell.js'
import { createKeySource } from './domain/keys/create-key-source.js'
import { createInstanceProof } from './domain/keys/own-instance.js'
import { createMachineVerifier } from './domain/machines/machine.js'
import { createMachineTokens } from './domain/machines/machine-tokens.js'
import { createOrganizationDirectory } from './domain/organizations/directory.js'
import { revocationLifetimeSeconds } from './domain/session/revocation-lifetime.js'
import { createRevokeAtClerk } from './domain/session/revoke-at-clerk.js'
import { createSessionStatusClient } from './domain/session/session-status-client.js'
import { boundStores } from './domain/store/bounded-stores.js'
import { observed } from './domain/store/observed.js'
import type { MembershipRecord, OrganizationRecord } from './domain/store/organization.js'
import type { UserRecord } from './domain/store/user.js'
import { createTokenVerifier } from './domain/tokens/verify-token.js'
import { createUserDirectory } from './domain/users/directory.js'
import { createUserMigration } from './domain/users/migrate.js'
import { createAuthenticate } from './flows/authentication/authenticate.js'
import { createConnections } from './flows/authentication/connections.js'
import { runChecks } from './flows/check/check.js'
import { createReadiness } from './flows/check/readiness.js'
import { refuseFaultySchema } from './flows/check/store-findings.js'
import { provideSettings } from './flows/web/settings.js'
import { createWebhookAdministration } from './flows/webhooks/administration.js'
import { effectOf, FORGOTTEN } from './flows/webhooks/event-table.js'
import { createWebhooks } from './flows/webhooks/receive.js'
import { provideWorkerParts, type WorkerParts } from './flows/webhooks/worker-parts.js'
import { ConfigurationError, StoreUnavailableError } from './ground/errors.js'
import { createLog, type Log, NO_LOG } from './ground/observe/log.js'
import { createObserver } from './ground/observe/observer.js'
import { Problems } from './ground/options/problems.js'
import { ChangeCounter } from './ground/timing/change-counter.js'
import { createClosing } from './ground/timing/closing.js'
import { createInFlight } from './ground/timing/in-flight.js'
import { withTimeout } from './ground/timing/timeout.js'
import { mergeOptions } from './merge-options.js'
import type { ClerkOptions, ClerkOptionsPart } from './options.js'

/** However much a first look has to read. Each of its calls has the store's own limit. */
const READY_LIMIT_MS = 30_000
/** What orchestrators wait before they kill. */
const CLOSE_LIMIT_MS = 30_000

/**
 * Everything a backend needs of Clerk, wired from its options, or from parts of them:
 *
 * ```ts
 * const clerk = createClerk(fromEnv(), prismaStore(prisma), { session: { graceSeconds: 60 } })
 * ```
 *
 * Parts are merged, option by option, in groups too: a later part wins, and `undefined` overwrites nothing. The row types of
 * the stores flow to `auth.user`, `auth.membership` and `auth.organization`.
 *
 * @throws {ConfigurationError} once, with every problem and its remedy; an unknown option is one
 */
export function createClerk<
  U extends UserRecord = never,
  M extends MembershipRecord = never,
  O extends OrganizationRecord = OrganizationRecord,
>(options: ClerkOptions<U, M, O>): Clerk<U, M, O>
export function createClerk<
  U extends UserRecord = never,
  M extends MembershipRecord = never,
  O extends OrganizationRecord = OrganizationRecord,
>(
  first: ClerkOptionsPart<U, M, O>,
  second: ClerkOptionsPart<U, M, O>,
  ...others: ClerkOptionsPart<U, M, O>[]
): Clerk<U, M, O>
export function createClerk<U extends UserRecord, M extends MembershipRecord, O extends OrganizationRecord>(
  ...parts: readonly ClerkOptionsPart<U, M, O>[]
): Clerk<U, M, O> {
  const problems = new Problems()
  const options = mergeOptions(parts, problems)
  const resolved = resolveOptions(options, problems)
  const { now, storeTimeoutSeconds } = resolved
  const observer = createObserver(now, logOf(resolved))
  for (const { code, message } of resolved.warnings) observer.warn(code, message)
  const { track, idle } = createInFlight()
  const bounded = boundStores<U, M, O>(options, { storeTimeoutSeconds, track })
  const stores = {
    users: bounded.users && observed(bounded.users, 'users', observer),
    organizations: bounded.organizations && observed(bounded.organizations, 'organizations', observer),
    inbox: bounded.inbox && observed(bounded.inbox, 'inbox', observer),
  }
  const inbox = stores.inbox ?? null
  const closing = createClosing()
  const historySeconds = revocationLifetimeSeconds(resolved.session)
  const counter = new ChangeCounter()
  const keys = createKeySource(resolved, observer, { replaced: counter.raise })
  const revocations = createRevocations(now, historySeconds)
  const holds = createHolds()
  const tokens = createTokenVerifier(resolved, keys, observer, revocations)
  const api = createClerkApi(resolved, observer, { track, closing: closing.signal })
  /** Of what reads or writes a whole instance: behind every request, and it waits rather than fails. */
  const patientApi = createClerkApi(resolved, observer, { track, closing: closing.signal }, 'scan')
  const migrate = createUserMigration({ api: patientApi, secretKey: resolved.secretKey })
  const proof = createInstanceProof({ options: resolved, api })
  const tell: Tell = (...told) => webhooks.tell(...told)
  const users = stores.users
    ? createUserDirectory<U>({
        store: stores.users,
        options: resolved,
        api,
        patientApi,
        observer,
        proof,
        tell,
        canLink: options.canLink,
        claimsToUser: options.claimsToUser,
        holds,
        dropped: counter.raise,
      })
    : null
  const organizations = stores.organizations
    ? createOrganizationDirectory<M, O>({
        store: stores.organizations,
        options: resolved,
        api,
        patientApi,
        observer,
        proof,
        tell,
        holds,
        dropped: counter.raise,
      })
    : null
  const changes = createChanges({
    inbox,
    options: resolved,
    invalidation: resolved.invalidation,
    observer,
    onChange: applyChange,
  })
  const sessionStatus = resolved.secretKey
    ? createSessionStatusClient({ api, allowPending: resolved.allowPending, now })
    : null
  const machines = createMachineVerifier(resolved, keys, observer)
  const connections = createConnections({
    options: resolved,
    revocations,
    machines,
    users,
    organizations,
    changes,
    sessionStatus,
    observer,
  })
  const webhooks = createWebhooks({
    options: resolved,
    users,
    organizations,
    inbox,
    observer,
    append: changes.append,
    policy: () => workerParts.policy,
  })
  const webhookAdministration = createWebhookAdministration({
    inbox,
    replay: webhooks.replay,
    historySeconds,
    leaseSeconds: resolved.webhook.leaseSeconds,
  })
  const workerParts: WorkerParts = {
    inbox,
    work: webhooks.work,
    prune: webhookAdministration.prune,
    observer,
    now,
    prunedAt: null,
    policy: {},
    workers: new Set(),
  }
  // The pipeline knows only when it runs which stores there are; `U` and `M` are `never` exactly where there is none.
  const authenticate = createAuthenticate({
    options: resolved,
    tokens,
    keys,
    machines,
    revocations,
    users,
    organizations,
    changes,
    sessionStatus,
    observer,
    counter,
  }) as Clerk<U, M, O>['authenticateNow']

  /** What a change means here, whether this process applied it or another one. */
  function applyChange(change: KnownChange): void {
    counter.raise()
    const { isUnknown, subjects, anyMembership } = effectOf(change)
    const { narrows, version, at } = change
    if (narrows !== null && version === null) revocations.revoke(narrows, at)
    if (narrows !== null && version !== null) holds.hold(narrows, version, at)
    if (isUnknown) users?.dropAll()
    if (subjects.user) users?.drop(subjects.user)
    if (anyMembership) organizations?.dropAll()
    if (subjects.organization) {
      if (subjects.user) organizations?.dropMembership(subjects.organization, subjects.user)
      else organizations?.dropOrganization(subjects.organization)
    }
    connections.notice(change, anyMembership)
    // A request that a listener has made meanwhile may have found the old state: it is looked at again.
    counter.raise()
  }

  const readiness = createReadiness({
    keys,
    changes,
    stores,
    storeTimeoutSeconds,
  })

  const authenticateNow: Clerk<U, M, O>['authenticateNow'] = (credentials) => {
    const auth = authenticate(credentials)
    return auth instanceof Promise ? track(auth) : auth
  }

  const made: Clerk<U, M, O> = {
    authenticateNow,
    authenticate: async (credentials) => authenticateNow(credentials),
    async verifyToken(token) {
      // What is known already is not awaited: on a cache hit that would cost as much as the cache does.
      const freshness = changes.current()
      const current = freshness instanceof Promise ? await freshness : freshness
      if (current?.ok === false)
        throw new StoreUnavailableError('The log of revocations cannot be read: try again.')
      const verifying = tokens.verify(token, { allowMissingAzp: resolved.allowMissingAzp })
      const result = verifying instanceof Promise ? await verifying : verifying
      if (result.ok) return result.token.claims
      throw result.error
    },
    receiveWebhook: (request) => track(webhooks.receive(request)),
    on: webhooks.on,
    observe: (listener) => observer.add(listener),
    users: users
      ? {
          ...users.users,
          forget: (clerkId) => tell(FORGOTTEN.user, clerkId),
          migrate,
        }
      : { ...notConfigured('users', ['get', 'refresh', 'forget', 'sync', 'reconcile']), migrate },
    organizations: organizations
      ? {
          ...organizations.organizations,
          forget: (orgId) => tell(FORGOTTEN.organization, orgId),
        }
      : notConfigured('organizations', [
          'get',
          'getMembership',
          'listMemberships',
          'refresh',
          'refreshRoles',
          'forget',
          'sync',
          'reconcile',
        ]),
    api,
    machines: createMachineTokens(resolved, observer, { track, closing: closing.signal }),
    watch: connections.watch as Clerk<U, M, O>['watch'],
    webhooks: webhookAdministration,
    signOut: (sessionId) => track(webhooks.signOut(sessionId)),
    check: () => track(runChecks({ options: resolved, stores, keys, api, changes })),
    ready: () =>
      track(
        withTimeout(READY_LIMIT_MS, async () => {
          // Before the first use of the stores, whose refusal would name one table and no other.
          const used = refuseFaultySchema(stores, resolved).then(() =>
            Promise.all([changes.start(), webhooks.load()]),
          )
          await Promise.all([keys.prefetch(), used])
        }),
      ),
    async close() {
      readiness.end()
      // Their handlers may still use everything else.
      await Promise.all([...workerParts.workers].map((worker) => worker.stop()))
      connections.close()
      const { handlerTimeoutSeconds } = resolved.webhook
      await idle(Math.min(CLOSE_LIMIT_MS, (handlerTimeoutSeconds + storeTimeoutSeconds) * 1000))
      closing.abort(new Error('the clerk was closed'))
      keys.close()
      await changes.close()
    },
  }
  provideWorkerParts(made, workerParts)
  provideSettings(made, resolved, {
    revokeAtClerk: resolved.secretKey ? createRevokeAtClerk({ api, observer, now }) : null,
    recorded: () => track(changes.written()),
    isReady: readiness.isReady,
    observer,
  })
  return made
}

/** What the log is made of: the logger, what must never reach it, and what refusals are compared with. */
function logOf({ logging, ...options }: Configuration): Log {
  const { logger, given, production } = logging
  if (logger === null) return NO_LOG
  const { secretKey, machineSecretKey, webhookSecrets } = options
  const secrets = [
    secretKey,
    machineSecretKey,
    ...webhookSecrets.flatMap((secret) => [secret, secret.replace(/^whsec_/, '')]),
  ].filter((secret) => secret !== null)
  return createLog({ logger, given, production, secrets, expected: options })
}

/** Using what was not configured is a mistake of the application, and says which option is missing. */
function notConfigured<T extends object>(
  option: 'users' | 'organizations',
  methods: readonly (keyof T & string)[],
): T {
  const refuse = (method: string) => () => {
    throw new ConfigurationError([
      {
        option,
        message: `clerk.${option}.${method}() needs a store.`,
        remedy: 'Give one to createClerk: `createClerk(fromEnv(), memoryStore())`.',
      },
    ])
  }
  return Object.fromEntries(methods.map((method) => [method, refuse(method)])) as T
}
