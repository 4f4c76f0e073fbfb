import { maySignIn } from '@acme/clerk-core/store'
import type { OfflineClerk } from '@acme/clerk-testing'
import type { Scene } from './actions.js'
import type { DemoState } from './stage.js'

/** Every person, as Clerk has them and as the application's own database has them. */
export async function stateOf({ offline, clerk, cast }: Scene): Promise<DemoState> {
  const people = await Promise.all(
    cast.people.map(async ({ id, name, organizationId }) => {
      const user = userOf(offline, id)
      const [row, membership] = await Promise.all([
        clerk.users.get(id),
        clerk.organizations.getMembership(organizationId, id),
      ])
      return {
        id,
        organization: cast.organizations.get(organizationId),
        atClerk: {
          name: user === null ? name : fullName(user.first_name, user.last_name),
          banned: user?.banned ?? false,
          isDeleted: user === null,
        },
        local: row && {
          name: fullName(row.firstName, row.lastName),
          role: membership?.role ?? null,
          maySignIn: maySignIn(row),
          version: row.version,
        },
      }
    }),
  )
  return { mode: 'offline', people, isDown: offline.faults.active.has('*'), clerkUrl: offline.url }
}

/** `null`: deleted, in Clerk's dashboard. */
export function userOf(offline: OfflineClerk, id: string): ReturnType<OfflineClerk['getUser']> | null {
  try {
    return offline.getUser(id)
  } catch (error) {
    if ((error as { status?: unknown }).status === 404) return null
    throw error
  }
}

const fullName = (...names: (string | null)[]) => names.filter(Boolean).join(' ')
