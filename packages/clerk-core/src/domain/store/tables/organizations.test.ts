import { describe, expect, it } from 'vitest'
import { decideApply } from '../rules/convergence.js'
import { organizationStoreOver } from './organizations.js'
import type { RowCondition, StoredRow, TableOf, VersionedRows } from './rows.js'

const same = (one: unknown, other: unknown) => String(one).toLowerCase() === String(other).toLowerCase()

const holds = (row: StoredRow, condition: RowCondition): boolean =>
  Object.entries(condition).every(([field, wanted]) => {
    const value = row[field] ?? null
    if (wanted === null || typeof wanted === 'string') return same(value, wanted)
    return 'in' in wanted ? wanted.in.some((one) => same(value, one)) : value !== null
  })

/** A table whose conditions mind upper and lower case as little as many a collation does. */
class Rows implements VersionedRows {
  readonly stored = new Map<string, StoredRow>()
  /** How many values each list had that was asked for. */
  readonly lists: number[] = []

  find = async (clerkId: string) => this.stored.get(clerkId) ?? null
  probe = async () => {}
  unstored = () => ['slug']

  async findMany(condition: RowCondition, newest?: number) {
    for (const wanted of Object.values(condition))
      if (wanted !== null && typeof wanted === 'object' && 'in' in wanted) this.lists.push(wanted.in.length)
    const found = [...this.stored.values()].filter((row) => holds(row, condition))
    if (newest === undefined) return found
    return found.sort((a, b) => Number(b.createdAt) - Number(a.createdAt)).slice(0, newest)
  }

  async page({ after, limit }: { after: string | null; limit: number }) {
    const ids = [...this.stored.keys()].filter((id) => id > (after ?? '')).sort()
    return ids.slice(0, limit).map((id) => this.#row(id))
  }

  async apply({ clerkId, version, fields, nothing, depending, own }: Parameters<VersionedRows['apply']>[0]) {
    const known = await this.find(clerkId)
    if (known !== null && decideApply({ version: Number(known.version) }, version) === 'stale')
      return { row: known, outcome: 'stale' as const }
    const carried = { ...fields, ...depending?.(known).fields, version }
    this.stored.set(clerkId, { ...(known ?? { id: clerkId, clerkId, ...nothing, ...own() }), ...carried })
    return { row: this.#row(clerkId), outcome: known === null ? ('created' as const) : ('updated' as const) }
  }

  async remove(clerkId: string, at: Date, { fields, own }: Parameters<VersionedRows['remove']>[2]) {
    const known = (await this.find(clerkId)) ?? { id: clerkId, clerkId, version: 0, ...fields, ...own() }
    this.stored.set(clerkId, { ...known, deletedAt: known.deletedAt ?? at })
    return this.#row(clerkId)
  }

  async update(clerkId: string, condition: RowCondition, fields: StoredRow) {
    const known = await this.find(clerkId)
    if (known === null || !holds(known, condition)) return null
    this.stored.set(clerkId, { ...known, ...fields })
    return this.#row(clerkId)
  }

  #row = (clerkId: string): StoredRow => ({ deletedAt: null, ...this.stored.get(clerkId) })
}

function opened(create?: TableOf<{ readonly clerkId: string }>['create']) {
  const tables = {
    organizations: new Rows(),
    memberships: new Rows(),
    roles: new Rows(),
    invitations: new Rows(),
  }
  let runs = 0
  const { store, newRows } = organizationStoreOver({
    organizations: { rows: tables.organizations, create },
    memberships: { rows: tables.memberships, create },
    roles: { rows: tables.roles, create },
    invitations: { rows: tables.invitations, create },
    run(work) {
      runs++
      return work()
    },
  })
  return { store, newRows, tables, runs: () => runs }
}

const membership = (orgId: string, createdAt = 1_000) => ({
  clerkId: `orgmem_${orgId}_${createdAt}`,
  ...{
    orgId,
    userId: 'user_1',
    role: 'org:member',
    permissions: ['org:a:read'],
    createdAt,
    version: createdAt,
  },
})

describe('the organisations over tables', () => {
  it('take no row for another whose id differs in case alone, though the database does', async () => {
    const { store } = opened()
    await store.applyMembership(membership('org_A'))
    expect(await store.findMembership('org_a', 'user_1')).toBeNull()
    expect(await store.listMemberships({ orgId: 'org_a' })).toEqual([])
    expect(await store.findMembership('org_A', 'user_1')).toMatchObject({ orgId: 'org_A' })
    await store.applyRole({ clerkId: 'role_1', key: 'org:Member', permissions: ['org:all'], version: 9_000 })
    expect(await store.findRole('org:member')).toBeNull()
    expect(await store.findMembership('org_A', 'user_1')).toMatchObject({ permissions: ['org:a:read'] })
  })

  it('ask for as many deletions at once as a statement may have parameters', async () => {
    const { store, tables } = opened()
    for (let n = 0; n < 2_001; n++) await store.applyMembership(membership(`org_${n}`))
    await store.removeOrganization('org_7', 5_000)
    const live = await store.listMemberships({ userId: 'user_1' })
    expect(live).toHaveLength(2_000)
    expect(live.some(({ orgId }) => orgId === 'org_7')).toBe(false)
    expect(tables.organizations.lists).toEqual([1_000, 1_000, 1])
  })

  it('let the newest membership count, and the deletion of its organisation be its own', async () => {
    const { store } = opened()
    await store.applyMembership(membership('org_1', 2_000))
    await store.applyMembership(membership('org_1', 1_000))
    await store.removeOrganization('org_1', 5_000)
    expect(await store.findMembership('org_1', 'user_1')).toMatchObject({
      createdAt: new Date(2_000),
      deletedAt: new Date(5_000),
    })
  })

  it('fill the identity of a membership that was deleted by its id alone', async () => {
    const { store } = opened()
    const { clerkId, orgId, userId, createdAt } = membership('org_1')
    expect(await store.removeMembership({ clerkId }, 5_000)).toMatchObject({ orgId: '', userId: '' })
    const again = await store.removeMembership({ clerkId, orgId, userId, createdAt }, 6_000)
    expect(again).toMatchObject({ orgId, userId, deletedAt: new Date(5_000), createdAt: new Date(createdAt) })
  })

  it("make rows with the application's own columns, and say what they would be", async () => {
    const { store, newRows } = opened(({ clerkId }) => ({ tenant: `of ${clerkId}` }))
    const { organization } = await store.applyOrganization({ clerkId: 'org_1', name: 'One', version: 1 })
    expect(organization).toMatchObject({ tenant: 'of org_1', name: 'One', slug: null })
    expect(await store.removeOrganization('org_2', 1)).toMatchObject({ tenant: 'of org_2' })
    expect(newRows.organizations()).toEqual({ tenant: 'of org_check' })
    expect(newRows.memberships()).toEqual({ tenant: 'of orgmem_check' })
    expect(newRows.roles()).toEqual({ tenant: 'of role_check' })
    expect(newRows.invitations()).toEqual({ tenant: 'of orginv_check' })
  })

  it('run each method once, what it refuses too', async () => {
    const { store, runs } = opened()
    await expect(store.findOrganization({} as string)).rejects.toThrow('orgId')
    await store.listMemberships({ orgId: 'org_1' })
    await store.ping()
    expect(runs()).toBe(3)
  })
})
