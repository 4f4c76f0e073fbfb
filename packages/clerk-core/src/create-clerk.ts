import type { Clerk } from './clerk.js'
import { type Configuration, resolveOptions } from './configure.js'
import { createClerkApi } from './domain/backend-api/create-clerk-api.js'
import { createChanges } from './domain/changes/changes.js'
import { createRevocations } from './domain/changes/revocations.js'
import { createKeySource } from './domain/keys/create-key-source.js'
import { createMachineVerifier } from './domain/machines/machine.js'
import { createOrganizationDirectory } from './domain/organizations/directory.js'
import { revocationLifetimeSeconds } from './domain/session/revocation-lifetime.js'
import { createRevokeAtClerk } from './domain/session/revoke-at-clerk.js'
import { createSessionStatusClient } from './domain/session/session-status-client.js'
import type { Change } from './domain/store/inbox.js'
import { observed } from './domain/store/observed.js'
import type { MembershipRecord, OrganizationRecord } from './domain/store/organization.js'
import type { UserRecord } from './domain/store/user.js'
import { createTokenVerifier } from './domain/tokens/verify-token.js'
import { createUserDirectory } from './domain/users/directory.js'
import { createAuthenticate } from './flows/authentication/authenticate.js'
import { createConnections } from './flows/authentication/connections.js'
import { runChecks } from './flows/check/check.js'
import { refuseFaultySchema } from './flows/check/store-findings.js'
import { provideSettings } from './flows/web/settings.js'
import { effectOf } from './flows/webhooks/event-table.js'
import { createWebhooks } from './flows/webhooks/receive.js'
import { ConfigurationError, StoreUnavailableError } from './ground/errors.js'
import { createLog, type Log, NO_LOG } from './ground/observe/log.js'
import { createObserver } from './ground/observe/observer.js'
import type { ClerkOptions } from './options.js'

/**
 * Everything a backend needs of Clerk, wired from one set of options:
 *
 * ```ts
 * const clerk = createClerk({ ...fromEnv(), ...prismaStore(prisma) })
 * ```
 *
 * The row types of the stores flow to `auth.user`, `auth.membership` and `auth.organization`.
 *
 * @throws {ConfigurationError} once, with every problem and its remedy
 */
export function createClerk<
  U extends UserRecord = never,
  M extends MembershipRecord = never,
  O extends OrganizationRecord = OrganizationRecord,
>(options: ClerkOptions<U, M, O>): Clerk<U, M, O> {
  const resolved = resolveOptions(options)
  const { now } = resolved
  const observer = createObserver(now, logOf(resolved))
  for (const { code, message } of resolved.warnings) observer.warn(code, message)
  const stores = {
    users: options.users && observed(options.users, 'users', observer),
    organizations: options.organizations && observed(options.organizations, 'organizations', observer),
    inbox: options.inbox && observed(options.inbox, 'inbox', observer),
  }
  const inbox = stores.inbox ?? null
  const historySeconds = revocationLifetimeSeconds(resolved.session)
  const keys = createKeySource(resolved, observer)
  const revocations = createRevocations(now, historySeconds)
  const tokens = createTokenVerifier(resolved, keys, observer, revocations)
  const api = createClerkApi(resolved, observer)
  const users = stores.users
    ? createUserDirectory<U>({
        store: stores.users,
        options: resolved,
        api,
        observer,
        canLink: options.canLink,
        claimsToUser: options.claimsToUser,
      })
    : null
  const organizations = stores.organizations
    ? createOrganizationDirectory<M, O>({ store: stores.organizations, options: resolved, api, observer })
    : null
  // Without stores there is nothing to keep in step; without an inbox there is no log to read it from.
  const changes =
    inbox || resolved.invalidation
      ? createChanges({
          inbox,
          options: resolved,
          invalidation: resolved.invalidation,
          historySeconds,
          observer,
          onChange: applyChange,
        })
      : null
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
    observer,
  })
  const webhooks = createWebhooks({
    options: resolved,
    users,
    organizations,
    inbox,
    observer,
    applied: (change) => (changes === null ? applyChange(change) : changes.publish(change)),
  })
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
  }) as Clerk<U, M, O>['authenticateNow']

  /** What a change means here, whether this process applied it or another one. */
  function applyChange(change: Change): void {
    const { subjects, anyMembership, revokes } = effectOf(change)
    if (revokes) revocations.revoke(revokes.id, change.appliedAt)
    if (subjects.user) users?.drop(subjects.user)
    if (anyMembership) organizations?.dropAll()
    if (subjects.organization) {
      if (subjects.user) organizations?.dropMembership(subjects.organization, subjects.user)
      else organizations?.dropOrganization(subjects.organization)
    }
    connections.notice(change, anyMembership)
  }

  const made: Clerk<U, M, O> = {
    authenticateNow: authenticate,
    authenticate: async (credentials) => authenticate(credentials),
    async verifyToken(token) {
      // What is known already is not awaited: on a cache hit that would cost as much as the cache does.
      const freshness = changes?.current()
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
    watch: connections.watch as Clerk<U, M, O>['watch'],
    signOut: webhooks.signOut,
    check: () => runChecks({ options: resolved, stores: options, keys, api }),
    async ready() {
      await Promise.all([keys.prefetch(), changes?.start(), refuseFaultySchema(stores)])
    },
    async close() {
      connections.close()
      keys.close()
      await changes?.close()
    },
  }
  const revokeAtClerk = resolved.secretKey ? createRevokeAtClerk({ api, observer, now }) : null
  provideSettings(made, resolved, revokeAtClerk, observer)
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
        remedy: 'Spread one into createClerk: { ...fromEnv(), ...memoryStore() }.',
      },
    ])
  }
  return Object.fromEntries(methods.map((method) => [method, refuse(method)])) as T
}
