import { type MemoryStores, memoryStore, StoreUnavailableError } from '@acme/clerk-core'
import type { ConformanceSubject } from '../check.js'
import type { Capability, ConformanceStores } from '../harness.js'

const uniqueColumns: readonly Capability[] = [
  'unique-email',
  'unique-username',
  'unique-phone',
  'unique-external-id',
  'unique-slug',
]

export type Stores = Required<ConformanceStores>

/** Puts something between the kit and the memory store. */
export type Alter = (stores: Stores, memory: MemoryStores) => Partial<Stores>

export interface MemorySubjectOptions {
  readonly unique?: boolean
  /** What the store does not tell. */
  readonly undeclared?: Capability
  readonly alter?: Alter
  /** What a store throws that gives up a write; default what the contract asks for. */
  readonly exhausted?: () => Error
}

/** Users that write only while the row is as it was read, and another writer changes it each time. */
function contendedUsers({ users }: MemoryStores, exhausted: () => Error): Stores['users'] {
  return {
    ...users,
    async apply(snapshot) {
      for (let attempt = 0; attempt < 5; attempt++) {
        const seen = await users.findByClerkId(snapshot.clerkId)
        if (seen !== null) await users.update(seen.id, { theme: `changed ${attempt}` })
        const now = await users.findByClerkId(snapshot.clerkId)
        if (now?.['theme'] === seen?.['theme']) return users.apply(snapshot)
      }
      throw exhausted()
    },
  }
}

/** The memory store under the kit, behind a connection that can be broken. */
export function memorySubject({
  unique = false,
  undeclared,
  alter = () => ({}),
  exhausted = () => new StoreUnavailableError('Too many writers of one row at a time.'),
}: MemorySubjectOptions = {}): ConformanceSubject {
  const capabilities: readonly Capability[] = [
    ...([
      'users',
      'organizations',
      'roles',
      'inbox',
      'linking',
      'purge',
      'activity',
      'bulk',
      'listing',
      'custom-columns',
      'outage',
      'contention',
      'late-commits',
    ] as const),
    ...(unique ? uniqueColumns : []),
  ]
  return {
    capabilities: capabilities.filter((name) => name !== undeclared),
    async open() {
      let down = false
      const connected = <S extends object>(store: S): S =>
        new Proxy(store, {
          get(target, name) {
            const method: unknown = Reflect.get(target, name)
            if (typeof method !== 'function') return method
            return async (...args: unknown[]) => {
              if (down) throw new StoreUnavailableError('The connection is broken.')
              return Reflect.apply(method, target, args)
            }
          },
        })

      let elapsed = 0
      let memory: MemoryStores
      let stores: Stores
      const reset = async () => {
        memory = memoryStore({
          unique: unique ? ['email', 'username', 'phone', 'externalId', 'slug'] : [],
          now: () => Date.now() + elapsed,
        })
        const behind = {
          users: connected(memory.users),
          organizations: connected(memory.organizations),
          inbox: connected(memory.inbox),
        }
        stores = { ...behind, ...alter(behind, memory) }
      }
      await reset()
      return {
        get stores() {
          return stores
        },
        get contended() {
          return { users: contendedUsers(memory, exhausted) }
        },
        probe: {
          users: () => memory.users.all(),
          organizations: async () => (await memory.organizations.all()).organizations,
          memberships: async () => (await memory.organizations.all()).memberships,
          roles: async () => (await memory.organizations.all()).roles,
          invitations: async () => (await memory.organizations.all()).invitations,
          inbox: () => memory.inbox.all(),
          log: () => memory.inbox.log(),
        },
        async elapse(ms) {
          elapsed += ms
        },
        async appendLate(change) {
          const show = await memory.inbox.appendLate(change)
          return async () => show()
        },
        reset,
        createLocalUser: async (fields) => (await memory.users.create({ ...fields })).id,
        setActive: async (id, isActive) => void (await memory.users.update(String(id), { isActive })),
        customColumn: {
          write: async (id, theme) => void (await memory.users.update(String(id), { theme })),
          read: async (id) => {
            const row = (await memory.users.all()).find((candidate) => candidate.id === id)
            return typeof row?.['theme'] === 'string' ? row['theme'] : null
          },
        },
        async breakConnection() {
          down = true
          return async () => {
            down = false
          }
        },
      }
    },
  }
}
