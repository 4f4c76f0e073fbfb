import type { Instance } from './instance.js'
import type { UserJSON } from './json.js'
import { between, order, values } from './lists.js'

const primary = (user: UserJSON) =>
  user.email_addresses.find(({ id }) => id === user.primary_email_address_id)?.email_address
const primaryPhone = (user: UserJSON) =>
  user.phone_numbers.find(({ id }) => id === user.primary_phone_number_id)?.phone_number

const fields = {
  created_at: (user: UserJSON) => user.created_at,
  updated_at: (user: UserJSON) => user.updated_at,
  email_address: primary,
  phone_number: primaryPhone,
  web3wallet: () => null,
  first_name: (user: UserJSON) => user.first_name,
  last_name: (user: UserJSON) => user.last_name,
  username: (user: UserJSON) => user.username,
  last_active_at: (user: UserJSON) => user.last_active_at,
  last_sign_in_at: (user: UserJSON) => user.last_sign_in_at,
} as const

const filters: Readonly<Record<string, (user: UserJSON) => readonly (string | null)[]>> = {
  external_id: (user) => [user.external_id],
  username: (user) => [user.username],
  email_address: (user) => user.email_addresses.map(({ email_address }) => email_address),
  phone_number: (user) => user.phone_numbers.map(({ phone_number }) => phone_number),
  web3_wallet: () => [],
}

/** Users that pass every filter of `GET /v1/users`, in its order. */
export function listUsers(instance: Instance, query: URLSearchParams): UserJSON[] {
  return order(matchingUsers(instance, query), query, fields)
}

export function matchingUsers(instance: Instance, query: URLSearchParams): UserJSON[] {
  const tests: ((user: UserJSON) => boolean)[] = []
  for (const [name, read] of Object.entries(filters)) {
    const wanted = values(query, name).map((value) => value.toLowerCase())
    if (wanted.length > 0)
      tests.push((user) => read(user).some((value) => value !== null && wanted.includes(value.toLowerCase())))
  }
  const ids = signed(values(query, 'user_id'))
  if (ids) tests.push((user) => ids(new Set([user.id])))
  const organizations = signed(values(query, 'organization_id'))
  if (organizations) {
    const memberOf = new Map<string, Set<string>>()
    for (const { user_id, organization_id } of instance.state.memberships.values()) {
      memberOf.set(user_id, (memberOf.get(user_id) ?? new Set()).add(organization_id))
    }
    tests.push((user) => organizations(memberOf.get(user.id) ?? new Set()))
  }
  for (const field of ['created_at', 'last_active_at', 'last_sign_in_at'] as const) {
    const within = between(query, field)
    tests.push((user) => within(user[field]))
  }
  const since = query.get('last_active_at_since')
  if (since !== null) tests.push((user) => (user.last_active_at ?? 0) >= Number(since))
  const needle = query.get('query')?.toLowerCase()
  if (needle) tests.push((user) => matches(user, needle))
  return [...instance.state.users.values()].filter((user) => tests.every((test) => test(user)))
}

/** Partial match against what identifies or names a user. */
export function matches(user: UserJSON, needle: string): boolean {
  return [
    user.id,
    user.username,
    user.first_name,
    user.last_name,
    `${user.first_name ?? ''} ${user.last_name ?? ''}`,
    ...user.email_addresses.map(({ email_address }) => email_address),
    ...user.phone_numbers.map(({ phone_number }) => phone_number),
  ].some((value) => value?.toLowerCase().includes(needle) === true)
}

/** `+id` and `id` include, `-id` excludes. */
function signed(given: readonly string[]): ((has: ReadonlySet<string>) => boolean) | undefined {
  if (given.length === 0) return undefined
  const excluded = given.filter((value) => value.startsWith('-')).map((value) => value.slice(1))
  const included = given.filter((value) => !value.startsWith('-')).map((value) => value.replace(/^\+/, ''))
  return (has) =>
    (included.length === 0 || included.some((id) => has.has(id))) && !excluded.some((id) => has.has(id))
}
