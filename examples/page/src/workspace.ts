import type { Clerk, UserAuth } from '@acme/clerk-core'
import type { MembershipRecord, UserRecord } from '@acme/clerk-core/store'

/** What the page shows of the signed-in person: their own row, and the organisations they are in. */
export interface Workspace {
  readonly user: Pick<UserRecord, 'firstName' | 'lastName' | 'email' | 'imageUrl'> & { readonly id: string }
  readonly source: 'token' | 'session'
  readonly organization: OrganizationEntry | null
  readonly organizations: readonly OrganizationEntry[]
  readonly plan: string | null
}

interface OrganizationEntry {
  readonly id: string
  readonly name: string
  readonly role: string | null
}

export async function workspaceOf(
  { organizations }: Pick<Clerk<UserRecord, MembershipRecord>, 'organizations'>,
  { userId, user, source, orgId, orgRole }: UserAuth,
  plan: string | null = null,
): Promise<Workspace> {
  const memberships = await organizations.listMemberships(userId)
  const entries = await Promise.all(
    memberships.map(async ({ orgId: id, role }) => ({ id, role, name: await nameOf(id) })),
  )
  const { firstName, lastName, email, imageUrl } = user
  return {
    user: { id: userId, firstName, lastName, email, imageUrl },
    source,
    organization: orgId === null ? null : { id: orgId, role: orgRole, name: await nameOf(orgId) },
    organizations: entries,
    plan,
  }

  async function nameOf(id: string): Promise<string> {
    return (await organizations.get(id))?.name ?? id
  }
}
