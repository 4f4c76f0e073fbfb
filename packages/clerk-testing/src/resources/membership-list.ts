import type { Instance, StoredMembership } from './instance.js'
import type { MembershipJSON, Page, UserJSON } from './json.js'
import { between, order, paginate, values } from './lists.js'
import { membershipJson } from './memberships.js'
import { matches } from './user-list.js'

type Joined = { stored: StoredMembership; user: UserJSON }

const fields = {
  created_at: ({ stored }: Joined) => stored.created_at,
  phone_number: ({ user }: Joined) => user.phone_numbers[0]?.phone_number,
  email_address: ({ user }: Joined) =>
    user.email_addresses.find(({ id }) => id === user.primary_email_address_id)?.email_address,
  first_name: ({ user }: Joined) => user.first_name,
  last_name: ({ user }: Joined) => user.last_name,
  username: ({ user }: Joined) => user.username,
} as const

/** Memberships of one organisation, or of the whole instance. */
export function listMemberships(
  instance: Instance,
  query: URLSearchParams,
  organizationId?: string,
): Page<MembershipJSON> {
  const userIds = values(query, 'user_id')
  const roles = values(query, 'role')
  const emails = values(query, 'email_address').map((value) => value.toLowerCase())
  const usernames = values(query, 'username').map((value) => value.toLowerCase())
  const needle = query.get('query')?.toLowerCase()
  const created = between(query, 'created_at')
  const active = between(query, 'last_active_at')

  const joined: Joined[] = []
  for (const stored of instance.state.memberships.values()) {
    const user = instance.state.users.get(stored.user_id)
    if (!user || (organizationId !== undefined && stored.organization_id !== organizationId)) continue
    if (userIds.length > 0 && !userIds.includes(user.id)) continue
    if (roles.length > 0 && !roles.includes(stored.role)) continue
    if (
      emails.length > 0 &&
      !user.email_addresses.some(({ email_address }) => emails.includes(email_address))
    )
      continue
    if (usernames.length > 0 && !usernames.includes(user.username?.toLowerCase() ?? '')) continue
    if (needle && !matches(user, needle)) continue
    if (!created(stored.created_at) || !active(user.last_active_at)) continue
    joined.push({ stored, user })
  }
  const page = paginate(order(joined, query, fields), query)
  return { ...page, data: page.data.map(({ stored }) => membershipJson(instance, stored)) }
}
