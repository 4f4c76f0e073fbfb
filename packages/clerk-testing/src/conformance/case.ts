import type { Inbox, OrganizationStore, UserStore } from '@acme/clerk-core/store'
import type { Capability, Probe, StoreHarness } from './harness.js'

export type Entity = 'users' | 'organizations' | 'inbox'

/** One thing that every store must do, as data: run it with any test runner, or none. */
export interface ConformanceCase {
  /** `users/older-version-loses`; stable. */
  readonly id: string
  /** A sentence. */
  readonly title: string
  readonly entity: Entity
  /** The capabilities without which the case has no meaning; the entity first. */
  readonly needs: readonly Capability[]
  /**
   * On an emptied database, `declared` being the capabilities of the store. Rejects with an `AssertionError` that names
   * the fault.
   */
  run(harness: StoreHarness, declared: readonly Capability[]): Promise<void>
}

/** The harness, with what a case has said it needs. */
export interface Bench {
  readonly harness: StoreHarness
  readonly users: UserStore
  readonly linking: Required<Pick<UserStore, 'findLinkable' | 'link'>>
  readonly purge: NonNullable<UserStore['purge']>
  readonly touch: NonNullable<UserStore['touch']>
  readonly bulk: NonNullable<UserStore['applyMany']>
  readonly findMany: NonNullable<UserStore['findMany']>
  readonly list: NonNullable<UserStore['list']>
  readonly listOrganizations: NonNullable<OrganizationStore['listOrganizations']>
  readonly organizations: OrganizationStore
  readonly roles: OrganizationStore &
    Required<Pick<OrganizationStore, 'findRole' | 'listRoles' | 'applyRole' | 'removeRole'>>
  readonly inbox: Inbox
  readonly probe: Required<Probe>
  readonly createLocalUser: NonNullable<StoreHarness['createLocalUser']>
  readonly setActive: NonNullable<StoreHarness['setActive']>
  readonly customColumn: NonNullable<StoreHarness['customColumn']>
  readonly breakConnection: NonNullable<StoreHarness['breakConnection']>
  readonly elapse: NonNullable<StoreHarness['elapse']>
  readonly appendLate: NonNullable<StoreHarness['appendLate']>
  /** Users whose every write comes too late. */
  readonly contended: UserStore
  readonly declared: readonly Capability[]
  declares(capability: Capability): boolean
}

export interface CaseDefinition {
  readonly id: string
  readonly title: string
  readonly needs?: readonly Capability[]
  run(bench: Bench): Promise<void>
}

export function casesOf(entity: Entity, definitions: readonly CaseDefinition[]): readonly ConformanceCase[] {
  return definitions.map(({ id, title, needs = [], run }) => ({
    id: `${entity}/${id}`,
    title,
    entity,
    needs: [entity, ...needs],
    run: (harness, declared) => run(benchOf(harness, declared)),
  }))
}

/** A part of the harness that is missing is found out where it is used, and said by name. */
export function benchOf(harness: StoreHarness, capabilities: readonly Capability[]): Bench {
  const { stores, probe } = harness
  return {
    harness,
    declared: capabilities,
    get users() {
      return there(stores.users, 'stores.users')
    },
    get linking() {
      const users = there(stores.users, 'stores.users')
      const findLinkable = there(users.findLinkable, 'stores.users.findLinkable')
      const link = there(users.link, 'stores.users.link')
      return { findLinkable: findLinkable.bind(users), link: link.bind(users) }
    },
    get purge() {
      return there(stores.users?.purge, 'stores.users.purge').bind(stores.users)
    },
    get touch() {
      return there(stores.users?.touch, 'stores.users.touch').bind(stores.users)
    },
    get bulk() {
      return there(stores.users?.applyMany, 'stores.users.applyMany').bind(stores.users)
    },
    get findMany() {
      return there(stores.users?.findMany, 'stores.users.findMany').bind(stores.users)
    },
    get list() {
      return there(stores.users?.list, 'stores.users.list').bind(stores.users)
    },
    get listOrganizations() {
      const { organizations } = stores
      return there(organizations?.listOrganizations, 'stores.organizations.listOrganizations').bind(
        organizations,
      )
    },
    get organizations() {
      return there(stores.organizations, 'stores.organizations')
    },
    get roles() {
      const organizations = there(stores.organizations, 'stores.organizations')
      for (const method of ['findRole', 'listRoles', 'applyRole', 'removeRole'] as const)
        there(organizations[method], `stores.organizations.${method}`)
      return organizations as Bench['roles']
    },
    get inbox() {
      return there(stores.inbox, 'stores.inbox')
    },
    probe: {
      users: async () => there(probe.users, 'probe.users').call(probe),
      organizations: async () => there(probe.organizations, 'probe.organizations').call(probe),
      memberships: async () => there(probe.memberships, 'probe.memberships').call(probe),
      roles: async () => there(probe.roles, 'probe.roles').call(probe),
      invitations: async () => there(probe.invitations, 'probe.invitations').call(probe),
      inbox: async () => there(probe.inbox, 'probe.inbox').call(probe),
      log: async () => there(probe.log, 'probe.log').call(probe),
    },
    createLocalUser: (fields) => there(harness.createLocalUser, 'createLocalUser').call(harness, fields),
    setActive: (rowId, isActive) => there(harness.setActive, 'setActive').call(harness, rowId, isActive),
    get customColumn() {
      return there(harness.customColumn, 'customColumn')
    },
    elapse: async (ms) => there(harness.elapse, 'elapse').call(harness, ms),
    appendLate: async (change) => there(harness.appendLate, 'appendLate').call(harness, change),
    breakConnection: () => there(harness.breakConnection, 'breakConnection').call(harness),
    get contended() {
      return there(harness.contended?.users, 'contended.users')
    },
    declares: (capability) => capabilities.includes(capability),
  }
}

function there<T>(part: T | undefined, name: string): T {
  if (part === undefined)
    throw new Error(`The harness has no \`${name}\`, which a declared capability needs.`)
  return part
}
