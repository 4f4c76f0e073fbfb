import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestIssuer, type OfflineClerk, startClerk } from './index.js'
import { exchanges } from './server/channels.js'
import { operations } from './server/operation.js'
import { events } from './tables/schemas.js'
import { sender } from './testing/send.js'

// Every operation is sent over HTTP at least once; the setup file holds each answer and each event against its schema.

const answered = new Set<string>()
exchanges.subscribe((message) => answered.add((message as { operation: string }).operation))

let offline: OfflineClerk
let send: ReturnType<typeof sender>['send']
let refusal: ReturnType<typeof sender>['refusal']
beforeAll(async () => {
  const { key } = await createTestIssuer()
  offline = await startClerk({ signingKey: key })
  ;({ send, refusal } = sender(offline))
})
afterAll(() => offline.stop())

const sent = () => offline.webhooks.deliveries.map(({ type }) => type)
const since = async (run: () => Promise<unknown>) => {
  const before = sent().length
  await run()
  return sent().slice(before)
}

test('users: every way to make, find, change and remove one', async () => {
  const ada = await send('CreateUser', {
    body: {
      email_address: ['ada@example.com'],
      phone_number: ['+15555550100'],
      web3_wallet: ['0x71C7656EC7ab88b098defB751B7401B5f6d8976F'],
      username: 'ada',
      first_name: 'Ada',
      last_name: 'Lovelace',
      password: 'correct horse',
      totp_secret: 'JBSWY3DPEHPK3PXP',
      backup_codes: ['backup-1'],
      skip_user_requirement: true,
      bypass_client_trust: true,
      created_at: '2024-01-01T00:00:00Z',
    },
  })
  const path = { user_id: ada.id as string }
  const grace = await send('CreateUser', {
    body: { email_address: ['grace@navy.example'], first_name: 'Grace' },
  })
  expect(ada.created_at).toBe(Date.UTC(2024, 0, 1))
  expect(ada.primary_web3_wallet_id).toBe(ada.web3_wallets[0].id)

  offline.addCredential(ada.id, 'external_account', {
    provider: 'oauth_google',
    provider_user_id: 'g-1',
    approved_scopes: 'email profile',
    email_address: 'ada@example.com',
    first_name: 'Ada',
    last_name: 'Lovelace',
    token: 'ya29.x',
    verification: {
      object: 'verification_google_one_tap',
      status: 'verified',
      strategy: 'google_one_tap',
      expire_at: null,
      attempts: null,
    },
  })
  offline.addCredential(ada.id, 'passkey', {
    name: 'Laptop',
    verification: {
      object: 'verification_passkey',
      status: 'verified',
      strategy: 'passkey',
      nonce: 'nonce',
      attempts: null,
      expire_at: null,
    },
  })
  const found = async (query: Record<string, string | boolean | number | string[]>) => {
    const [users, count] = [await send('GetUserList', { query }), await send('GetUsersCount', { query })]
    expect(count.total_count).toBe(users.length)
    return users.map(({ id }: { id: string }) => id)
  }
  for (const query of [
    { email_address_query: 'ada@' },
    { name_query: 'lovelace' },
    { phone_number_query: '5555' },
    { username_query: 'AD' },
    { web3_wallet: ['0x71c7656ec7ab88b098defb751b7401b5f6d8976f'] },
    { provider: 'oauth_google' },
    { provider: 'google', provider_user_id: ['g-1'] },
    { created_at_before: Date.UTC(2025, 0, 1) },
    { user_id: [`-${grace.id}`] },
  ]) {
    expect(await found(query), JSON.stringify(query)).toEqual([ada.id])
  }
  expect(await found({ banned: true })).toEqual([])
  expect(await found({ banned: false })).toHaveLength(2)
  const order = async (order_by: string) =>
    (await send('GetUserList', { query: { order_by } })).map(({ id }: { id: string }) => id)
  expect(await order('first_name')).toEqual([ada.id, grace.id])
  expect(await order('-first_name')).toEqual([grace.id, ada.id])
  expect(
    await send('GetUserList', { query: { starting_after: grace.id, order_by: '-created_at' } }),
  ).toHaveLength(1)

  await send('GetUser', { path })
  await send('UpdateUser', { path, body: { locale: 'en', notify_primary_email_address_changed: true } })
  await send('UpdateUserMetadata', { path, body: { public_metadata: { a: { b: 1 } } } })
  const replaced = await send('ReplaceUserMetadata', { path, body: { public_metadata: { c: 1 } } })
  expect(replaced.public_metadata).toEqual({ c: 1 })
  expect((await send('BanUser', { path })).banned).toBe(true)
  expect((await send('UnbanUser', { path })).banned).toBe(false)
  expect(await send('UsersBan', { body: { user_ids: [ada.id, grace.id] } })).toHaveLength(2)
  expect(await found({ banned: true })).toHaveLength(2)
  await send('UsersUnban', { body: { user_ids: [ada.id, grace.id] } })
  expect((await send('LockUser', { path })).locked).toBe(true)
  expect((await send('UnlockUser', { path })).locked).toBe(false)

  const pictured = await send('SetUserProfileImage', { path, file: 'picture' })
  expect(pictured.has_image).toBe(true)
  expect(await (await fetch(pictured.image_url)).text()).toBe('picture')
  expect((await send('DeleteUserProfileImage', { path })).has_image).toBe(false)

  expect(await send('VerifyPassword', { path, body: { password: 'correct horse' } })).toEqual({
    verified: true,
  })
  expect(await send('VerifyTOTP', { path, body: { code: 'backup-1' } })).toMatchObject({
    code_type: 'backup_code',
  })
  expect(await refusal('VerifyTOTP', { path, body: { code: 'backup-1' } })).toEqual([
    422,
    'form_code_incorrect',
  ])
  await send('SetUserPasswordCompromised', { path, body: { revoke_all_sessions: true } })
  await send('UnsetUserPasswordCompromised', { path })
  expect((await send('RemoveUserPassword', { path, body: {} })).password_enabled).toBe(false)
  expect(await send('DeleteBackupCode', { path })).toEqual({ user_id: ada.id })
  await send('DeleteTOTP', { path })
  await send('DisableMFA', { path })
  expect((await send('GetUser', { path })).two_factor_enabled).toBe(false)

  const [token] = await send('GetOAuthAccessToken', { path: { ...path, provider: 'google' } })
  expect(token).toMatchObject({ token: 'ya29.x', provider_user_id: 'g-1', scopes: ['email', 'profile'] })
  const { passkeys, external_accounts, web3_wallets } = await send('GetUser', { path })
  await send('UserPasskeyDelete', { path: { ...path, passkey_identification_id: passkeys[0].id } })
  await send('DeleteExternalAccount', { path: { ...path, external_account_id: external_accounts[0].id } })
  await send('UserWeb3WalletDelete', { path: { ...path, web3_wallet_identification_id: web3_wallets[0].id } })
  expect(await send('GetUser', { path })).toMatchObject({
    passkeys: [],
    external_accounts: [],
    web3_wallets: [],
  })

  offline.plant({ trustedDevices: [{ user: 'ada', platform: 'ios', name: 'Phone' }] })
  const [device] = (await send('ListUserTrustedDevices', { path })).data
  const revoked = await send('RevokeUserTrustedDevice', { path: { ...path, trusted_device_id: device.id } })
  expect(revoked.status).toBe('revoked')

  expect(await since(() => send('DeleteUser', { path }))).toEqual(['user.deleted'])
  expect(await refusal('GetUser', { path })).toEqual([404, 'resource_not_found'])
})

test('contacts are made, verified by a code, replaced and removed', async () => {
  const user = await send('CreateUser', { body: { username: 'contacts' } })
  for (const [name, field, value, other] of [
    ['EmailAddress', 'email_address', 'c@example.com', 'd@example.com'],
    ['PhoneNumber', 'phone_number', '+15555550101', '+15555550102'],
  ] as const) {
    const made = await send(`Create${name}`, { body: { user_id: user.id, [field]: value } })
    const path = { [`${field}_id`]: made.id }
    await send(`Get${name}`, { path })
    await send(`Update${name}`, { path, body: { primary: true } })
    const prepared = await send(`Prepare${name}Verification`, { path })
    expect(prepared.status).toBe('unverified')
    const attempt = (code: string) => ({ path, body: { verification_id: prepared.id, code } })
    expect(await refusal(`Attempt${name}Verification`, attempt('000000'))).toEqual([
      400,
      'form_code_incorrect',
    ])
    expect((await send(`Attempt${name}Verification`, attempt('424242'))).status).toBe('verified')
    await send(`ReplaceUser${name}`, { path: { user_id: user.id }, body: { [field]: other } })
    expect(
      (await send('GetUser', { path: { user_id: user.id } }))[
        name === 'EmailAddress' ? 'email_addresses' : 'phone_numbers'
      ],
    ).toHaveLength(1)
    const again = await send(`Create${name}`, { body: { user_id: user.id, [field]: value, verified: true } })
    await send(`Delete${name}`, { path: { [`${field}_id`]: again.id } })
  }
  expect(sent()).toEqual(expect.arrayContaining(['email.created', 'sms.created']))
})

test('sessions, their tokens and their clients', async () => {
  const user = await send('CreateUser', { body: { username: 'sessions' } })
  const organization = await send('CreateOrganization', { body: { name: 'S', created_by: user.id } })
  const session = await send('createSession', {
    body: { user_id: user.id, active_organization_id: organization.id },
  })
  const path = { session_id: session.id }
  expect((await send('GetSession', { path })).last_active_organization_id).toBe(organization.id)
  expect(await send('GetSessionList', { query: { user_id: user.id } })).toHaveLength(1)
  const { jwt } = await send('CreateSessionToken', { path, body: {} })
  await send('CreateJWTTemplate', { body: { name: 'supabase', claims: { role: 'x' } } })
  await send('CreateSessionTokenFromTemplate', { path: { ...path, template_name: 'supabase' } })
  const refresh = { expired_token: jwt, refresh_token: 'r', request_origin: 'http://localhost:3000' }
  expect(
    (await send('RefreshSession', { path, body: { ...refresh, format: 'cookie' } })).cookies,
  ).toHaveLength(1)
  expect((await send('RefreshSession', { path, body: refresh })).object).toBe('token')
  const client = await send('GetClient', { path: { client_id: session.client_id } })
  expect(client.session_ids).toEqual([session.id])
  expect((await send('VerifyClient', { body: { token: jwt } })).id).toBe(client.id)
  expect(await send('GetClientList', { query: { paginated: true } })).toHaveProperty('total_count')
  expect((await send('RevokeSession', { path })).status).toBe('revoked')
  expect(await since(async () => offline.createSession(user.id, { status: 'pending' }))).toEqual([
    'session.pending',
  ])
  const ended = offline.createSession(user.id)
  expect(await since(async () => offline.endSession(ended))).toEqual(['session.ended'])
  offline.createSession(user.id)
  const deleted = await since(() => send('DeleteUser', { path: { user_id: user.id } }))
  expect(deleted).toContain('session.removed')
})

test('organisations, members, invitations and domains', async () => {
  const owner = await send('CreateUser', {
    body: { email_address: ['owner@o.example'], first_name: 'Olive' },
  })
  const other = await send('CreateUser', { body: { email_address: ['other@o.example'], username: 'other' } })
  const organization = await send('CreateOrganization', { body: { name: 'Acme', created_by: owner.id } })
  const path = { organization_id: organization.id as string }
  const counts = { include_members_count: true, include_missing_member_with_elevated_permissions: true }
  expect(await send('GetOrganization', { path, query: counts })).toMatchObject({
    members_count: 1,
    missing_member_with_elevated_permissions: false,
  })
  expect(
    (await send('ListOrganizations', { query: { user_id: [owner.id], order_by: '-members_count' } })).data,
  ).toHaveLength(1)
  await send('UpdateOrganization', { path, body: { name: 'Acme 2', slug: 'acme-2' } })
  await send('MergeOrganizationMetadata', { path, body: { public_metadata: { a: 1 } } })
  expect(
    (await send('ReplaceOrganizationMetadata', { path, body: { public_metadata: { b: 1 } } }))
      .public_metadata,
  ).toEqual({ b: 1 })
  expect((await send('UploadOrganizationLogo', { path, file: 'logo' })).logo_url).toContain('/images/')
  expect((await send('DeleteOrganizationLogo', { path })).has_image).toBe(false)

  const membership = await send('CreateOrganizationMembership', {
    path,
    body: { user_id: other.id, role: 'org:member' },
  })
  expect(membership.public_user_data).toMatchObject({
    username: 'other',
    profile_image_url: expect.any(String),
  })
  const member = { ...path, user_id: other.id as string }
  await send('UpdateOrganizationMembership', { path: member, body: { role: 'org:admin' } })
  await send('UpdateOrganizationMembershipMetadata', { path: member, body: { public_metadata: { x: 1 } } })
  for (const query of [
    { email_address: ['other@o.example'] },
    { username: ['other'] },
    { username_query: 'oth' },
    { user_id: [`+${other.id}`] },
    { email_address_query: 'other@' },
  ]) {
    const { data } = await send('ListOrganizationMemberships', { path, query })
    expect(
      data.map(({ id }: { id: string }) => id),
      JSON.stringify(query),
    ).toEqual([membership.id])
  }
  expect(
    (
      await send('ListOrganizationMemberships', {
        path,
        query: { role: ['org:admin'], order_by: '+first_name' },
      })
    ).data,
  ).toHaveLength(2)
  expect((await send('InstanceGetOrganizationMemberships')).total_count).toBeGreaterThan(1)
  expect((await send('UsersGetOrganizationMemberships', { path: { user_id: other.id } })).data).toHaveLength(
    1,
  )

  const invite = (email_address: string) => ({ email_address, role: 'org:member', inviter_user_id: owner.id })
  const invitation = await send('CreateOrganizationInvitation', { path, body: invite('new@o.example') })
  expect(invitation.public_inviter_data).toMatchObject({ user_id: owner.id, identifier: 'owner@o.example' })
  expect(
    (
      await send('CreateOrganizationInvitationBulk', {
        path,
        body: [invite('a@o.example'), invite('b@o.example')],
      })
    ).total_count,
  ).toBe(2)
  const at = { ...path, invitation_id: invitation.id as string }
  await send('GetOrganizationInvitation', { path: at })
  expect((await send('ListPendingOrganizationInvitations', { path })).total_count).toBe(3)
  expect(
    (await send('ListOrganizationInvitations', { path, query: { email_address: 'a@o.example' } }))
      .total_count,
  ).toBe(1)
  expect(
    (await send('ListInstanceOrganizationInvitations', { query: { query: 'new@' } })).data[0],
  ).toHaveProperty('public_organization_data')
  expect(
    (await send('RevokeOrganizationInvitation', { path: at, body: { requesting_user_id: owner.id } })).status,
  ).toBe('revoked')
  expect(
    (await send('ListOrganizationInvitations', { path, query: { status: 'pending' } })).total_count,
  ).toBe(2)
  const guest = await send('CreateUser', { body: { email_address: ['a@o.example'] } })
  const [own] = (await send('UsersGetOrganizationInvitations', { path: { user_id: guest.id } })).data
  expect(await since(async () => offline.acceptInvitation(own.id, guest.id))).toEqual([
    'organizationMembership.created',
    'organizationInvitation.accepted',
  ])

  const domain = await send('CreateOrganizationDomain', {
    path,
    body: { name: 'Acme.example', enrollment_mode: 'automatic_invitation' },
  })
  expect(domain.verification.status).toBe('unverified')
  const there = { ...path, domain_id: domain.id as string }
  expect(
    (await send('VerifyOrganizationDomainOwnership', { path: there })).ownership_verification.status,
  ).toBe('verified')
  await send('UpdateOrganizationDomain', { path: there, body: { enrollment_mode: 'manual_invitation' } })
  expect((await send('ListOrganizationDomains', { path, query: { verified: 'true' } })).total_count).toBe(1)
  expect((await send('ListOrganizationDomains', { path, query: { verified: 'false' } })).total_count).toBe(0)
  expect(
    (await send('ListAllOrganizationDomains', { query: { domains: ['acme.example'] } })).total_count,
  ).toBe(1)
  expect(
    (await send('ListAllOrganizationDomains', { query: { enrollment_mode: ['-manual_invitation'] } }))
      .total_count,
  ).toBe(0)
  await send('DeleteOrganizationDomain', { path: there })

  expect((await send('DeleteOrganizationMembership', { path: member })).id).toBe(membership.id)
  expect(await since(() => send('DeleteOrganization', { path }))).toEqual([
    'organizationMembership.deleted',
    'organizationMembership.deleted',
    'organization.deleted',
  ])
})

test('roles, permissions and role sets, with their effect on members', async () => {
  const permission = await send('CreateOrganizationPermission', {
    body: { name: 'Read', key: 'org:invoices:read' },
  })
  const at = { permission_id: permission.id as string }
  await send('GetOrganizationPermission', { path: at })
  await send('UpdateOrganizationPermission', { path: at, body: { name: 'Read invoices' } })
  expect((await send('ListOrganizationPermissions', { query: { query: 'invoices' } })).total_count).toBe(1)
  const role = await send('CreateOrganizationRole', {
    body: { name: 'Clerk', key: 'org:clerk', permissions: [permission.id] },
  })
  const path = { organization_role_id: role.id as string }
  expect((await send('GetOrganizationRole', { path })).permissions[0].key).toBe('org:invoices:read')
  await send('UpdateOrganizationRole', { path, body: { description: 'd' } })
  expect((await send('ListOrganizationRoles', { query: { order_by: '+key' } })).data[0].key).toBe('org:admin')
  expect(
    (await send('RemovePermissionFromOrganizationRole', { path: { ...path, ...at } })).permissions,
  ).toEqual([])
  expect(
    (await send('AssignPermissionToOrganizationRole', { path: { ...path, ...at } })).permissions,
  ).toHaveLength(1)
  expect((await refusal('AssignPermissionToOrganizationRole', { path: { ...path, ...at } }))[0]).toBe(409)

  const user = await send('CreateUser', { body: { username: 'roles' } })
  const organization = await send('CreateOrganization', { body: { name: 'Roles' } })
  const member = { organization_id: organization.id as string }
  await send('CreateOrganizationMembership', { path: member, body: { user_id: user.id, role: 'org:clerk' } })
  expect((await refusal('DeleteOrganizationRole', { path }))[0]).toBe(422)

  const set = await send('CreateRoleSet', {
    body: {
      name: 'Small',
      default_role_key: 'org:member',
      creator_role_key: 'org:admin',
      roles: ['org:admin', 'org:member'],
    },
  })
  const key = { role_set_key_or_id: set.key as string }
  expect((await send('GetRoleSet', { path: key })).id).toBe(set.id)
  await send('UpdateRoleSet', { path: key, body: { description: 'few' } })
  expect((await send('ListRoleSets')).total_count).toBe(2)
  expect(
    (await send('AddRolesToRoleSet', { path: key, body: { role_keys: ['org:clerk'] } })).roles,
  ).toHaveLength(3)
  await send('UpdateOrganization', { path: member, body: { role_set_key: set.key } })
  const replaced = await since(() =>
    send('ReplaceRoleInRoleSet', { path: key, body: { role_key: 'org:clerk', to_role_key: 'org:member' } }),
  )
  expect(replaced).toEqual(['organizationMembership.updated'])
  await send('ReplaceRoleSet', {
    path: key,
    body: { dest_role_set_key: 'role_set:default', reassignment_mappings: { 'org:member': 'org:admin' } },
  })
  expect((await send('ListOrganizationMemberships', { path: member })).data[0].role).toBe('org:admin')
  await send('DeleteOrganizationRole', { path })
  await send('DeleteOrganizationPermission', { path: at })
})

test('invitations, lists of identifiers, the waitlist and redirect URLs', async () => {
  const invitation = await send('CreateInvitation', {
    body: { email_address: 'in@x.example', expires_in_days: 3 },
  })
  expect(await send('CreateBulkInvitations', { body: [{ email_address: 'in2@x.example' }] })).toHaveLength(1)
  expect(
    await send('ListInvitations', { query: { status: 'pending', order_by: '-expires_at' } }),
  ).toHaveLength(2)
  expect(await send('ListInvitations', { query: { query: 'in2' } })).toHaveLength(1)
  expect((await send('RevokeInvitation', { path: { invitation_id: invitation.id } })).revoked).toBe(true)

  const allowed = await send('CreateAllowlistIdentifier', { body: { identifier: 'Only@x.example' } })
  expect(await send('ListAllowlistIdentifiers')).toHaveLength(1)
  const blocked = await send('CreateBlocklistIdentifier', { body: { identifier: '*@bad.example' } })
  expect((await send('ListBlocklistIdentifiers')).total_count).toBe(1)
  await send('UpdateInstanceRestrictions', { body: { blocklist: true } })
  expect(await refusal('CreateUser', { body: { email_address: ['x@bad.example'] } })).toEqual([
    403,
    'not_allowed_access',
  ])
  await send('UpdateInstanceRestrictions', { body: { blocklist: false } })
  await send('DeleteAllowlistIdentifier', { path: { identifier_id: allowed.id } })
  await send('DeleteBlocklistIdentifier', { path: { identifier_id: blocked.id } })

  const entry = await send('CreateWaitlistEntry', { body: { email_address: 'w@x.example' } })
  const [second] = await send('CreateBulkWaitlistEntries', { body: [{ email_address: 'w2@x.example' }] })
  expect(
    (await send('InviteWaitlistEntry', { path: { waitlist_entry_id: entry.id }, body: {} })).invitation
      .status,
  ).toBe('pending')
  expect((await send('RejectWaitlistEntry', { path: { waitlist_entry_id: second?.id } })).status).toBe(
    'rejected',
  )
  expect((await send('ListWaitlistEntries', { query: { status: 'invited' } })).total_count).toBe(1)
  await send('DeleteWaitlistEntry', { path: { waitlist_entry_id: second?.id } })

  const { id } = await send('CreateRedirectURL', { body: { url: 'myapp://callback' } })
  expect(await refusal('CreateRedirectURL', { body: { url: 'myapp://callback' } })).toEqual([
    422,
    'form_identifier_exists',
  ])
  await send('GetRedirectURL', { path: { id } })
  expect(await send('ListRedirectURLs')).toHaveLength(1)
  await send('DeleteRedirectURL', { path: { id } })
})

test('tokens that sign in once, templates of tokens, sign-ups, agents', async () => {
  const user = await send('CreateUser', { body: { email_address: ['ticket@x.example'] } })
  const ticket = await send('CreateSignInToken', { body: { user_id: user.id } })
  expect((await send('RevokeSignInToken', { path: { sign_in_token_id: ticket.id } })).status).toBe('revoked')
  const actor = await send('CreateActorToken', { body: { user_id: user.id, actor: { sub: 'user_support' } } })
  const signedIn = await fetch(actor.url.replace('127.0.0.1', 'localhost'), { redirect: 'manual' })
  expect(signedIn.status).toBe(303)
  const [session] = await send('GetSessionList', { query: { user_id: user.id } })
  expect(session?.actor).toEqual({ sub: 'user_support' })
  const unused = await send('CreateActorToken', {
    body: { user_id: user.id, actor: { sub: 'user_support' } },
  })
  await send('RevokeActorToken', { path: { actor_token_id: unused.id } })
  const task = await send('CreateAgentTask', {
    body: {
      on_behalf_of: { identifier: 'ticket@x.example' },
      permissions: '*',
      agent_name: 'Helper',
      task_description: 'd',
      redirect_url: 'http://localhost:3000/',
    },
  })
  await send('RevokeAgentTask', { path: { agent_task_id: task.agent_task_id } })
  await send('CreateTestingToken')

  const template = await send('CreateJWTTemplate', { body: { name: 'hasura', claims: {} } })
  const path = { template_id: template.id as string }
  await send('GetJWTTemplate', { path })
  expect(
    (await send('UpdateJWTTemplate', { path, body: { name: 'hasura', claims: { a: 1 }, lifetime: 90 } }))
      .lifetime,
  ).toBe(90)
  expect(await send('ListJWTTemplates', { query: { paginated: true } })).toHaveProperty('total_count')
  await send('DeleteJWTTemplate', { path })

  const form = { method: 'POST', redirect: 'manual' as const, headers: { 'sec-fetch-site': 'same-origin' } }
  const body = new URLSearchParams({ email_address: 'signup@x.example', first_name: 'Sue' })
  await fetch(`${offline.url}/sign-up`, { ...form, body })
  const { state } = offline.snapshot()
  const id = state.signUps?.[0]?.[0] ?? ''
  expect(await send('GetSignUp', { path: { id } })).toMatchObject({
    status: 'complete',
    email_address: 'signup@x.example',
  })
  expect((await send('UpdateSignUp', { path: { id }, body: { external_id: 'e1' } })).external_id).toBe('e1')
})

test('credentials of programs', async () => {
  const user = await send('CreateUser', { body: { username: 'programs' } })
  const key = await send('createApiKey', {
    body: { name: 'deploy', subject: user.id, seconds_until_expiration: 60 },
  })
  const path = { apiKeyID: key.id as string }
  expect(await send('getApiKey', { path })).not.toHaveProperty('secret')
  expect((await send('getApiKeySecret', { path })).secret).toBe(key.secret)
  await send('updateApiKey', { path, body: { description: 'x' } })
  expect((await send('verifyApiKey', { body: { secret: key.secret } })).id).toBe(key.id)
  const keys = async (query: Record<string, string>) =>
    (await send('getApiKeys', { query: { subject: user.id, ...query } })).total_count
  expect([
    await keys({}),
    await keys({ query: 'deploy' }),
    await keys({ query: 'none' }),
    await keys({ type: 'other' }),
  ]).toEqual([1, 1, 0, 0])
  expect((await send('revokeApiKey', { path, body: { revocation_reason: 'lost' } })).revoked).toBe(true)
  expect([await keys({}), await keys({ include_invalid: 'true' })]).toEqual([0, 1])
  await send('deleteApiKey', { path })

  const machine = await send('CreateMachine', { body: { name: 'worker' } })
  const other = await send('CreateMachine', { body: { name: 'other', scoped_machines: [machine.id] } })
  const at = { machine_id: machine.id as string }
  await send('GetMachine', { path: at })
  await send('UpdateMachine', { path: at, body: { name: 'worker 2' } })
  expect((await send('ListMachines', { query: { query: 'other' } })).total_count).toBe(1)
  await send('CreateMachineScope', { path: at, body: { to_machine_id: other.id } })
  expect((await refusal('CreateMachineScope', { path: at, body: { to_machine_id: other.id } }))[0]).toBe(409)
  const { secret } = await send('GetMachineSecretKey', { path: at })
  const token = await send('createM2MToken', { body: { seconds_until_expiration: 60 }, key: secret })
  expect((await send('verifyM2MToken', { body: { token: token.token } })).subject).toBe(machine.id)
  expect((await send('getM2MTokens', { query: { subject: machine.id } })).m2m_tokens).toHaveLength(1)
  expect(await refusal('getM2MTokens')).toEqual([422, 'form_param_missing'])
  await send('revokeM2MToken', { path: { m2m_token_id: token.id }, body: {} })
  expect((await send('getM2MTokens', { query: { subject: machine.id } })).m2m_tokens).toHaveLength(0)
  expect(
    (await send('getM2MTokens', { query: { subject: machine.id, revoked: true } })).m2m_tokens,
  ).toHaveLength(1)
  await send('RotateMachineSecretKey', { path: at, body: { previous_token_ttl: 0 } })
  await send('DeleteMachineScope', { path: { ...at, other_machine_id: other.id } })
  await send('DeleteMachine', { path: at })

  const application = await send('CreateOAuthApplication', {
    body: { name: 'MCP', redirect_uris: ['http://localhost/cb'] },
  })
  const oauth = { oauth_application_id: application.id as string }
  expect(await send('GetOAuthApplication', { path: oauth })).not.toHaveProperty('client_secret')
  await send('UpdateOAuthApplication', { path: oauth, body: { name: 'MCP 2' } })
  expect((await send('ListOAuthApplications', { query: { name_query: 'mcp' } })).total_count).toBe(1)
  expect((await send('RotateOAuthApplicationSecret', { path: oauth })).client_secret).not.toBe(
    application.client_secret,
  )
  await send('UploadOAuthApplicationLogo', { path: oauth, file: 'logo' })
  const access = offline.createOAuthToken({ user: user.id, clientId: application.client_id })
  expect((await send('verifyOAuthAccessToken', { body: { access_token: access.token } })).revoked).toBe(false)
  await send('RevokeOAuthApplicationToken', { path: oauth, body: { token: access.token } })
  expect((await send('verifyOAuthAccessToken', { body: { access_token: access.token } })).revoked).toBe(true)
  await send('DeleteOAuthApplication', { path: oauth })

  const organization = await send('CreateOrganization', { body: { name: 'Portal' } })
  const link = await send('createAdminPortalLinkToken', { body: { organization_id: organization.id } })
  const portal = { path: { adminPortalLinkTokenID: link.id }, body: {} }
  expect((await send('revokeAdminPortalLinkToken', portal)).revoked).toBe(true)
})

test('single sign-on and directories keep their data', async () => {
  const saml = await send('CreateSAMLConnection', {
    body: { name: 'Okta', domain: 'saml.example', provider: 'saml_okta' },
  })
  const path = { saml_connection_id: saml.id as string }
  await send('GetSAMLConnection', { path })
  expect((await send('UpdateSAMLConnection', { path, body: { active: true } })).active).toBe(true)
  expect((await send('ListSAMLConnections', { query: { query: 'okta' } })).total_count).toBe(1)
  expect(
    (
      await refusal('CreateSAMLConnection', {
        body: { name: 'x', domain: 'saml.example', provider: 'saml_okta' },
      })
    )[0],
  ).toBe(409)
  await send('DeleteSAMLConnection', { path })

  const connection = await send('CreateEnterpriseConnection', {
    body: { name: 'OIDC', provider: 'oidc_custom', domains: ['sso.example'], oidc: { client_id: 'c' } },
  })
  const at = { enterprise_connection_id: connection.id as string }
  expect((await send('GetEnterpriseConnection', { path: at })).oauth_config.client_id).toBe('c')
  await send('UpdateEnterpriseConnection', { path: at, body: { active: true } })
  expect((await send('ListEnterpriseConnections', { query: { active: true } })).total_count).toBe(1)
  await send('CreateEnterpriseConnectionTestRun', { path: at })
  expect(
    (await send('ListEnterpriseConnectionTestRuns', { path: at, query: { status: ['pending'] } }))
      .total_count,
  ).toBe(1)

  const { data: roles } = await send('ListOrganizationRoles')
  const role_id = roles[0].id as string
  for (const [noun, plural, mapping, parameter] of [
    ['Directory', 'Directories', 'DirectoryGroupRoleMapping', 'directory_id'],
    ['SCIMDirectory', 'SCIMDirectories', 'SCIMGroupRoleMapping', 'scim_directory_id'],
  ] as const) {
    const made = await send(`Create${noun}`, {
      body: { enterprise_connection_id: connection.id, provider: 'okta' },
    })
    const directory = { [parameter]: made.id as string }
    expect(made.api_key).toEqual(expect.any(String))
    expect((await send(`Get${noun}`, { path: directory })).api_key).toBeNull()
    await send(`Update${noun}`, { path: directory, body: { enabled: false } })
    expect((await send(`List${plural}`)).total_count).toBe(1)
    expect((await send(`Rotate${noun}APIKey`, { path: directory })).api_key).not.toBe(made.api_key)
    const group = await send(`Create${mapping}`, { path: directory, body: { scim_group_id: 'g', role_id } })
    expect((await send(`List${mapping}s`, { path: directory })).total_count).toBe(1)
    await send(`Delete${mapping}`, { path: { ...directory, mapping_id: group.id } })
    const mappings = [
      { scim_group_id: 'a', role_id },
      { scim_group_id: 'b', role_id },
    ]
    expect((await send(`Replace${mapping}s`, { path: directory, body: { mappings } })).total_count).toBe(2)
    await send(`Delete${noun}`, { path: directory })
  }
  await send('DeleteEnterpriseConnection', { path: at })
})

describe('billing', () => {
  test('a checkout, its payments, and every change of a subscription', async () => {
    const user = await send('CreateUser', { body: { email_address: ['pay@x.example'], first_name: 'Pay' } })
    const organization = await send('CreateOrganization', { body: { name: 'Payer' } })
    const path = { user_id: user.id as string }
    const free = await send('GetUserBillingSubscription', { path })
    expect(free.subscription_items[0].plan.slug).toBe('free_user')
    await send('GetOrganizationBillingSubscription', { path: { organization_id: organization.id } })
    const pro = offline.createPlan({ name: 'Pro', amount: 1000, features: ['reports'], freeTrialDays: 14 })
    expect((await send('GetCommercePlanList', { query: { payer_type: 'user' } })).total_count).toBe(2)
    const trial = offline.subscribe(user.id, 'pro', { freeTrial: true })
    const item = { subscription_item_id: trial.id }
    const later = new Date(Date.now() + 40 * 86_400_000).toISOString()
    expect(
      await since(() =>
        send('ExtendBillingSubscriptionItemFreeTrial', { path: item, body: { extend_to: later } }),
      ),
    ).toEqual(['subscriptionItem.updated'])
    expect(
      (await send('GetCommerceSubscriptionItemList', { query: { status: 'free_trial' } })).total_count,
    ).toBe(1)
    expect(await since(async () => offline.charge(trial.id))).toEqual([
      'paymentAttempt.created',
      'paymentAttempt.updated',
      'subscriptionItem.active',
      'subscription.active',
    ])
    const token = await offline.token(user.id)
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      pla: 'u:pro',
      fea: 'u:reports',
    })

    const price = await send('CreateBillingPrice', { body: { plan_id: pro.id, amount: 2000 } })
    const prices = await send('GetBillingPriceList', { query: { plan_id: pro.id } })
    expect(prices.total_count).toBe(2)
    const discount = { path: item, body: { discount_id: 'cdisc_1' } }
    await send('ApplyBillingSubscriptionItemDiscount', discount)
    expect((await refusal('ApplyBillingSubscriptionItemDiscount', discount))[0]).toBe(409)
    await send('RemoveBillingSubscriptionItemDiscount', { path: { ...item, discount_id: 'cdisc_1' } })
    const from = prices.data.find(({ is_default }: { is_default: boolean }) => is_default)
    const moved = await send('CreateBillingPriceTransition', {
      path: item,
      body: { from_price_id: from.id, to_price_id: price.id },
    })
    expect(moved.transition).toMatchObject({ effective_mode: 'immediate', charged_immediately: true })
    const canceled = await send('CancelCommerceSubscriptionItem', {
      path: { subscription_item_id: moved.subscription_item.id },
    })
    expect(canceled.status).toBe('canceled')

    const [statement] = (await send('GetBillingStatementList')).data
    const at = { statementID: statement.id as string }
    expect((await send('GetBillingStatement', { path: at })).groups[0].items).toHaveLength(1)
    expect((await send('GetBillingStatementPaymentAttempts', { path: at })).data[0].status).toBe('paid')

    const credit = { amount: 500, action: 'increase', idempotency_key: 'k1' }
    await send('AdjustUserBillingCreditBalance', { path, body: credit })
    expect((await refusal('AdjustUserBillingCreditBalance', { path, body: credit }))[0]).toBe(409)
    expect((await send('GetUserBillingCreditBalance', { path })).balance.amount).toBe(500)
    const owner = { organization_id: organization.id as string }
    await send('AdjustOrganizationBillingCreditBalance', { path: owner, body: credit })
    await send('GetOrganizationBillingCreditBalance', { path: owner })

    const fresh = await send('CreateUser', { body: { username: 'fresh' } })
    expect((await since(async () => offline.subscribe(fresh.id, 'pro')))[0]).toBe('subscription.created')
    const second = offline.subscribe(organization.id, 'pro', { fails: true })
    for (const status of ['upcoming', 'abandoned', 'canceled', 'ended'] as const)
      offline.setSubscriptionItem(second.id, status)
    offline.webhooks.send('subscriptionItem.freeTrialEnding', {})
  })
})

test('settings of the instance, its domains and its messages', async () => {
  expect((await send('GetJWKS')).keys).toHaveLength(1)
  await send('GetPublicInterstitial')
  await send('UpdateInstance', { body: { allowed_origins: ['http://localhost:3000'] } })
  expect((await send('GetInstance')).allowed_origins).toEqual(['http://localhost:3000'])
  await send('UpdateInstanceAuthConfig', { body: { test_mode: true } })
  await send('UpdateInstanceProtect', { body: { rules_enabled: true } })
  expect((await send('GetInstanceProtect')).rules_enabled).toBe(true)
  await send('UpdateInstanceCommunication', { body: { blocked_country_codes: ['XX'] } })
  expect((await send('GetInstanceCommunication')).blocked_country_codes).toEqual(['XX'])
  await send('UpdateInstanceOAuthApplicationSettings', { body: { default_scopes: ['email'] } })
  expect((await send('GetInstanceOAuthApplicationSettings')).default_scopes).toEqual(['email'])
  await send('UpdateInstanceOrganizationSettings', { body: { max_allowed_memberships: 3 } })
  expect((await send('GetInstanceOrganizationSettings')).max_allowed_memberships).toBe(3)
  expect((await send('CreateOrganization', { body: { name: 'Three' } })).max_allowed_memberships).toBe(3)
  await send('ChangeProductionInstanceDomain', { body: { home_url: 'https://x.example' } })
  await send('UpdateProductionInstanceDomain', { body: { home_url: 'https://x.example' } })

  const domain = await send('AddDomain', { body: { name: 'satellite.example', is_satellite: true } })
  const path = { domain_id: domain.id as string }
  await send('UpdateDomain', { path, body: { proxy_url: 'https://x.example/__clerk' } })
  expect((await send('ListDomains')).total_count).toBe(2)
  await send('VerifyDomainProxy', { body: { domain_id: domain.id, proxy_url: 'https://x.example/__clerk' } })
  await send('DeleteDomain', { path })
  await send('CreateSvixApp')
  await send('GenerateSvixAuthURL')
  await send('DeleteSvixApp')

  const at = { template_type: 'email', slug: 'verification_code' }
  expect(await send('GetTemplateList', { path: { template_type: 'sms' } })).toHaveLength(2)
  expect((await refusal('GetTemplateList', { path: { template_type: 'fax' } }))[0]).toBe(422)
  await send('GetTemplate', { path: at })
  expect((await send('UpsertTemplate', { path: at, body: { subject: 'Hello' } })).subject).toBe('Hello')
  expect(
    (await send('ToggleTemplateDelivery', { path: at, body: { delivered_by_clerk: false } }))
      .delivered_by_clerk,
  ).toBe(false)
  await send('PreviewTemplate', { path: at, body: { body: 'x' } })
  expect((await send('RevertTemplate', { path: at })).subject).not.toBe('Hello')
})

test('all of them were sent, and every event', () => {
  expect(operations.map(({ id }) => id).filter((id) => !answered.has(id))).toEqual([])
  const seen = new Set(sent())
  expect(Object.keys(events).filter((type) => !seen.has(type))).toEqual([])
})
