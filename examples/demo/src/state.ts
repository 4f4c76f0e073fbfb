import { maySignIn } from '@acme/clerk-core/store'
import type { Scene } from './actions.js'
import type { DemoState } from './stage.js'

/** Every person, as Clerk has them and as the application's own database has them. */
export async function stateOf({ offline, clerk, cast }: Scene): Promise<DemoState> {
  const people = await Promise.all(
    cast.people.map(async ({ id, organizationId }) => {
      const user = offline.getUser(id)
      const [row, membership] = await Promise.all([
        clerk.users.get(id),
        clerk.organizations.getMembership(organizationId, id),
      ])
      return {
        id,
        organization: cast.organizations.get(organizationId),
        atClerk: { name: fullName(user.first_name, user.last_name), banned: user.banned },
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

const fullName = (...names: (string | null)[]) => names.filter(Boolean).join(' ')
