import { type ApiCall, action, type BindingOptions } from '../server/api.js'
import { BackendError, invalidParameter, notFound } from '../server/errors.js'
import { blank } from '../server/project.js'
import { schemas } from '../tables/schemas.js'
import { assertContact, attachContact, detachContact, emailKind, phoneKind } from './contacts.js'
import {
  assertFree,
  claimIdentifier,
  findByIdentifier,
  type IdentifierKind,
  releaseIdentifier,
} from './identifiers.js'
import { newId } from './ids.js'
import { drawnUrl, removeImage, setImage } from './images.js'
import { type Instance, touch } from './instance.js'
import type { DeletedJSON, IdentifiedJSON, Metadata, UserJSON } from './json.js'
import { answerList, order } from './lists.js'
import { membershipJson, removeMembershipsOf } from './memberships.js'
import { changeMetadata } from './metadata.js'
import { invitationsOf } from './organization-invitations.js'
import { checkPassword, importPassword, setPassword } from './passwords.js'
import { endSessionsOf } from './sessions.js'
import { totp } from './totp.js'
import { matchingUsers, userReads } from './user-list.js'

const kinds = ['public_metadata', 'private_metadata', 'unsafe_metadata'] as const
type AllMetadata = Partial<Record<(typeof kinds)[number], Metadata>>

interface Profile extends AllMetadata {
  external_id?: string | null
  first_name?: string | null
  last_name?: string | null
  username?: string | null
  locale?: string | null
  password?: string | null
  password_digest?: string | null
  password_hasher?: string
  skip_password_checks?: boolean | null
  legal_accepted_at?: string | number | null
  created_at?: string | number | null
  totp_secret?: string | null
  backup_codes?: string[]
  delete_self_enabled?: boolean | null
  create_organization_enabled?: boolean | null
  create_organizations_limit?: number | null
  bypass_client_trust?: boolean | null
}
interface Creation extends Profile {
  email_address?: string[]
  email_address_identification_status?: ('verified' | 'reserved')[]
  phone_number?: string[]
  phone_number_identification_status?: ('verified' | 'reserved')[]
  web3_wallet?: string[]
  banned?: boolean | null
  locked?: boolean | null
}
interface Change extends Profile {
  primary_email_address_id?: string | null
  primary_phone_number_id?: string | null
  primary_web3_wallet_id?: string | null
  profile_image_id?: string | null
  sign_out_of_other_sessions?: boolean | null
}
/** What is kept beside the user's fields, and no answer shows. */
interface Secrets {
  totp_secret?: string
  backup_codes?: string[]
}

export function getUser({ state }: Instance, id: string): UserJSON {
  const user = state.users.get(id)
  if (!user) throw notFound('user')
  return user
}

/** The user meant by an id, e-mail address, phone number, username or external id. */
export function findUser(instance: Instance, reference: string): UserJSON | undefined {
  const kinds: IdentifierKind[] = ['email_address', 'phone_number', 'username', 'external_id']
  const [id = reference] = kinds.flatMap((kind) => findByIdentifier(instance, kind, reference) ?? [])
  return instance.state.users.get(id)
}

function createUser({ instance, body }: ApiCall<Creation>): UserJSON {
  const { email_address: emails = [], phone_number: phones = [], web3_wallet: wallets = [] } = body
  for (const value of emails) assertContact(instance, emailKind, value)
  for (const value of phones) assertContact(instance, phoneKind, value)
  for (const value of wallets) assertFree(instance, 'web3_wallet', value)
  assertAllowed(instance, [...emails, ...phones, ...wallets])
  assertProfile(instance, body)

  const now = instance.now()
  const id = newId('user')
  const user: UserJSON = {
    ...(blank(schemas.User ?? {}) as unknown as UserJSON),
    id,
    image_url: drawnUrl(instance, id),
    profile_image_url: drawnUrl(instance, id),
    locale: null,
    public_metadata: body.public_metadata ?? {},
    private_metadata: body.private_metadata ?? {},
    unsafe_metadata: body.unsafe_metadata ?? {},
    password_last_updated_at: null,
    banned: body.banned === true,
    deprovisioned: false,
    locked: body.locked === true,
    verification_attempts_remaining: 100,
    created_at: now,
    updated_at: now,
    delete_self_enabled: true,
    create_organization_enabled: true,
    create_organizations_limit: null,
  }
  instance.state.users.set(id, user)
  for (const [index, value] of emails.entries()) {
    attachContact(
      instance,
      user,
      emailKind,
      value,
      body.email_address_identification_status?.[index] ?? 'verified',
    )
  }
  for (const [index, value] of phones.entries()) {
    attachContact(
      instance,
      user,
      phoneKind,
      value,
      body.phone_number_identification_status?.[index] ?? 'verified',
    )
  }
  for (const value of wallets) attachWallet(instance, user, value)
  applyProfile(instance, user, body)
  instance.emit('user.created', user)
  return user
}

function updateUser({ instance, path, body }: ApiCall<Change>): UserJSON {
  const user = getUser(instance, path.user_id ?? '')
  assertProfile(instance, body, user.id)
  for (const [name, owned] of [
    ['primary_email_address_id', user.email_addresses],
    ['primary_phone_number_id', user.phone_numbers],
    ['primary_web3_wallet_id', user.web3_wallets],
  ] as const) {
    const primary = body[name]
    if (typeof primary !== 'string') continue
    if (!owned.some(({ id }) => id === primary)) throw notFound(name.slice(8, -3).replaceAll('_', ' '))
    user[name] = primary
  }
  applyProfile(instance, user, body)
  for (const kind of kinds) user[kind] = body[kind] ?? user[kind]
  if (body.sign_out_of_other_sessions === true) endSessionsOf(instance, user.id, 'revoked')
  return changed(instance, user)
}

function deleteUser({ instance, path }: ApiCall): DeletedJSON {
  const user = getUser(instance, path.user_id ?? '')
  const { id, external_id } = user
  const { state } = instance
  endSessionsOf(instance, id, 'removed')
  removeMembershipsOf(instance, id)
  for (const contact of [...user.email_addresses]) detachContact(instance, user, emailKind, contact)
  for (const contact of [...user.phone_numbers]) detachContact(instance, user, phoneKind, contact)
  for (const { web3_wallet } of user.web3_wallets) releaseIdentifier(instance, 'web3_wallet', web3_wallet)
  if (user.username !== null) releaseIdentifier(instance, 'username', user.username)
  if (external_id !== null) releaseIdentifier(instance, 'external_id', external_id)
  for (const [key, { subject }] of state.apiKeys) if (subject === id) state.apiKeys.delete(key)
  for (const table of [state.tickets, state.trustedDevices]) {
    for (const [key, { user_id }] of table) if (user_id === id) table.delete(key)
  }
  state.passwords.delete(id)
  state.images.delete(id)
  state.users.delete(id)
  const deleted: DeletedJSON = {
    id,
    object: 'user',
    deleted: true,
    ...(external_id === null ? {} : { external_id }),
  }
  instance.emit('user.deleted', deleted)
  return deleted
}

const setBanned = (banned: boolean) => (instance: Instance, id: string) => {
  const user = getUser(instance, id)
  user.banned = banned
  if (banned) endSessionsOf(instance, id, 'revoked')
  return changed(instance, user)
}

const setLocked = (locked: boolean) => (instance: Instance, id: string) => {
  const user = getUser(instance, id)
  user.locked = locked
  user.lockout_expires_in_seconds = locked ? 3600 : null
  return changed(instance, user)
}

const setMetadata =
  (how: 'merge' | 'replace') =>
  ({ instance, path, body }: ApiCall<AllMetadata>) => {
    const user = getUser(instance, path.user_id ?? '')
    changeMetadata(user, body, kinds, how)
    return changed(instance, user)
  }

function verifyPassword({ instance, path, body }: ApiCall<{ password?: string }>): { verified: true } {
  const user = getUser(instance, path.user_id ?? '')
  if (checkPassword(instance, user.id, body.password ?? '')) return { verified: true }
  throw new BackendError(
    422,
    'incorrect_password',
    'Password is incorrect. Try again, or use another method.',
    {
      meta: { param_name: 'password' },
    },
  )
}

function verifyTotp({ instance, path, body }: ApiCall<{ code?: string }>): object {
  const user = getUser(instance, path.user_id ?? '') as UserJSON & Secrets
  const { code = '' } = body
  const { totp_secret, backup_codes = [] } = user
  // One step of 30 seconds to either side, as authenticator apps are allowed.
  const near = [-30_000, 0, 30_000].map((ms) => totp_secret && totp(totp_secret, instance.now() + ms))
  if (near.includes(code)) return { verified: true, code_type: 'totp' }
  if (!backup_codes.includes(code)) {
    throw new BackendError(422, 'form_code_incorrect', 'Incorrect code', { meta: { param_name: 'code' } })
  }
  user.backup_codes = backup_codes.filter((one) => one !== code)
  return { verified: true, code_type: 'backup_code' }
}

/** Takes second factors away. */
const disable =
  (...factors: ('totp_enabled' | 'backup_code_enabled')[]) =>
  ({ instance, path }: ApiCall) => {
    const user = getUser(instance, path.user_id ?? '') as UserJSON & Secrets
    for (const factor of factors) user[factor] = false
    if (!user.totp_enabled) delete user.totp_secret
    if (!user.backup_code_enabled) delete user.backup_codes
    if (user.two_factor_enabled && !user.totp_enabled) {
      user.two_factor_enabled = false
      user.mfa_disabled_at = instance.now()
    }
    changed(instance, user)
    return { user_id: user.id }
  }

type Owned = 'passkeys' | 'web3_wallets' | 'external_accounts' | 'enterprise_accounts'
const removeOwned =
  (list: Owned, parameter: string, object: string) =>
  ({ instance, path }: ApiCall): DeletedJSON => {
    const user = getUser(instance, path.user_id ?? '')
    const owned = user[list] as IdentifiedJSON[]
    const index = owned.findIndex(({ id }) => id === path[parameter])
    const [gone] = index < 0 ? [] : owned.splice(index, 1)
    if (!gone) throw notFound(object.replaceAll('_', ' '))
    if (typeof gone.web3_wallet === 'string') releaseIdentifier(instance, 'web3_wallet', gone.web3_wallet)
    if (user.primary_web3_wallet_id === gone.id) user.primary_web3_wallet_id = null
    changed(instance, user)
    return { id: gone.id, object, deleted: true }
  }

const objects = {
  passkey: ['passkeys', 'Passkey'],
  external_account: ['external_accounts', 'ExternalAccountWithVerification'],
  enterprise_account: ['enterprise_accounts', 'EnterpriseAccount'],
  saml_account: ['saml_accounts', 'SAMLAccount'],
} as const
export type CredentialKind = keyof typeof objects

/** Gives a user a credential that only a browser and another service could make. */
export function addCredential(
  instance: Instance,
  user: UserJSON,
  kind: CredentialKind,
  fields: Record<string, unknown>,
): IdentifiedJSON {
  const [list, schema] = objects[kind]
  const times = { created_at: instance.now(), updated_at: instance.now(), last_used_at: instance.now() }
  const id = newId(kind === 'external_account' ? 'eac' : 'idn')
  const credential = {
    ...blank(schemas[schema] ?? {}),
    ...times,
    identification_id: newId('idn'),
    ...fields,
    id,
    object: kind,
  }
  user[list].push(credential)
  changed(instance, user)
  return credential
}

/** What a signed-in user's account at another service can be used for, as far as the seed says. */
function oauthTokens(call: ApiCall): unknown {
  const wanted = (call.path.provider ?? '').replace(/^oauth_/, '')
  const accounts = getUser(call.instance, call.path.user_id ?? '').external_accounts
  const tokens = accounts.filter(({ provider }) => String(provider).replace(/^oauth_/, '') === wanted)
  return answerList(call, tokens, (account) => ({
    object: 'oauth_access_token',
    external_account_id: account.id,
    provider_user_id: account.provider_user_id,
    token: account.token ?? `offline_${account.id}`,
    expires_at: null,
    provider: `oauth_${wanted}`,
    public_metadata: account.public_metadata,
    label: null,
    scopes: String(account.approved_scopes ?? '')
      .split(' ')
      .filter(Boolean),
  }))
}

/** @throws {BackendError} 422 for what no user, or not this one, may have */
export function assertProfile(instance: Instance, given: Profile, id?: string): void {
  if (given.username) {
    if (!/^[\w.-]{1,64}$/.test(given.username))
      throw invalidParameter('username', 'made of letters, digits, "_", "-" and "."')
    assertFree(instance, 'username', given.username, id)
  }
  if (given.external_id) assertFree(instance, 'external_id', given.external_id, id)
  if (!given.password_digest !== !given.password_hasher) {
    throw invalidParameter('password_hasher', 'given together with password_digest')
  }
  if (given.password && given.password.length < 8 && given.skip_password_checks !== true) {
    throw new BackendError(422, 'form_password_length_too_short', 'Passwords must be 8 characters or more.', {
      meta: { param_name: 'password' },
    })
  }
  for (const name of ['created_at', 'legal_accepted_at'] as const) {
    if (given[name] && !Number.isFinite(toMs(given[name]))) throw invalidParameter(name, 'an RFC 3339 date')
  }
}

const toMs = (value: string | number) => (typeof value === 'number' ? value : Date.parse(value))

/** Whom the instance's restrictions keep out. @throws {BackendError} 403 */
export function assertAllowed({ state }: Instance, identifiers: readonly string[]): void {
  const { allowlist, blocklist } = (state.settings.get('InstanceRestrictions') ?? {}) as Record<
    string,
    boolean
  >
  const listed = (table: typeof state.allowlist) => {
    const entries = new Set([...table.values()].map(({ identifier }) => String(identifier)))
    return (value: string) =>
      entries.has(value.toLowerCase()) || entries.has(`*@${value.toLowerCase().split('@')[1]}`)
  }
  const blocked = blocklist === true && identifiers.some(listed(state.blocklist))
  if (!blocked && (allowlist !== true || identifiers.some(listed(state.allowlist)))) return
  throw new BackendError(403, 'not_allowed_access', 'Access not allowed.')
}

function attachWallet(instance: Instance, user: UserJSON, value: string): void {
  const now = instance.now()
  const id = newId('idn')
  user.web3_wallets.push({
    id,
    object: 'web3_wallet',
    web3_wallet: value,
    verification: {
      object: 'verification_admin',
      status: 'verified',
      strategy: 'admin',
      attempts: null,
      expire_at: null,
    },
    created_at: now,
    updated_at: now,
  })
  user.primary_web3_wallet_id ??= id
  claimIdentifier(instance, 'web3_wallet', value, user.id)
}

function applyProfile(instance: Instance, user: UserJSON & Secrets, given: Profile): void {
  for (const kind of ['username', 'external_id'] as const) {
    if (given[kind] !== undefined) user[kind] = reidentify(instance, user, kind, given[kind])
  }
  for (const name of ['first_name', 'last_name', 'locale', 'create_organizations_limit'] as const) {
    if (given[name] !== undefined) Object.assign(user, { [name]: given[name] })
  }
  for (const name of ['delete_self_enabled', 'create_organization_enabled', 'bypass_client_trust'] as const) {
    if (typeof given[name] === 'boolean') user[name] = given[name]
  }
  if (given.legal_accepted_at !== undefined) {
    user.legal_accepted_at = given.legal_accepted_at === null ? null : toMs(given.legal_accepted_at)
  }
  if (given.created_at) user.created_at = toMs(given.created_at)
  if (given.totp_secret) {
    user.totp_secret = given.totp_secret
    user.totp_enabled = user.two_factor_enabled = true
    user.mfa_enabled_at = instance.now()
  }
  if (given.backup_codes) {
    user.backup_codes = given.backup_codes
    user.backup_code_enabled = given.backup_codes.length > 0
  }
  if (given.password) setPassword(instance, user.id, given.password)
  else if (given.password_hasher && given.password_digest) {
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

const write: BindingOptions = { limit: 'user-write' }
const metadata = Object.fromEntries(kinds.map((kind) => [kind, { type: 'object' }]))
const times = {
  created_at: { type: ['string', 'integer', 'null'] },
  legal_accepted_at: { type: ['string', 'integer', 'null'] },
}
const one =
  (change: (instance: Instance, id: string) => UserJSON) =>
  ({ instance, path }: ApiCall) =>
    change(instance, path.user_id ?? '')
const many =
  (change: (instance: Instance, id: string) => UserJSON) =>
  ({ instance, body }: ApiCall<{ user_ids: string[] }>) => {
    for (const id of body.user_ids) getUser(instance, id)
    return body.user_ids.map((id) => change(instance, id))
  }

export const userOperations = [
  action('GetUserList', (call) => {
    const sorted = order(matchingUsers(call.instance, call.query), call, userReads)
    const start = sorted.findIndex(({ id }) => id === call.query.starting_after) + 1
    return answerList(call, sorted.slice(start))
  }),
  action('GetUsersCount', ({ instance, query }) => ({
    object: 'total_count',
    total_count: matchingUsers(instance, query).length,
  })),
  action('CreateUser', createUser, { also: times }),
  action('GetUser', one(getUser)),
  // Earlier API versions take metadata here, and so do the other official SDKs.
  action('UpdateUser', updateUser, { ...write, also: { ...metadata, ...times } }),
  action('DeleteUser', deleteUser),
  action('UpdateUserMetadata', setMetadata('merge'), write),
  action('ReplaceUserMetadata', setMetadata('replace'), write),
  action('BanUser', one(setBanned(true))),
  action('UnbanUser', one(setBanned(false))),
  action('UsersBan', many(setBanned(true))),
  action('UsersUnban', many(setBanned(false))),
  action('LockUser', one(setLocked(true))),
  action('UnlockUser', one(setLocked(false))),
  action('SetUserProfileImage', (call) => {
    const user = getUser(call.instance, call.path.user_id ?? '')
    setImage(call, user)
    return changed(call.instance, user)
  }),
  action('DeleteUserProfileImage', ({ instance, path }) => {
    const user = getUser(instance, path.user_id ?? '')
    removeImage(instance, user)
    return changed(instance, user)
  }),
  action('VerifyPassword', verifyPassword),
  action('VerifyTOTP', verifyTotp),
  action<{ sign_out_of_other_sessions?: boolean }>('RemoveUserPassword', ({ instance, path, body }) => {
    const user = getUser(instance, path.user_id ?? '')
    if (!user.password_enabled) throw new BackendError(400, 'no_password_set', 'The user has no password')
    instance.state.passwords.delete(user.id)
    user.password_enabled = false
    if (body.sign_out_of_other_sessions === true) endSessionsOf(instance, user.id, 'revoked')
    return changed(instance, user)
  }),
  action<{ revoke_all_sessions?: boolean }>('SetUserPasswordCompromised', ({ instance, path, body }) => {
    const user = getUser(instance, path.user_id ?? '')
    if (body.revoke_all_sessions === true) endSessionsOf(instance, user.id, 'revoked')
    return changed(instance, user)
  }),
  action('UnsetUserPasswordCompromised', ({ instance, path }) =>
    changed(instance, getUser(instance, path.user_id ?? '')),
  ),
  action('DisableMFA', disable('totp_enabled', 'backup_code_enabled'), write),
  action('DeleteTOTP', disable('totp_enabled'), write),
  action('DeleteBackupCode', disable('backup_code_enabled'), write),
  action('UserPasskeyDelete', removeOwned('passkeys', 'passkey_identification_id', 'passkey')),
  action('UserWeb3WalletDelete', removeOwned('web3_wallets', 'web3_wallet_identification_id', 'web3_wallet')),
  action(
    'DeleteExternalAccount',
    removeOwned('external_accounts', 'external_account_id', 'external_account'),
  ),
  action('GetOAuthAccessToken', oauthTokens),
  action(
    'UsersGetOrganizationMemberships',
    (call) => {
      const { id } = getUser(call.instance, call.path.user_id ?? '')
      const own = [...call.instance.state.memberships.values()].filter(({ user_id }) => user_id === id)
      return answerList(call, order(own, call, {}), (stored) => membershipJson(call.instance, stored))
    },
    { alsoQuery: { order_by: { type: 'string' } } },
  ),
  action('UsersGetOrganizationInvitations', (call) => {
    const addresses = getUser(call.instance, call.path.user_id ?? '').email_addresses
    return invitationsOf(call, new Set(addresses.map(({ email_address }) => email_address)))
  }),
  action('ListUserTrustedDevices', (call) => {
    const { id } = getUser(call.instance, call.path.user_id ?? '')
    return answerList(
      call,
      [...call.instance.state.trustedDevices.values()].filter(({ user_id }) => user_id === id),
    )
  }),
  action('RevokeUserTrustedDevice', ({ instance, path }) => {
    const device = instance.state.trustedDevices.get(path.trusted_device_id ?? '')
    if (device?.user_id !== path.user_id || !device) throw notFound('trusted device')
    Object.assign(device, { status: 'revoked', revoked_at: instance.now() })
    touch(instance, device)
    return device
  }),
]
