import { describe, expect, it } from 'vitest'
import { assertConverges } from '../../../testing/convergence.js'
import { assertProofHolds } from '../../../testing/proof.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import type { UserSnapshot } from '../../domain/store/user.js'

describe('any order, repetition and concurrency of events', () => {
  it('ends in the state of the in-order run', async () => {
    await assertConverges({ emptyStores: async () => memoryStore(), jitter: true, runs: 150 })
  }, 60_000)

  it('does so where e-mail addresses and slugs are unique and move from one user to another', async () => {
    const unique = ['email', 'username', 'externalId', 'slug'] as const
    await assertConverges({ emptyStores: async () => memoryStore({ unique }), jitter: true, runs: 150 })
  }, 60_000)

  it('leaves an address to the user who has proved it, however many claim it', async () => {
    const emptyUsers = async () => memoryStore({ unique: ['email'] }).users
    await assertProofHolds({ emptyUsers, runs: 500 })
  })

  it.each([
    [
      'calls each address proved',
      (given: UserSnapshot) => ({ ...given, emailVerified: given.email !== null }),
    ],
    ['calls none proved', (given: UserSnapshot) => ({ ...given, emailVerified: false })],
  ])('finds out a store that %s', async (_, altered) => {
    const emptyUsers = async () => {
      const { users } = memoryStore({ unique: ['email'] })
      const { apply } = users
      return {
        ...users,
        async apply(snapshot: UserSnapshot) {
          const { user, outcome } = await apply(altered(snapshot))
          if (outcome === 'stale') return { user, outcome }
          const emailVerified = user.email !== null && snapshot.emailVerified
          const updated = await users.update(user.id, { emailVerified })
          return { user: updated ?? user, outcome }
        },
      }
    }
    const found = await assertProofHolds({ emptyUsers, runs: 500 }).catch(({ cause }: Error) => cause)
    expect(String(found)).toContain('lost an address')
  })

  it.each([
    [
      'lets an older version win',
      (stores: ReturnType<typeof memoryStore>) => {
        const { apply } = stores.users
        let last = 1
        stores.users.apply = async (snapshot: UserSnapshot) => {
          // Every write is made the newest.
          last = Math.max(last, snapshot.version) + 1
          const { user, outcome } = await apply({ ...snapshot, version: last })
          return { user, outcome }
        }
      },
    ],
    [
      'lets a deletion come undone',
      (stores: ReturnType<typeof memoryStore>) => {
        const { findByClerkId } = stores.users
        const { apply } = stores.users
        const revived = new Set<string>()
        stores.users.apply = async (snapshot: UserSnapshot) => {
          revived.add(snapshot.clerkId)
          return apply(snapshot)
        }
        stores.users.findByClerkId = async (id: string) => {
          const row = await findByClerkId(id)
          return row && revived.has(id) ? { ...row, deletedAt: null } : row
        }
      },
    ],
    [
      'loses a membership that came before its organisation',
      (stores: ReturnType<typeof memoryStore>) => {
        const { applyMembership, findOrganization } = stores.organizations
        stores.organizations.applyMembership = async (snapshot) => {
          const parent = await findOrganization(snapshot.orgId)
          return parent === null
            ? { membership: {} as never, outcome: 'created' as const }
            : applyMembership(snapshot)
        }
      },
    ],
  ])(
    'is found out in a store that %s',
    async (_, breakStore) => {
      const emptyStores = async () => {
        const stores = memoryStore()
        breakStore(stores)
        return stores
      }
      await expect(assertConverges({ emptyStores, runs: 150 })).rejects.toThrow()
    },
    60_000,
  )
})
