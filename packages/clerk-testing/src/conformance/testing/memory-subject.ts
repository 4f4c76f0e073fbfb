import { type MemoryStores, memoryStore } from '@acme/clerk-core'
import type { ConformanceSubject } from '../check.js'
import type { Capability, ConformanceStores } from '../harness.js'

export const memoryCapabilities: readonly Capability[] = [
  'users',
  'organizations',
  'inbox',
  'linking',
  'purge',
  'custom-columns',
]

type Stores = Required<ConformanceStores>

/** The memory store under the kit; `alter` puts something between the two. */
export function memorySubject({
  unique = false,
  alter = (stores) => stores,
}: {
  readonly unique?: boolean
  readonly alter?: (stores: Stores, memory: () => MemoryStores) => Stores
} = {}): ConformanceSubject {
  const columns: readonly Capability[] = ['unique-email', 'unique-username', 'unique-slug']
  return {
    capabilities: unique ? [...memoryCapabilities, ...columns] : memoryCapabilities,
    async open() {
      let memory: MemoryStores
      let stores: Stores
      const reset = async () => {
        memory = memoryStore({ unique: unique ? ['email', 'username', 'slug'] : [] })
        stores = alter(memory, () => memory)
      }
      await reset()
      return {
        get stores() {
          return stores
        },
        probe: {
          users: () => memory.users.all(),
          organizations: async () => (await memory.organizations.all()).organizations,
          memberships: async () => (await memory.organizations.all()).memberships,
          invitations: async () => (await memory.organizations.all()).invitations,
          inbox: () => memory.inbox.all(),
        },
        reset,
        createLocalUser: async (fields) => (await memory.users.create({ ...fields })).id,
        customColumn: {
          write: async (id, theme) => void (await memory.users.update(String(id), { theme })),
          read: async (id) => {
            const row = (await memory.users.all()).find((candidate) => candidate.id === id)
            return typeof row?.['theme'] === 'string' ? row['theme'] : null
          },
        },
      }
    },
  }
}
