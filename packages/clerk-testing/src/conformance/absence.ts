import { expectThat } from './expect.js'
import type { Capability, LocalUser, StoreHarness } from './harness.js'

/** Whether local rows can share a value: only where the column is not unique. */
async function rejectsTwins(harness: StoreHarness, twin: LocalUser): Promise<boolean> {
  if (harness.createLocalUser === undefined) return false
  await harness.createLocalUser(twin)
  try {
    await harness.createLocalUser(twin)
    return false
  } catch {
    return true
  }
}

/** How it shows that a store has what it does not declare. */
const present: Record<Capability, (harness: StoreHarness) => boolean | Promise<boolean>> = {
  users: ({ stores }) => stores.users !== undefined,
  organizations: ({ stores }) => stores.organizations !== undefined,
  roles: ({ stores: { organizations } }) =>
    (['findRole', 'listRoles', 'applyRole', 'removeRole'] as const).some(
      (method) => organizations?.[method] !== undefined,
    ),
  inbox: ({ stores }) => stores.inbox !== undefined,
  linking: ({ stores: { users } }) => users?.findLinkable !== undefined || users?.link !== undefined,
  purge: ({ stores }) => stores.users?.purge !== undefined,
  activity: ({ stores }) => stores.users?.touch !== undefined,
  bulk: ({ stores }) => stores.users?.applyMany !== undefined,
  listing: ({ stores: { users, organizations } }) =>
    [users?.list, users?.findMany, organizations?.listOrganizations].some((method) => method !== undefined),
  'unique-email': (harness) => rejectsTwins(harness, { email: 'twin@example.com' }),
  'unique-username': (harness) => rejectsTwins(harness, { username: 'twin' }),
  'unique-phone': (harness) => rejectsTwins(harness, { phone: '+15555550199' }),
  'unique-external-id': (harness) => rejectsTwins(harness, { externalId: 'twin' }),
  // Organisations have no rows of the application's own to try it with.
  'unique-slug': () => false,
  'custom-columns': ({ customColumn }) => customColumn !== undefined,
  outage: ({ breakConnection }) => breakConnection !== undefined,
  contention: ({ contended }) => contended !== undefined,
  'late-commits': ({ appendLate }) => appendLate !== undefined,
  'multi-process': ({ processes }) => processes !== undefined,
}

/** Rejects when the store has the capability after all: what it can do, it has to do right. */
export async function expectAbsent(harness: StoreHarness, capability: Capability): Promise<void> {
  const found = await present[capability](harness)
  expectThat(
    !found,
    `The store has "${capability}" and does not declare it: declare it, and its cases apply.`,
  )
}
