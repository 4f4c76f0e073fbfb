import type { Fields } from '../server/check.js'
import type { Instance } from './instance.js'
import type { UserJSON } from './json.js'
import { isIdOf, type Reads, timeTests } from './lists.js'

const primaryEmail = (user: UserJSON) =>
  user.email_addresses.find(({ id }) => id === user.primary_email_address_id)?.email_address
const primaryPhone = (user: UserJSON) =>
  user.phone_numbers.find(({ id }) => id === user.primary_phone_number_id)?.phone_number

/** How users are ordered by what is no field of theirs. */
export const userReads: Reads<UserJSON> = {
  email_address: primaryEmail,
  phone_number: primaryPhone,
  web3wallet: (user) => user.web3_wallets[0]?.web3_wallet,
}

/** What identifies a user to people. */
export const identifierOf = (user: UserJSON): string =>
  primaryEmail(user) ?? primaryPhone(user) ?? user.username ?? ''

const texts: Readonly<Record<string, (user: UserJSON) => readonly (string | null | undefined)[]>> = {
  external_id: (user) => [user.external_id],
  username: (user) => [user.username],
  email_address: (user) => user.email_addresses.map(({ email_address }) => email_address),
  phone_number: (user) => user.phone_numbers.map(({ phone_number }) => phone_number),
  web3_wallet: (user) => user.web3_wallets.map(({ web3_wallet }) => web3_wallet),
  name: (user) => [user.first_name, user.last_name, `${user.first_name ?? ''} ${user.last_name ?? ''}`],
}

const contains = (values: readonly (string | null | undefined)[], needle: string) =>
  values.some((value) => value?.toLowerCase().includes(needle) === true)

const allTexts = Object.values(texts)

/** Partial match against what identifies or names a user. */
export const matches = (user: UserJSON, needle: string): boolean =>
  isIdOf(user, needle) || allTexts.some((read) => contains(read(user), needle))

type Test = (user: UserJSON) => boolean

/** The users that pass every filter of a query, as of `GET /users` or of a list of memberships. */
export function userTests({ state }: Instance, query: Fields): Test[] {
  const tests: Test[] = []
  const externalIds = signed(query.external_id)
  if (externalIds) tests.push((user) => externalIds((id) => id === user.external_id))
  for (const [name, read] of Object.entries(texts)) {
    const wanted = name === 'external_id' ? [] : lower(query[name])
    if (wanted.length > 0)
      tests.push((user) => read(user).some((value) => wanted.includes(value?.toLowerCase() ?? '')))
    const needle = query[`${name}_query`]
    if (typeof needle === 'string' && needle !== '') {
      tests.push((user) => contains(read(user), needle.toLowerCase()))
    }
  }
  const ids = signed(query.user_id)
  if (ids) tests.push((user) => ids((id) => id === user.id))
  const organizations = signed(query.organization_id)
  if (organizations) {
    const members = new Set<string>()
    for (const { user_id, organization_id } of state.memberships.values())
      members.add(`${user_id} ${organization_id}`)
    tests.push((user) => organizations((id) => members.has(`${user.id} ${id}`)))
  }
  const { banned, provider, query: anywhere } = query
  if (typeof banned === 'boolean') tests.push((user) => user.banned === banned)
  const subjects = lower(query.provider_user_id)
  if (typeof provider === 'string' || subjects.length > 0) {
    const named = String(provider ?? '').replace(/^oauth_/, '')
    tests.push((user) =>
      user.external_accounts.some(
        (account) =>
          (named === '' || String(account.provider).replace(/^oauth_/, '') === named) &&
          (subjects.length === 0 || subjects.includes(String(account.provider_user_id).toLowerCase())),
      ),
    )
  }
  if (typeof anywhere === 'string' && anywhere !== '')
    tests.push((user) => matches(user, anywhere.toLowerCase()))
  return tests
}

export function matchingUsers(instance: Instance, query: Fields): UserJSON[] {
  const times = timeTests<UserJSON>(query, (user, field) => user[field as 'created_at'])
  const tests = [...userTests(instance, query), ...times]
  return [...instance.state.users.values()].filter((user) => tests.every((test) => test(user)))
}

const lower = (value: unknown) =>
  Array.isArray(value) ? (value as string[]).map((one) => one.trim().toLowerCase()) : []

/** `+id` and `id` include, `-id` excludes. An unescaped "+" arrives as a space. */
export function signed(given: unknown): ((has: (id: string) => boolean) => boolean) | undefined {
  if (!Array.isArray(given) || given.length === 0) return undefined
  const values = given as string[]
  const excluded = values.filter((value) => value.startsWith('-')).map((value) => value.slice(1))
  const included = values.filter((value) => !value.startsWith('-')).map((value) => value.replace(/^[+ ]/, ''))
  return (has) => (included.length === 0 || included.some(has)) && !excluded.some(has)
}
