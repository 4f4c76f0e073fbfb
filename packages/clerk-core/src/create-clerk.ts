import type { Clerk } from './clerk.js'
import { resolveOptions } from './configure.js'
import { createClerkApi } from './domain/backend-api/create-clerk-api.js'
import { createChanges, type KnownChange } from './domain/changes/changes.js'
import { createHolds } from './domain/changes/holds.js'
import { createRevocations } from './domain/changes/revocations.js'
import { createKeySource } from './domain/keys/create-key-source.js'
import { createMachineVerifier } from './domain/machines/machine.js'
import { createOrganizationDirectory } from './domain/organizations/directory.js'
import { revocationLifetimeSeconds } from './domain/session/revocation-lifetime.js'
import { createRevokeAtClerk } from './domain/session/revoke-at-clerk.js'
import { createSessionStatusClient } from './domain/session/session-status-client.js'
import type { MembershipRecord } from './domain/store/organization.js'
import type { UserRecord } from './domain/store/user.js'
import { createTokenVerifier } from './domain/tokens/verify-token.js'
import { createUserDirectory } from './domain/users/directory.js'
import { createAuthenticate } from './flows/authentication/authenticate.js'
import { createConnections } from './flows/authentication/connections.js'
import { runChecks } from './flows/check/check.js'
import { provideSettings } from './flows/web/settings.js'
import { createWebhookAdministration } from './flows/webhooks/administration.js'
import { effectOf } from './flows/webhooks/event-table.js'
import { createWebhooks } from './flows/webhooks/receive.js'
import { provideWorkerParts, type WorkerParts } from './flows/webhooks/worker-parts.js'
import { ConfigurationError, StoreUnavailableError } from './ground/errors.js'
import { createObserver } from './ground/observe/observer.js'
import type { ClerkOptions } from './options.js'

/**
 * Everything a backend needs of Clerk, wired from one set of options:
 *
 * ```ts
 * const clerk = createClerk({ ...fromEnv(), ...prismaStore(prisma) })
 * ```
 *
 * The row types of the stores flow to `auth.user` and `auth.organization`.
 *
 * @throws {ConfigurationError} once, with every problem and its remedy
 */
export function createClerk<U extends UserRecord = never, M extends MembershipRecord = never>(
  options: ClerkOptions<U, M>,
): Clerk<U, M> {
  const resolved = resolveOptions(options)
  const { now } = resolved
  const inbox = options.inbox ?? null
  const observer = createObserver(now)
  const historySeconds = revocationLifetimeSeconds(resolved.session)
  const keys = createKeySource(resolved, observer)
  const revocations = createRevocations(now, historySeconds)
  const holds = createHolds()
  const tokens = createTokenVerifier(resolved, keys, observer, revocations)
  const api = createClerkApi(resolved, observer)
  const users = options.users
    ? createUserDirectory<U>({
        store: options.users,
        options: resolved,
        api,
        observer,
        canLink: options.canLink,
        claimsToUser: options.claimsToUser,
        holds,
        changed: (clerkId, heldVersion) => webhooks.forget('user', clerkId, heldVersion),
      })
    : null
  const organizations = options.organizations
    ? createOrganizationDirectory<M>({
        store: options.organizations,
        options: resolved,
        api,
        observer,
        holds,
        changed: (orgId) => webhooks.forget('organization', orgId),
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
  const machines = createMachineVerifier(resolved, observer)
  const connections = createConnections({
    options: resolved,
    revocations,
    machines,
    users,
    organizations,
    changes,
    sessionStatus,
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
    machines,
    revocations,
    users,
    organizations,
    changes,
    sessionStatus,
    observer,
  }) as Clerk<U, M>['authenticateNow']

  /** What a change means here, whether this process applied it or another one. */
  function applyChange(change: KnownChange): void {
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
  }

  const made: Clerk<U, M> = {
    authenticateNow: authenticate,
    authenticate: async (credentials) => authenticate(credentials),
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
    receiveWebhook: webhooks.receive,
    on: webhooks.on,
    observe: (listener) => observer.add(listener),
    users: users
      ? { ...users.users, forget: (clerkId) => webhooks.forget('user', clerkId) }
      : notConfigured('users', ['get', 'refresh', 'forget']),
    organizations: organizations
      ? { ...organizations.organizations, forget: (orgId) => webhooks.forget('organization', orgId) }
      : notConfigured('organizations', ['get', 'getMembership', 'listMemberships', 'refresh', 'forget']),
    api,
    watch: connections.watch as Clerk<U, M>['watch'],
    signOut: webhooks.signOut,
    webhooks: webhookAdministration,
    check: () => runChecks({ options: resolved, stores: options, keys, api, changes }),
    async ready() {
      await Promise.all([keys.prefetch(), changes.start()])
    },
    async close() {
      // Their handlers may still use everything else.
      await Promise.all([...workerParts.workers].map((worker) => worker.stop()))
      connections.close()
      keys.close()
      await changes.close()
    },
  }
  provideWorkerParts(made, workerParts)
  provideSettings(made, resolved, resolved.secretKey ? createRevokeAtClerk({ api, observer, now }) : null)
  return made
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
        remedy: 'Spread one into createClerk: { ...fromEnv(), ...memoryStore() }.',
      },
    ])
  }
  return Object.fromEntries(methods.map((method) => [method, refuse(method)])) as T
}
