import { AssertionError } from 'node:assert'
import type { UserRecord, UserSnapshot } from '@acme/clerk-core/store'
import { brokenInboxes } from './broken-inboxes.js'
import { interruption } from './interruption.js'
import type { Alter, MemorySubjectOptions } from './memory-subject.js'

/** A store with one fault, the cases that find it (all of them), and what the first of them says. */
export interface BrokenStore extends MemorySubjectOptions {
  readonly fault: string
  readonly says: RegExp
  readonly caughtBy: readonly string[]
}

/** Users with some of their methods replaced. */
const users =
  (replace: (...args: Parameters<Alter>) => Partial<Parameters<Alter>[0]['users']>): Alter =>
  (stores, memory) => ({ users: { ...bound(stores.users), ...replace(stores, memory) } })

const organizations =
  (replace: (...args: Parameters<Alter>) => Partial<Parameters<Alter>[0]['organizations']>): Alter =>
  (stores, memory) => ({ organizations: { ...bound(stores.organizations), ...replace(stores, memory) } })

/** The methods of a proxy as own properties, so that they can be spread. */
function bound<S extends object>(store: S): S {
  return Object.fromEntries(Object.keys(store).map((name) => [name, Reflect.get(store, name)])) as S
}

export const brokenStores: readonly BrokenStore[] = [
  {
    fault: 'racy insert: looks, then inserts',
    alter: users(({ users }) => ({
      async apply(snapshot) {
        const known = await users.findByClerkId(snapshot.clerkId)
        await interruption()
        if (known === null && (await users.findByClerkId(snapshot.clerkId)) !== null)
          throw new Error('duplicate key value violates unique constraint "users_clerk_id_key"')
        return users.apply(snapshot)
      },
    })),
    says: /failed under concurrency .*duplicate key/,
    caughtBy: [
      'users/race-many-versions',
      'users/race-few-versions',
      'users/race-first-sign-in',
      'users/race-removal',
      'users/race-link-and-apply',
      'users/race-bulk',
    ],
  },
  {
    fault: 'compares the version, then writes whatever came between',
    alter: users(({ users }) => ({
      async apply(snapshot) {
        const known = await users.findByClerkId(snapshot.clerkId)
        if (known === null || snapshot.version < known.version) return users.apply(snapshot)
        await interruption()
        const { version } = (await users.findByClerkId(snapshot.clerkId)) ?? known
        return users.apply({ ...snapshot, version: Math.max(version, snapshot.version) })
      },
    })),
    says: /highest of several versions did not stay/,
    caughtBy: ['users/race-known-row', 'users/race-removal'],
  },
  {
    fault: 'older version wins: writes whatever comes last',
    alter: users(({ users }) => ({
      async apply(snapshot) {
        const { version } = (await users.findByClerkId(snapshot.clerkId)) ?? snapshot
        return users.apply({ ...snapshot, version: Math.max(version, snapshot.version) })
      },
    })),
    says: /older version overwrote a newer one/,
    caughtBy: [
      'users/older-version-loses',
      'users/stale-is-reported',
      'users/unchanged-is-reported',
      'users/converges-in-any-order',
      'users/banned-is-synced',
      'users/deprovisioned-is-synced',
      'users/claims-do-not-overwrite',
      'users/bad-numbers-refused',
      'users/purged-stays-purged',
      'users/absent-keeps',
      'users/times-of-a-stale-snapshot',
      'users/race-bulk',
    ],
  },
  {
    fault: 'resurrecting delete: an update clears deletedAt',
    alter: users(({ users }) => {
      const revived = new Set<string>()
      const shown = <U extends UserRecord>(row: U): U =>
        revived.has(row.clerkId ?? '') ? { ...row, deletedAt: null } : row
      return {
        async findByClerkId(clerkId) {
          const row = await users.findByClerkId(clerkId)
          return row && shown(row)
        },
        async apply(snapshot) {
          const applied = await users.apply(snapshot)
          if (applied.outcome === 'updated' && applied.user.deletedAt !== null) revived.add(snapshot.clerkId)
          return { ...applied, user: shown(applied.user) }
        },
        async remove(clerkId, at) {
          revived.delete(clerkId)
          return users.remove(clerkId, at)
        },
      }
    }),
    says: /late update brought a deleted user back/,
    caughtBy: [
      'users/late-update-stays-deleted',
      'users/converges-in-any-order',
      'users/claims-do-not-resurrect',
      'users/absent-in-a-deleted-row',
      'users/race-removal',
    ],
  },
  {
    fault: 'stale outcome lies: calls every write an update',
    alter: users(({ users }) => ({
      async apply(snapshot) {
        const { user, outcome } = await users.apply(snapshot)
        return { user, outcome: outcome === 'stale' ? 'updated' : outcome }
      },
    })),
    says: /must be reported as stale/,
    caughtBy: [
      'users/stale-is-reported',
      'users/unchanged-is-reported',
      'users/claims-do-not-overwrite',
      'users/purged-stays-purged',
      'users/absent-keeps',
      'users/times-of-a-stale-snapshot',
    ],
  },
  {
    fault: 'takes every duplicate key for a stale event',
    unique: true,
    alter: users(({ users }, memory) => ({
      async apply(snapshot) {
        const holder = (await memory.users.all()).find(
          ({ clerkId, email }) => email !== null && email === snapshot.email && clerkId !== snapshot.clerkId,
        )
        return holder === undefined ? users.apply(snapshot) : { user: holder, outcome: 'stale' }
      },
    })),
    says: /new holder was not stored/,
    caughtBy: [
      'users/unique-email/lower-version-gives-up',
      'users/unique-email/higher-version-keeps',
      'users/unique-email/moves-in-any-order',
      'users/unique-email/deleted-takes-none',
      'users/unique-email/local-row-keeps',
      'users/unique-email/deleted-local-row-keeps',
      'users/unique-email/proof-outranks-version',
      'users/unique-email/unproved-goes-by-version',
      'users/linking/apply-never-links',
      'users/bad-ids-refused',
      'users/race-addresses-swapped',
      'users/race-link-and-apply',
      'users/race-bulk-unique',
    ],
  },
  {
    fault: 'returns its internal object',
    alter: users(({ users }) => {
      const rows = new Map<string, UserRecord>()
      return {
        async findByClerkId(clerkId) {
          const known = rows.get(clerkId)
          const row = await users.findByClerkId(clerkId)
          if (row === null || (known !== undefined && known.version === row.version)) return known ?? row
          rows.set(clerkId, row)
          return row
        },
        async apply(snapshot) {
          rows.delete(snapshot.clerkId)
          return users.apply(snapshot)
        },
        async remove(clerkId, at) {
          rows.delete(clerkId)
          return users.remove(clerkId, at)
        },
      }
    }),
    says: /store's own object/,
    caughtBy: ['users/answers-are-copies', 'users/touch-raises', 'users/bulk-times'],
  },
  {
    fault: 'swallows an outage as null',
    alter: users(({ users }) => ({
      findByClerkId: (clerkId) =>
        users.findByClerkId(clerkId).catch((error: unknown) => {
          if (error instanceof Error && error.name === 'StoreInputError') throw error
          return null
        }),
    })),
    says: /findByClerkId hides an outage.*answered null/,
    caughtBy: ['users/outage-is-not-null'],
  },
  {
    fault: 'case-sensitive e-mail link',
    alter: users(({ users }) => ({
      findLinkable: async (by) =>
        ((await users.findLinkable?.(by)) ?? []).filter((row) => !('email' in by) || row.email === by.email),
    })),
    says: /case must not count/,
    caughtBy: ['users/linking/finds-in-any-case', 'users/linking/link-fills-the-row'],
  },
  {
    fault: 'folds every letter that Unicode calls a capital',
    alter: users(({ users }, memory) => {
      const folded = (row: { readonly email?: string | null }) => row.email?.toLowerCase()
      return {
        async findLinkable(by) {
          const found = (await users.findLinkable?.(by)) ?? []
          if (!('email' in by)) return found
          const { email } = by
          const rows = (await memory.users.all()).filter(
            ({ clerkId, deletedAt }) => clerkId === null && deletedAt === null,
          )
          return rows.filter((row) => folded(row) === email.toLowerCase())
        },
        async link(id, snapshot, by) {
          const row = (await memory.users.all()).find((candidate) => candidate.id === id)
          const same = row !== undefined && by !== 'external-id' && folded(row) === folded(snapshot)
          if (same) await memory.users.update(row.id, { email: snapshot.email ?? null })
          return (await users.link?.(id, snapshot, by)) ?? null
        },
      }
    }),
    says: /the Kelvin sign is taken for k/,
    caughtBy: ['users/linking/finds-exactly', 'users/linking/link-exactly'],
  },
  {
    fault: 'takes a unique value from a row that the application deleted',
    unique: true,
    alter: users(({ users }, memory) => ({
      async apply(snapshot) {
        for (const { id, clerkId, deletedAt } of await memory.users.all())
          if (clerkId === null && deletedAt !== null) await memory.users.update(id, NO_UNIQUE_VALUES)
        return users.apply(snapshot)
      },
    })),
    says: /its deletion is the application's/,
    caughtBy: [
      'users/unique-email/deleted-local-row-keeps',
      'users/unique-username/deleted-local-row-keeps',
      'users/unique-phone/deleted-local-row-keeps',
      'users/unique-external-id/deleted-local-row-keeps',
    ],
  },
  {
    fault: 'a newer row takes an address, proved or not',
    unique: true,
    alter: users(({ users }) => ({
      apply: (snapshot) => users.apply({ ...snapshot, emailVerified: snapshot.email !== null }),
    })),
    says: /A verified address was lost/,
    caughtBy: ['users/unique-email/proof-outranks-version', 'users/race-verified-address'],
  },
  {
    fault: 'takes absent for empty',
    alter: users(({ users }) => ({
      apply: (snapshot) => users.apply({ ...EMPTY_SNAPSHOT, ...snapshot }),
      link: async (id, snapshot, by) =>
        (await users.link?.(id, { ...EMPTY_SNAPSHOT, ...snapshot }, by)) ?? null,
    })),
    says: /does not carry must keep its value/,
    caughtBy: [
      'users/absent-keeps',
      'users/null-clears',
      'users/absent-in-a-new-row',
      'users/absent-in-a-link',
    ],
  },
  {
    fault: 'takes null for absent',
    alter: users(({ users }) => ({
      apply: (snapshot) =>
        users.apply(
          Object.fromEntries(Object.entries(snapshot).filter(([, value]) => value !== null)) as never,
        ),
    })),
    says: /A newer snapshot was not stored/,
    caughtBy: ['users/newer-version-wins', 'users/null-clears'],
  },
  {
    fault: 'keeps permissions whatever the role',
    alter: organizations(({ organizations }) => ({
      async applyMembership({ permissions, ...snapshot }) {
        if (permissions !== undefined) return organizations.applyMembership({ permissions, ...snapshot })
        const known = await organizations.findMembership(snapshot.orgId, snapshot.userId)
        return organizations.applyMembership({
          ...snapshot,
          permissions: known?.clerkId === snapshot.clerkId ? known.permissions : [],
        })
      },
    })),
    says: /A demoted member kept the permissions/,
    caughtBy: ['organizations/membership-permissions-of-another-role'],
  },
  {
    fault: 'forgets a removal that has nothing but an id',
    alter: organizations(({ organizations }) => ({
      async removeMembership(reference, at) {
        if ('orgId' in reference) return organizations.removeMembership(reference, at)
        const unknown = { ...reference, orgId: 'org_0', userId: 'user_0', createdAt: at }
        return organizations.removeMembership({ ...unknown, clerkId: 'orgmem_0' }, at)
      },
    })),
    says: /not found by its id alone/,
    caughtBy: [
      'organizations/membership-removed-by-its-id',
      'organizations/membership-removed-by-its-id-first',
      'organizations/membership-identified-by-a-second-removal',
    ],
  },
  {
    fault: 'an update sets the switch of the application',
    alter: users(({ users }, memory) => ({
      async apply(snapshot) {
        const { user, outcome } = await users.apply(snapshot)
        if (outcome !== 'updated') return { user, outcome }
        const isActive = !user.banned && user.deletedAt === null
        return { user: (await memory.users.update(String(user.id), { isActive })) ?? user, outcome }
      },
    })),
    says: /A sync switched on/,
    caughtBy: ['users/switch-survives-apply'],
  },
  {
    fault: 'a removal sets the switch of the application',
    alter: users(({ users }, memory) => ({
      async remove(clerkId, at) {
        const row = await users.remove(clerkId, at)
        if (row.version === 0) return row
        return (await memory.users.update(String(row.id), { isActive: false })) ?? row
      },
    })),
    says: /A removal used the switch/,
    caughtBy: ['users/switch-survives-remove'],
  },
  {
    fault: 'a link sets the switch of the application',
    alter: users(({ users }, memory) => ({
      async link(id, snapshot, by) {
        const row = await users.link?.(id, snapshot, by)
        return row ? memory.users.update(String(row.id), { isActive: true }) : null
      },
    })),
    says: /A link switched on/,
    caughtBy: ['users/switch-survives-link'],
  },
  {
    fault: 'a purge sets the switch of the application',
    alter: users(({ users }, memory) => ({
      async purge(before, now) {
        const purged = (await users.purge?.(before, now)) ?? 0
        if (purged > 0)
          for (const { id } of await memory.users.all()) await memory.users.update(id, { isActive: true })
        return purged
      },
    })),
    says: /A purge switched on/,
    caughtBy: ['users/switch-survives-purge'],
  },
  {
    fault: 'knows no directories',
    alter: users(({ users }) => ({
      apply: (snapshot) => users.apply({ ...snapshot, deprovisioned: false }),
      link: async (id, snapshot, by) =>
        (await users.link?.(id, { ...snapshot, deprovisioned: false }, by)) ?? null,
    })),
    says: /withdrawn by a directory was stored without it/,
    caughtBy: ['users/deprovisioned-is-synced', 'users/linking/link-bans', 'users/absent-keeps'],
  },
  {
    fault: 'a stale snapshot lifts a ban',
    alter: users(({ users }, memory) => ({
      async apply(snapshot) {
        const { user, outcome } = await users.apply(snapshot)
        if (outcome !== 'stale') return { user, outcome }
        const { banned } = snapshot
        return { user: (await memory.users.update(String(user.id), { banned })) ?? user, outcome }
      },
    })),
    says: /order of events .* ends in another state.*banned is true/,
    caughtBy: ['users/converges-in-any-order', 'users/banned-is-synced'],
  },
  {
    fault: 'calls an address verified that is not there',
    alter: users(({ users }, memory) => ({
      async apply(snapshot) {
        const applied = await users.apply(snapshot)
        if (snapshot.email === null && snapshot.emailVerified)
          await memory.users.update(String(applied.user.id), { emailVerified: true })
        return applied
      },
    })),
    says: /without an address calls it verified/,
    caughtBy: ['users/no-address-is-unverified'],
  },
  {
    fault: 'hands dates to the driver as they come',
    alter: users(({ users }) => ({
      apply: ({ createdAt, lastSignInAt, lastActiveAt, ...snapshot }) =>
        users.apply({ ...snapshot, createdAt: null, lastSignInAt: null, lastActiveAt: null }),
    })),
    says: /apply took NaN for createdAt/,
    caughtBy: [
      'users/bad-dates-refused',
      'users/times-of-clerk',
      'users/times-only-grow',
      'users/times-of-a-stale-snapshot',
      'users/bulk-whole-rows',
    ],
  },
  {
    fault: 'takes the time of a sign-in for a part of the state',
    alter: users(({ users }, memory) => ({
      async apply(snapshot) {
        const applied = await users.apply(snapshot)
        const { lastSignInAt } = snapshot
        if (applied.outcome === 'stale' || lastSignInAt === undefined) return applied
        const time = lastSignInAt === null ? null : new Date(lastSignInAt)
        await memory.users.update(String(applied.user.id), { lastSignInAt: time })
        return applied
      },
    })),
    says: /the latest ever seen|lowered the time of a later sign-in/,
    caughtBy: ['users/touch-never-lowers', 'users/times-only-grow'],
  },
  {
    fault: 'a name that the database does not hold fails the event',
    alter: users(({ users }) => ({
      async apply(snapshot) {
        if (/\0/.test(snapshot.firstName ?? ''))
          throw new AssertionError({ message: 'invalid byte sequence: 0x00' })
        return users.apply(snapshot)
      },
    })),
    says: /invalid byte sequence/,
    caughtBy: ['users/any-text-is-stored'],
  },
  {
    fault: 'the last sign-in to arrive wins',
    alter: users(({ users }, memory) => ({
      async touch(clerkId, activity) {
        await users.touch?.(clerkId, activity)
        const row = await memory.users.findByClerkId(clerkId)
        const lastSignInAt = new Date(activity.lastSignInAt)
        if (row !== null && row.deletedAt === null) await memory.users.update(row.id, { lastSignInAt })
      },
    })),
    says: /An earlier sign-in lowered the time of a later one/,
    caughtBy: ['users/touch-never-lowers'],
  },
  {
    fault: 'a sign-in makes a row',
    alter: users(({ users }) => ({
      async touch(clerkId, activity) {
        await users.touch?.(clerkId, activity)
        if ((await users.findByClerkId(clerkId)) === null) await users.apply({ clerkId, version: 0 })
      },
    })),
    says: /touch made a row/,
    caughtBy: ['users/touch-makes-no-row'],
  },
  {
    fault: 'sign-ins are not stored',
    alter: users(({ users }) => ({
      touch: async (clerkId, activity) => {
        const known = await users.findByClerkId(clerkId)
        if (known === null) await users.touch?.(clerkId, activity)
      },
    })),
    says: /touch did not raise the time/,
    caughtBy: ['users/touch-raises', 'users/touch-never-lowers'],
  },
  {
    fault: 'purges without a clock',
    alter: users(({ users }) => ({
      purge: async (before, now = Date.now()) =>
        (await users.purge?.(before, Number.isNaN(now) ? 8e15 : now)) ?? 0,
    })),
    says: /purge took NaN for the present/,
    caughtBy: ['users/purge-not-too-early'],
  },
  {
    fault: 'takes every snapshot of version 0 for claims',
    alter: organizations(({ organizations }) => ({
      async applyOrganization(snapshot) {
        const known = await organizations.findOrganization(snapshot.clerkId)
        if (snapshot.version > 0 || known === null) return organizations.applyOrganization(snapshot)
        return { organization: known, outcome: 'unchanged' }
      },
    })),
    says: /the later write must win, 0 included/,
    caughtBy: ['organizations/version-zero'],
  },
  {
    fault: 'sorts memberships as a language does',
    alter: organizations(({ organizations }) => ({
      async findMembership(orgId, userId) {
        await organizations.findMembership(orgId, userId)
        const newest = await organizations.findMembership(orgId, userId)
        const listed = newest?.deletedAt === null ? await organizations.listMemberships({ userId }) : []
        const same = listed.filter(
          (row) => row.orgId === orgId && Number(row.createdAt) === Number(newest?.createdAt),
        )
        return same.sort((a, b) => b.clerkId.localeCompare(a.clerkId, 'en'))[0] ?? newest
      },
    })),
    says: /A collation decides which membership counts/,
    caughtBy: ['organizations/membership-same-moment'],
  },
  {
    fault: 'gives up a write with an error of its own',
    exhausted: () => new Error('A row was changed 5 times while it was being written.'),
    says: /Exhausted attempts are no outage/,
    caughtBy: ['users/contention-is-an-outage'],
  },
  {
    fault: 'uses an address as a pattern',
    alter: users(({ users }, memory) => ({
      async findLinkable(by) {
        const found = (await users.findLinkable?.(by)) ?? []
        if (!('email' in by)) return found
        const { email } = by
        const like = new RegExp(
          `^${email
            .replaceAll(/[.+()^$]/g, '\\$&')
            .replaceAll('_', '.')
            .replaceAll('%', '.*')}$`,
          'i',
        )
        return (await memory.users.all()).filter(
          (row) => row.clerkId === null && row.deletedAt === null && like.test(row.email ?? ''),
        )
      },
    })),
    says: /_ stands for any letter/,
    caughtBy: ['users/linking/finds-exactly'],
  },
  {
    fault: 'takes an external id for a number, where it looks like one',
    alter: users(({ users }, memory) => ({
      async findLinkable(by) {
        const found = (await users.findLinkable?.(by)) ?? []
        if (!('externalId' in by)) return found
        const rows = (await memory.users.all()).filter(
          ({ clerkId, deletedAt }) => clerkId === null && deletedAt === null,
        )
        return rows.filter(({ id }) => Number(id) === Number(by.externalId))
      },
    })),
    says: /The external id " 1" found the row whose id is 1/,
    caughtBy: ['users/linking/external-id-exactly'],
  },
  {
    fault: 'looks for an external id among all rows',
    alter: users(({ users }, memory) => ({
      async findLinkable(by) {
        const found = (await users.findLinkable?.(by)) ?? []
        return 'email' in by ? found : (await memory.users.all()).filter(({ id }) => id === by.externalId)
      },
    })),
    says: /Another Clerk user's row is offered/,
    caughtBy: ['users/linking/external-id-local-rows-only'],
  },
  {
    fault: 'fails for an external id that its ids cannot be',
    alter: users(({ users }) => ({
      async findLinkable(by) {
        if ('externalId' in by && !/^\d+$/.test(by.externalId)) await users.findLinkable?.({ externalId: '' })
        return (await users.findLinkable?.(by)) ?? []
      },
    })),
    says: /findLinkable failed for the external id/,
    caughtBy: ['users/linking/external-id-exactly'],
  },
  {
    fault: 'knows of linking by address alone',
    alter: users(({ users }) => ({
      link: async (id, snapshot) => (await users.link?.(id, snapshot)) ?? null,
    })),
    says: /A user without an address is not linked/,
    caughtBy: ['users/linking/external-id-links', 'users/linking/external-id-links-exactly'],
  },
  {
    fault: 'links whatever row it is told, by external id',
    alter: users(({ users }, memory) => ({
      async link(id, snapshot, by) {
        if (by !== 'external-id') return (await users.link?.(id, snapshot, by)) ?? null
        const externalId = String(id)
        const linked = await users.link?.(id, { ...snapshot, externalId }, by)
        return linked ? memory.users.update(externalId, { externalId: snapshot.externalId ?? null }) : null
      },
    })),
    says: /was given to the user with the external id/,
    caughtBy: ['users/linking/external-id-links-exactly'],
  },
  {
    fault: 'links over another clerkId',
    alter: users(({ users }, memory) => ({
      async link(id, snapshot, by) {
        const linked = await users.link?.(id, snapshot, by)
        if (linked) return linked
        const row = (await memory.users.all()).find((candidate) => candidate.id === id)
        if (row === undefined || row.clerkId === null || row.clerkId === snapshot.clerkId) return null
        return memory.users.update(row.id, { clerkId: snapshot.clerkId, version: snapshot.version })
      },
    })),
    says: /took over another Clerk user's row/,
    caughtBy: ['users/linking/link-never-over-another', 'users/linking/external-id-links', 'users/race-link'],
  },
  {
    fault: 'takes a row over by username',
    alter: users(({ users }, memory) => ({
      async apply(snapshot) {
        const row = (await memory.users.all()).find(
          ({ clerkId, username }) => clerkId === null && username !== null && username === snapshot.username,
        )
        const linked = row && (await memory.users.link(row.id, { ...snapshot, email: row.email }))
        return linked ? { user: linked, outcome: 'updated' } : users.apply(snapshot)
      },
    })),
    says: /because their usernames are equal/,
    caughtBy: ['users/linking/never-by-username'],
  },
  {
    fault: 'a removal raises the version',
    alter: users(({ users }) => ({
      async remove(clerkId, at) {
        const row = await users.findByClerkId(clerkId)
        if (row !== null && row.version > 0 && at > row.version)
          await users.apply({ ...snapshotOf(row), version: at })
        return users.remove(clerkId, at)
      },
    })),
    says: /remove answers the wrong row.*version is/,
    caughtBy: [
      'users/remove-keeps-the-row',
      'users/earliest-deletion-stays',
      'users/remove-keeps-version',
      'users/converges-in-any-order',
      'users/race-removal',
      'users/race-bulk-removal',
    ],
  },
  {
    fault: 'claims replace what Clerk said',
    alter: users(({ users }) => ({
      async apply(snapshot) {
        if (snapshot.version > 0) return users.apply(snapshot)
        const { version = 0 } = (await users.findByClerkId(snapshot.clerkId)) ?? {}
        return users.apply({ ...snapshot, version })
      },
    })),
    says: /Claims overwrote a row/,
    caughtBy: ['users/claims-do-not-overwrite', 'users/bad-numbers-refused', 'users/purged-stays-purged'],
  },
  {
    fault: "writes the whole row, the application's columns included",
    alter: users(({ users }, memory) => ({
      async apply(snapshot) {
        const applied = await users.apply(snapshot)
        if (applied.outcome === 'updated') await memory.users.update(String(applied.user.id), { theme: null })
        return applied
      },
    })),
    says: /changed a column of the application/,
    caughtBy: ['users/custom-columns-untouched'],
  },
  {
    fault: 'looks ids up as text, whatever they are',
    alter: users(({ users }) => ({
      findByClerkId: (clerkId) => users.findByClerkId(String(clerkId).slice(0, 64) || 'none'),
    })),
    says: /findByClerkId took an object with an operator for an id/,
    caughtBy: ['users/bad-ids-refused'],
  },
  {
    fault: 'any live membership counts',
    alter: organizations(({ organizations }) => ({
      async findMembership(orgId, userId) {
        const found = await organizations.findMembership(orgId, userId)
        if (found?.deletedAt === null || found === null) return found
        const live = await organizations.listMemberships({ userId })
        return live.find((membership) => membership.orgId === orgId) ?? found
      },
    })),
    says: /member again through an earlier membership/,
    caughtBy: ['organizations/membership-newest-counts'],
  },
  {
    fault: 'batches: overwrite rows that are newer',
    alter: users(({ users }) => ({
      async applyMany(snapshots) {
        const known = await users.findMany?.(snapshots.map(({ clerkId }) => clerkId))
        const versionOf = (id: string) => known?.find(({ clerkId }) => clerkId === id)?.version ?? 0
        return (
          users.applyMany?.(
            snapshots.map((one) => ({ ...one, version: Math.max(one.version, versionOf(one.clerkId)) })),
          ) ?? []
        )
      },
    })),
    says: /outcomes of a batch are others/,
    caughtBy: [
      'users/bulk-outcomes',
      'users/bulk-purged',
      'users/bulk-claims',
      'users/bulk-times',
      'users/race-bulk',
    ],
  },
  {
    fault: 'batches: of several snapshots of one user one counts',
    alter: users(({ users }) => ({
      async applyMany(snapshots) {
        const last = new Map(snapshots.map((snapshot) => [snapshot.clerkId, snapshot]))
        const outcomes = (await users.applyMany?.([...last.values()])) ?? []
        const of = new Map([...last.keys()].map((clerkId, index) => [clerkId, outcomes[index] ?? 'stale']))
        return snapshots.map(({ clerkId }) => of.get(clerkId) ?? 'stale')
      },
    })),
    says: /Several snapshots of one user have other outcomes/,
    caughtBy: ['users/bulk-in-order'],
  },
  {
    fault: 'lists leave out deleted rows',
    alter: users(({ users }) => ({
      list: async (page) => ((await users.list?.(page)) ?? []).filter(({ deletedAt }) => deletedAt === null),
    })),
    says: /Pages of 1 have other rows/,
    caughtBy: ['users/list-pages'],
  },
  {
    fault: 'has linking and does not say so',
    undeclared: 'linking',
    says: /has "linking" and does not declare it/,
    caughtBy: ['undeclared/linking'],
  },
  {
    fault: 'roles: memberships keep what their role has lost',
    alter: organizations(({ organizations }, memory) => ({
      async findMembership(...of) {
        const found = await organizations.findMembership(...of)
        const { memberships } = await memory.organizations.all()
        const own = memberships.find(({ clerkId }) => clerkId === found?.clerkId)
        return own === undefined ? found : { ...own, deletedAt: found?.deletedAt ?? null }
      },
    })),
    says: /Other permissions count for a role that has lost a permission since/,
    caughtBy: ['organizations/role-decides-permissions'],
  },
  {
    fault: 'memberships: one that was removed by its id alone keeps empty ids',
    alter: organizations(({ organizations }, memory) => ({
      async removeMembership(reference, at) {
        const { memberships } = await memory.organizations.all()
        const isBare = memberships.some((row) => row.clerkId === reference.clerkId && row.orgId === '')
        return organizations.removeMembership(isBare ? { clerkId: reference.clerkId } : reference, at)
      },
    })),
    says: /keeps empty ids/,
    caughtBy: ['organizations/membership-identified-by-a-second-removal'],
  },
  {
    fault: 'roles: deleted ones are listed',
    alter: organizations(({ organizations }, memory) => ({
      async listRoles() {
        await organizations.listRoles?.()
        return (await memory.organizations.all()).roles
      },
    })),
    says: /listRoles must answer the roles that are not deleted/,
    caughtBy: ['organizations/role-list'],
  },
  {
    fault: 'roles: an old role counts more than a newer membership',
    alter: organizations(({ organizations }) => ({
      async findMembership(...of) {
        const found = await organizations.findMembership(...of)
        const role = await organizations.findRole?.(found?.role ?? 'org:none')
        return found && role && role.deletedAt === null ? { ...found, permissions: role.permissions } : found
      },
    })),
    says: /Other permissions count for a membership that is newer/,
    caughtBy: ['organizations/role-decides-permissions'],
  },
  ...brokenInboxes,
]

const NO_UNIQUE_VALUES = { email: null, username: null, phone: null, externalId: null }

const EMPTY_SNAPSHOT = {
  ...{ ...NO_UNIQUE_VALUES, emailVerified: false, firstName: null, lastName: null, imageUrl: null },
  ...{ publicMetadata: {}, banned: false, deprovisioned: false },
}

function snapshotOf(row: UserRecord): UserSnapshot {
  return {
    ...row,
    clerkId: row.clerkId ?? '',
    publicMetadata: row.publicMetadata ?? {},
    locked: false,
    createdAt: null,
    updatedAt: null,
    lastSignInAt: null,
    lastActiveAt: null,
  }
}
