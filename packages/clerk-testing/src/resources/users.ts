import { BackendError, invalidParameter, notFound } from '../server/errors.js'
import {
  flag,
  ignored,
  list,
  nullable,
  oneOf,
  type Parsed,
  parse,
  record,
  required,
  text,
  time,
  whole,
} from '../server/parameters.js'
import {
  addressOf,
  assertContact,
  attachContact,
  type Contact,
  detachContact,
  emailKind,
  phoneKind,
} from './contacts.js'
import { assertFree, claimIdentifier, findByIdentifier, releaseIdentifier } from './identifiers.js'
import { newId } from './ids.js'
import { type Instance, touch } from './instance.js'
import type { DeletedJSON, UserJSON } from './json.js'
import { removeMembershipsOf } from './memberships.js'
import { mergeMetadata } from './metadata.js'
import { checkPassword, importPassword, setPassword } from './passwords.js'
import { endSessionsOf } from './sessions.js'

const profile = {
  external_id: nullable(text),
  first_name: nullable(text),
  last_name: nullable(text),
  username: nullable(text),
  password: nullable(text),
  password_digest: text,
  password_hasher: text,
  skip_password_checks: nullable(flag),
  skip_legal_checks: nullable(flag),
  legal_accepted_at: nullable(time),
  locale: nullable(text),
  totp_secret: nullable(text),
  backup_codes: list(text),
  created_at: nullable(time),
  delete_self_enabled: nullable(flag),
  create_organization_enabled: nullable(flag),
  create_organizations_limit: nullable(whole),
} as const

const metadata = { public_metadata: record, private_metadata: record, unsafe_metadata: record } as const

const identification = oneOf('verified', 'reserved')

const creation = {
  ...profile,
  ...metadata,
  email_address: list(text),
  email_address_identification_status: list(identification),
  phone_number: list(text),
  phone_number_identification_status: list(identification),
  skip_password_requirement: nullable(flag),
  banned: nullable(flag),
  locked: nullable(flag),
} as const

const change = {
  ...profile,
  ...metadata,
  primary_email_address_id: nullable(text),
  primary_phone_number_id: nullable(text),
  notify_primary_email_address_changed: nullable(flag),
  primary_web3_wallet_id: ignored,
  profile_image_id: ignored,
  sign_out_of_other_sessions: nullable(flag),
} as const

export function getUser({ state }: Instance, id: string): UserJSON {
  const user = state.users.get(id)
  if (!user) throw notFound('user')
  return user
}

/** The user with this id, e-mail address, phone number, username or external id. */
export function findUser(instance: Instance, reference: string): UserJSON | undefined {
  const id =
    findByIdentifier(instance, 'email_address', reference) ??
    findByIdentifier(instance, 'phone_number', reference) ??
    findByIdentifier(instance, 'username', reference) ??
    findByIdentifier(instance, 'external_id', reference) ??
    reference
  return instance.state.users.get(id)
}

export function createUser(instance: Instance, body: unknown): UserJSON {
  const given = parse(body, creation)
  const emails = given.email_address ?? []
  const phones = given.phone_number ?? []
  for (const value of emails) assertContact(instance, emailKind, value)
  for (const value of phones) assertContact(instance, phoneKind, value)
  assertProfile(instance, given)

  const now = instance.now()
  const user: UserJSON = {
    id: newId('user'),
    object: 'user',
    username: null,
    first_name: null,
    last_name: null,
    image_url: '',
    has_image: false,
    primary_email_address_id: null,
    primary_phone_number_id: null,
    primary_web3_wallet_id: null,
    password_enabled: false,
    two_factor_enabled: false,
    totp_enabled: false,
    backup_code_enabled: false,
    email_addresses: [],
    phone_numbers: [],
    web3_wallets: [],
    passkeys: [],
    external_accounts: [],
    saml_accounts: [],
    enterprise_accounts: [],
    password_last_updated_at: null,
    public_metadata: given.public_metadata ?? {},
    private_metadata: given.private_metadata ?? {},
    unsafe_metadata: given.unsafe_metadata ?? {},
    external_id: null,
    last_sign_in_at: null,
    banned: given.banned === true,
    deprovisioned: false,
    locked: given.locked === true,
    lockout_expires_in_seconds: null,
    verification_attempts_remaining: 100,
    created_at: now,
    updated_at: now,
    last_active_at: null,
    delete_self_enabled: true,
    create_organization_enabled: true,
    create_organizations_limit: null,
    mfa_enabled_at: null,
    mfa_disabled_at: null,
    legal_accepted_at: null,
    locale: null,
    profile_image_url: '',
  }
  user.image_url = user.profile_image_url = `${instance.url}/avatars/${user.id}.svg`
  instance.state.users.set(user.id, user)
  emails.forEach((value, index) => {
    attachContact(
      instance,
      user,
      emailKind,
      value,
      given.email_address_identification_status?.[index] !== 'reserved',
    )
  })
  phones.forEach((value, index) => {
    attachContact(
      instance,
      user,
      phoneKind,
      value,
      given.phone_number_identification_status?.[index] !== 'reserved',
    )
  })
  applyProfile(instance, user, given)
  instance.emit('user.created', user)
  return user
}

export function updateUser(instance: Instance, id: string, body: unknown): UserJSON {
  const user = getUser(instance, id)
  const given = parse(body, change)
  assertProfile(instance, given, id)
  for (const [name, contacts] of [
    ['primary_email_address_id', user.email_addresses],
    ['primary_phone_number_id', user.phone_numbers],
  ] as const) {
    const primary = given[name]
    if (typeof primary !== 'string') continue
    if (!contacts.some((contact) => contact.id === primary))
      throw notFound(name.slice(8, -3).replace('_', ' '))
    user[name] = primary
  }
  applyProfile(instance, user, given)
  user.public_metadata = given.public_metadata ?? user.public_metadata
  user.private_metadata = given.private_metadata ?? user.private_metadata
  user.unsafe_metadata = given.unsafe_metadata ?? user.unsafe_metadata
  if (given.sign_out_of_other_sessions === true) endSessionsOf(instance, id, 'revoked')
  return changed(instance, user)
}

/** PATCH merges, PUT replaces what it names. */
export function changeUserMetadata(
  instance: Instance,
  id: string,
  body: unknown,
  how: 'merge' | 'replace',
): UserJSON {
  const user = getUser(instance, id)
  const given = parse(body, metadata)
  for (const name of ['public_metadata', 'private_metadata', 'unsafe_metadata'] as const) {
    const value = given[name]
    if (value) user[name] = how === 'merge' ? mergeMetadata(user[name], value) : mergeMetadata({}, value)
  }
  return changed(instance, user)
}

export function deleteUser(instance: Instance, id: string): DeletedJSON {
  const user = getUser(instance, id)
  endSessionsOf(instance, id, 'removed')
  removeMembershipsOf(instance, id)
  for (const contact of [...user.email_addresses]) detachContact(instance, user, emailKind, contact)
  for (const contact of [...user.phone_numbers]) detachContact(instance, user, phoneKind, contact)
  if (user.username !== null) releaseIdentifier(instance, 'username', user.username)
  if (user.external_id !== null) releaseIdentifier(instance, 'external_id', user.external_id)
  instance.state.passwords.delete(id)
  instance.state.users.delete(id)
  const deleted: DeletedJSON = {
    id,
    object: 'user',
    deleted: true,
    ...(user.external_id === null ? {} : { external_id: user.external_id }),
  }
  instance.emit('user.deleted', deleted)
  return deleted
}

export function setBanned(instance: Instance, id: string, banned: boolean): UserJSON {
  const user = getUser(instance, id)
  user.banned = banned
  if (banned) endSessionsOf(instance, id, 'revoked')
  return changed(instance, user)
}

export function setLocked(instance: Instance, id: string, locked: boolean): UserJSON {
  const user = getUser(instance, id)
  user.locked = locked
  user.lockout_expires_in_seconds = locked ? 3600 : null
  return changed(instance, user)
}

export function verifyPassword(instance: Instance, id: string, body: unknown): { verified: true } {
  getUser(instance, id)
  const { password } = parse(body, { password: required(text) })
  if (!checkPassword(instance, id, password)) {
    throw new BackendError(
      422,
      'incorrect_password',
      'Password is incorrect. Try again, or use another method.',
      {
        meta: { param_name: 'password' },
      },
    )
  }
  return { verified: true }
}

/** PUT /users/{id}/email_address: the new one becomes the only one. */
export function replaceContact(
  instance: Instance,
  id: string,
  kind: typeof emailKind,
  body: unknown,
): Contact {
  const user = getUser(instance, id)
  const value = parse(body, { [kind.object]: required(text) })[kind.object] as string
  const current = [...user[kind.list]].find((contact) => addressOf(contact) === value.toLowerCase())
  if (!current) assertContact(instance, kind, value)
  for (const contact of [...user[kind.list]]) detachContact(instance, user, kind, contact)
  const contact = attachContact(instance, user, kind, value, true)
  changed(instance, user)
  return contact
}

type Profile = Parsed<typeof profile>

function assertProfile(instance: Instance, given: Profile, id?: string): void {
  if (given.username) {
    if (!/^[\w.-]{1,64}$/.test(given.username))
      throw invalidParameter('username', 'made of letters, digits, "_", "-" and "."')
    assertFree(instance, 'username', given.username, id)
  }
  if (given.external_id) assertFree(instance, 'external_id', given.external_id, id)
  if ((given.password_digest === undefined) !== (given.password_hasher === undefined)) {
    throw invalidParameter('password_hasher', 'given together with password_digest')
  }
  if (given.password && given.password.length < 8 && given.skip_password_checks !== true) {
    throw new BackendError(422, 'form_password_length_too_short', 'Passwords must be 8 characters or more.', {
      meta: { param_name: 'password' },
    })
  }
}

function applyProfile(instance: Instance, user: UserJSON, given: Profile): void {
  if (given.username !== undefined) user.username = reidentify(instance, user, 'username', given.username)
  if (given.external_id !== undefined)
    user.external_id = reidentify(instance, user, 'external_id', given.external_id)
  if (given.first_name !== undefined) user.first_name = given.first_name
  if (given.last_name !== undefined) user.last_name = given.last_name
  if (given.locale !== undefined) user.locale = given.locale
  if (given.legal_accepted_at !== undefined) user.legal_accepted_at = given.legal_accepted_at
  if (typeof given.created_at === 'number') user.created_at = given.created_at
  if (typeof given.delete_self_enabled === 'boolean') user.delete_self_enabled = given.delete_self_enabled
  if (typeof given.create_organization_enabled === 'boolean') {
    user.create_organization_enabled = given.create_organization_enabled
  }
  if (given.create_organizations_limit !== undefined)
    user.create_organizations_limit = given.create_organizations_limit
  if (given.totp_secret) user.totp_enabled = user.two_factor_enabled = true
  if (given.backup_codes) user.backup_code_enabled = given.backup_codes.length > 0
  if (given.password) setPassword(instance, user.id, given.password)
  else if (given.password_hasher !== undefined && given.password_digest !== undefined) {
    importPassword(instance, user.id, given.password_hasher, given.password_digest)
  } else return
  user.password_enabled = true
  user.password_last_updated_at = instance.now()
}

function reidentify(
  instance: Instance,
  user: UserJSON,
  kind: 'username' | 'external_id',
  given: string | null,
): string | null {
  const value = given || null
  if (user[kind] !== null) releaseIdentifier(instance, kind, user[kind])
  if (value !== null) claimIdentifier(instance, kind, value, user.id)
  return value
}

function changed(instance: Instance, user: UserJSON): UserJSON {
  touch(instance, user)
  instance.emit('user.updated', user)
  return user
}
