import { createClerkClient } from '@clerk/backend'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type OfflineClerk, type StartClerkOptions, startClerk } from '../index.js'
import { claimsOf, PageClient } from '../testing/page-client.js'
import { pageOperations } from './index.js'

const password = 'correct horse'
const ada = { emailAddress: 'ada@example.com', username: 'ada_l', firstName: 'Ada', password }

async function open(options: StartClerkOptions = {}) {
  const offline = await startClerk({ seed: { users: [ada] }, ...options })
  onTestFinished(() => offline.stop())
  return { offline, page: new PageClient(offline.url) }
}

const emitted = (offline: OfflineClerk) => offline.webhooks.deliveries.map(({ event }) => event.type)

async function signIn(page: PageClient, identifier = 'ada@example.com') {
  const { response } = await page.ask('POST', '/client/sign_ins', {
    strategy: 'password',
    identifier,
    password,
  })
  return response.created_session_id as string
}

test('no operation is in the table twice', () => {
  const names = pageOperations.map(({ method, path }) => `${method} ${path}`)
  expect(names).toHaveLength(new Set(names).size)
})

describe('signing in', () => {
  test('by password makes a session that backends see at once, with tokens for the page', async () => {
    const { offline, page } = await open()
    const { response: fresh } = await page.ask('GET', '/client')
    expect(fresh).toMatchObject({ sessions: [], sign_in: null, last_active_session_id: null })
    const begun = await page.ask('POST', '/client/sign_ins', { identifier: 'ADA_L' })
    expect(begun.response).toMatchObject({
      status: 'needs_first_factor',
      identifier: 'ADA_L',
      user_data: { first_name: 'Ada' },
    })
    expect(begun.client.sign_in.id).toBe(begun.response.id)
    const { response, client } = await page.ask(
      'POST',
      `/client/sign_ins/${begun.response.id}/attempt_first_factor`,
      {
        strategy: 'password',
        password,
      },
    )
    expect(response).toMatchObject({ status: 'complete', created_session_id: client.last_active_session_id })
    expect(client.sign_in).toBeNull()
    expect(offline.getSession(response.created_session_id).status).toBe('active')
    expect(emitted(offline)).toContain('session.created')
    const [session] = client.sessions
    expect(claimsOf(session.last_active_token.jwt)).toMatchObject({ sid: session.id, azp: page.origin })
    const { jwt } = await page.ask('POST', `/client/sessions/${session.id}/tokens`)
    const { exp, iat, azp, sub } = claimsOf(jwt)
    expect([exp - iat, azp, sub]).toEqual([60, page.origin, session.user.id])
    // A token is never older than what Clerk's script writes to `__client_uat`.
    expect(Math.floor(client.updated_at / 1000)).toBeLessThanOrEqual(iat)
  })

  test('by a code needs the code that was sent', async () => {
    const { offline, page } = await open()
    const { response } = await page.ask('POST', '/client/sign_ins', {
      strategy: 'email_code',
      identifier: 'ada@example.com',
    })
    expect(emitted(offline)).toContain('email.created')
    const attempt = (code: string) =>
      page.fetch('POST', `/client/sign_ins/${response.id}/attempt_first_factor`, {
        strategy: 'email_code',
        code,
      })
    expect((await attempt('000000')).status).toBe(422)
    expect((await attempt('424242')).status).toBe(200)
    expect(await page.refusal('GET', `/client/sign_ins/${response.id}`)).toEqual([404, 'resource_not_found'])
  })

  test('by a code works for an address that was proved, not for one that is only claimed', async () => {
    const { offline, page } = await open()
    const { id } = offline.createUser({ username: 'joan_c', password })
    offline.call('CreateEmailAddress', {
      body: { user_id: id, email_address: 'joan@example.com', verified: false },
    })
    const sign = { strategy: 'email_code', identifier: 'joan@example.com' }
    expect(await page.refusal('POST', '/client/sign_ins', sign)).toEqual([422, 'strategy_for_user_invalid'])
    const { response } = await page.ask('POST', '/client/sign_ins', { identifier: 'joan_c' })
    expect(response.supported_first_factors).toEqual([{ strategy: 'password' }])
  })

  test('a code works for ten minutes, and not after ten wrong ones', async () => {
    const { offline, page } = await open({ now: () => 1_800_000_000_000 })
    const { response } = await page.ask('POST', '/client/sign_ins', { identifier: 'ada@example.com' })
    const path = `/client/sign_ins/${response.id}`
    const attempt = (code: string) =>
      page.refusal('POST', `${path}/attempt_first_factor`, { strategy: 'email_code', code })
    expect(await attempt('424242')).toEqual([400, 'verification_missing'])
    const prepare = () => page.ask('POST', `${path}/prepare_first_factor`, { strategy: 'email_code' })
    await prepare()
    await offline.advance(600_001)
    expect(await attempt('424242')).toEqual([400, 'verification_expired'])
    await prepare()
    for (let index = 0; index < 10; index++) expect((await attempt('111111'))[1]).toBe('form_code_incorrect')
    expect(await attempt('424242')).toEqual([400, 'verification_failed'])
  })

  test('is refused with the codes that the components know', async () => {
    const { offline, page } = await open()
    const refusal = (fields: Record<string, string>) => page.refusal('POST', '/client/sign_ins', fields)
    expect(await refusal({ identifier: 'nobody@example.com' })).toEqual([422, 'form_identifier_not_found'])
    const id = offline.createUser({ externalId: 'ext-1' }).id
    // Neither is what a person types.
    for (const identifier of [id, 'ext-1', '__proto__', ''])
      expect(await refusal({ identifier })).toEqual([422, 'form_identifier_not_found'])
    const wrong = { strategy: 'password', identifier: 'ada@example.com', password: 'wrong' }
    expect(await refusal(wrong)).toEqual([422, 'form_password_incorrect'])
    for (const strategy of ['oauth_google', 'constructor', '__proto__'])
      expect(await refusal({ strategy, identifier: 'ada@example.com' })).toEqual([
        422,
        'form_param_value_invalid',
      ])
    const user = offline.call<{ id: string }[]>('GetUserList').find((one) => one.id !== id)?.id ?? ''
    offline.banUser(user)
    expect(await refusal({ identifier: 'ada@example.com' })).toEqual([403, 'user_banned'])
    offline.unbanUser(user)
    offline.call('LockUser', { path: { user_id: user } })
    expect(await refusal({ identifier: 'ada@example.com' })).toEqual([403, 'user_locked'])
  })

  test('with a new password goes on from the code, and can end the other sessions', async () => {
    const { offline, page } = await open()
    const other = new PageClient(offline.url)
    const before = await signIn(other)
    const { response } = await page.ask('POST', '/client/sign_ins', {
      strategy: 'reset_password_email_code',
      identifier: 'ada@example.com',
    })
    const path = `/client/sign_ins/${response.id}`
    const reset = { password: 'a new password', sign_out_of_other_sessions: 'true' }
    expect(await page.refusal('POST', `${path}/reset_password`, reset)).toEqual([400, 'client_state_invalid'])
    const proven = await page.ask('POST', `${path}/attempt_first_factor`, {
      strategy: 'reset_password_email_code',
      code: '424242',
    })
    expect(proven.response.status).toBe('needs_new_password')
    expect(await page.refusal('POST', `${path}/reset_password`, { password: 'short' })).toEqual([
      422,
      'form_password_length_too_short',
    ])
    expect((await page.ask('POST', `${path}/reset_password`, reset)).response.status).toBe('complete')
    expect(offline.getSession(before).status).toBe('revoked')
    expect(
      await new PageClient(offline.url).refusal('POST', '/client/sign_ins', {
        strategy: 'password',
        identifier: 'ada@example.com',
        password,
      }),
    ).toEqual([422, 'form_password_incorrect'])
  })

  test('with a ticket works once, and a browser where the user is signed in keeps it', async () => {
    const { offline, page } = await open()
    const [user] = offline.call<{ id: string }[]>('GetUserList')
    const client = createClerkClient({ secretKey: offline.secretKey, apiUrl: offline.url })
    const { token: ticket } = await client.signInTokens.createSignInToken({
      userId: user?.id ?? '',
      expiresInSeconds: 60,
    })
    const use = (by: PageClient) => by.refusal('POST', '/client/sign_ins', { strategy: 'ticket', ticket })
    await signIn(page)
    expect(await use(page)).toEqual([400, 'identifier_already_signed_in'])
    const other = new PageClient(offline.url)
    expect(await use(other)).toEqual([200, undefined])
    expect(await use(new PageClient(offline.url))).toEqual([400, 'ticket_invalid_code'])
  })

  test('asks for the second factor where the user has one', async () => {
    const { offline, page } = await open()
    const [user] = offline.call<{ id: string }[]>('GetUserList')
    offline.call('UpdateUser', {
      path: { user_id: user?.id ?? '' },
      body: { totp_secret: 'JBSWY3DPEHPK3PXP', backup_codes: ['spare'] },
    })
    const { response } = await page.ask('POST', '/client/sign_ins', {
      strategy: 'password',
      identifier: 'ada@example.com',
      password,
    })
    expect(response).toMatchObject({
      status: 'needs_second_factor',
      supported_second_factors: [{ strategy: 'totp' }, { strategy: 'backup_code' }],
      created_session_id: null,
    })
    const attempt = (code: string) =>
      page.refusal('POST', `/client/sign_ins/${response.id}/attempt_second_factor`, {
        strategy: 'backup_code',
        code,
      })
    expect(await attempt('wrong')).toEqual([422, 'form_code_incorrect'])
    expect(await attempt('spare')).toEqual([200, undefined])
  })

  test('ends at its next step for a user who may not sign in any more, and changes nothing', async () => {
    const { offline, page } = await open()
    const path = { user_id: offline.call<{ id: string }[]>('GetUserList')[0]?.id ?? '' }
    const begin = async (fields: Record<string, string>) =>
      (await page.ask('POST', '/client/sign_ins', { identifier: 'ada@example.com', ...fields })).response
    const reset = await begin({ strategy: 'reset_password_email_code' })
    const step = (id: string, name: string, fields: Record<string, string>) =>
      page.refusal('POST', `/client/sign_ins/${id}/${name}`, fields)
    await step(reset.id, 'attempt_first_factor', { strategy: 'reset_password_email_code', code: '424242' })
    offline.call('LockUser', { path })
    expect(await step(reset.id, 'reset_password', { password: 'a new password' })).toEqual([
      403,
      'user_locked',
    ])
    offline.call('UnlockUser', { path })
    expect(offline.call('VerifyPassword', { path, body: { password } })).toEqual({ verified: true })

    offline.call('UpdateUser', {
      path,
      body: { totp_secret: 'JBSWY3DPEHPK3PXP', backup_codes: ['spare'] },
    })
    const second = await begin({ strategy: 'password', password })
    const spare = { strategy: 'backup_code', code: 'spare' }
    for (const [operation, undo, code] of [
      ['LockUser', 'UnlockUser', 'user_locked'],
      ['BanUser', 'UnbanUser', 'user_banned'],
    ] as const) {
      offline.call(operation, { path })
      expect(await step(second.id, 'attempt_second_factor', spare)).toEqual([403, code])
      offline.call(undo, { path })
    }
    // The code that was refused is not used up.
    expect(await step(second.id, 'attempt_second_factor', spare)).toEqual([200, undefined])
  })

  test('is abandoned after a day, as a sign-up is', async () => {
    let now = 1_800_000_000_000
    const { page } = await open({ now: () => now })
    const signIn = await page.ask('POST', '/client/sign_ins', { identifier: 'ada@example.com' })
    const { response: signUp } = await page.ask('POST', '/client/sign_ups', { first_name: 'Grace' })
    now = signIn.response.abandon_at - 1
    expect((await page.ask('GET', '/client')).response).toMatchObject({
      sign_in: { id: signIn.response.id },
      sign_up: { id: signUp.id },
    })
    now += 1
    expect((await page.ask('GET', '/client')).response).toMatchObject({ sign_in: null, sign_up: null })
    for (const path of [`/client/sign_ins/${signIn.response.id}`, `/client/sign_ups/${signUp.id}`])
      expect(await page.refusal('GET', path)).toEqual([404, 'resource_not_found'])
  })
})

describe('signing up', () => {
  const fields = { email_address: 'Grace@Example.com', password: 'a long password', first_name: 'Grace' }

  test('makes the user when the address is proved, and says so to backends', async () => {
    const { offline, page } = await open()
    const { response } = await page.ask('POST', '/client/sign_ups', {
      ...fields,
      unsafe_metadata: '{"plan":"<b>"}',
    })
    expect(response).toMatchObject({
      status: 'missing_requirements',
      missing_fields: [],
      unverified_fields: ['email_address'],
      email_address: 'grace@example.com',
      verifications: { email_address: { next_action: 'needs_prepare' } },
    })
    const users = () => emitted(offline).filter((type) => type === 'user.created').length
    expect(users()).toBe(1)
    expect(offline.call('GetSignUp', { path: { id: response.id } })).toMatchObject({
      email_address: 'grace@example.com',
      unverified_fields: ['email_address'],
    })
    const path = `/client/sign_ups/${response.id}`
    await page.ask('POST', `${path}/prepare_verification`, { strategy: 'email_code' })
    expect(
      await page.refusal('POST', `${path}/attempt_verification`, { strategy: 'email_code', code: '1' }),
    ).toEqual([422, 'form_code_incorrect'])
    const done = await page.ask('POST', `${path}/attempt_verification`, {
      strategy: 'email_code',
      code: '424242',
    })
    expect(done.response).toMatchObject({
      status: 'complete',
      created_session_id: done.client.last_active_session_id,
    })
    const created = offline.webhooks.deliveries.find(
      ({ event }) => event.type === 'user.created' && Object(event.data).id === done.response.created_user_id,
    )
    expect(created?.event.data).toMatchObject({
      first_name: 'Grace',
      password_enabled: true,
      unsafe_metadata: { plan: '<b>' },
    })
    expect(offline.call('GetSignUp', { path: { id: response.id } })).toMatchObject({ status: 'complete' })
    const again = { strategy: 'password', identifier: 'grace@example.com', password: 'a long password' }
    const { response: next } = await new PageClient(offline.url).ask('POST', '/client/sign_ins', again)
    expect(next.status).toBe('complete')
    expect(JSON.stringify(offline.requests)).not.toContain('a long password')
    expect(JSON.stringify(offline.snapshot().state)).not.toContain('a long password')
  })

  test('is refused for what another user has, and for what no user may have', async () => {
    const { page } = await open()
    const refusal = (more: Record<string, string>) =>
      page.refusal('POST', '/client/sign_ups', { ...fields, ...more })
    expect(await refusal({ email_address: 'ada@example.com' })).toEqual([422, 'form_identifier_exists'])
    expect(await refusal({ email_address: 'no address' })).toEqual([422, 'form_param_format_invalid'])
    expect(await refusal({ username: 'ada_l' })).toEqual([422, 'form_identifier_exists'])
    expect(await refusal({ password: 'short' })).toEqual([422, 'form_password_length_too_short'])
    expect(await refusal({ unsafe_metadata: '[1]' })).toEqual([422, 'form_param_format_invalid'])
    expect(await refusal({ strategy: 'oauth_google' })).toEqual([422, 'form_param_value_invalid'])
  })

  test('by an invitation for another address gives nothing of it', async () => {
    const { offline, page } = await open()
    const invitation = offline.call<{ id: string }>('CreateInvitation', {
      body: { email_address: 'grace@example.com', public_metadata: { beta: true } },
    })
    const { response } = await page.ask('POST', '/client/sign_ups', { ticket: invitation.id })
    const path = `/client/sign_ups/${response.id}`
    const changed = await page.ask('PATCH', path, {
      email_address: 'joan@example.com',
      password: 'a long password',
    })
    expect(changed.response.unverified_fields).toEqual(['email_address'])
    await page.ask('POST', `${path}/prepare_verification`, { strategy: 'email_code' })
    const { response: done } = await page.ask('POST', `${path}/attempt_verification`, { code: '424242' })
    expect(offline.getUser(done.created_user_id).public_metadata).toEqual({})
    expect(offline.call('ListInvitations')).toMatchObject([{ status: 'pending' }])
  })

  test('by an invitation needs no code, and gives what the invitation says', async () => {
    const { offline, page } = await open()
    const invitation = offline.call<{ id: string }>('CreateInvitation', {
      body: { email_address: 'grace@example.com', public_metadata: { beta: true } },
    })
    expect(
      await page.refusal('POST', '/client/sign_ups', { strategy: 'ticket', ticket: 'inv_nobody' }),
    ).toEqual([400, 'ticket_invalid_code'])
    const { response } = await page.ask('POST', '/client/sign_ups', {
      ticket: invitation.id,
      password: 'a long password',
    })
    expect(response).toMatchObject({ status: 'complete', email_address: 'grace@example.com' })
    expect(offline.getUser(response.created_user_id).public_metadata).toEqual({ beta: true })
    const organization = offline.createOrganization({ name: 'Acme' })
    const invited = offline.inviteMember(organization, 'joan@example.com', 'org:admin')
    const joan = await new PageClient(offline.url).ask('POST', '/client/sign_ups', {
      ticket: invited.id,
      password: 'a long password',
    })
    expect(joan.client.sessions[0].user.organization_memberships).toMatchObject([{ role: 'org:admin' }])
  })

  test('by an invitation to an organisation that is full makes no user, in the page and in the hosted one', async () => {
    const { offline, page } = await open()
    const organization = offline.createOrganization({
      name: 'Acme',
      createdBy: offline.call<{ id: string }[]>('GetUserList')[0]?.id ?? '',
      maxAllowedMemberships: 1,
    })
    const { id: ticket } = offline.inviteMember(organization, 'grace@example.com')
    expect(await page.refusal('POST', '/client/sign_ups', { ticket, password: 'a long password' })).toEqual([
      403,
      'organization_membership_quota_exceeded',
    ])
    const form = new URLSearchParams({ email_address: 'grace@example.com', invitation: ticket })
    const hosted = await fetch(`${offline.url}/sign-up`, { method: 'POST', body: form, redirect: 'manual' })
    expect([hosted.status, await hosted.text()]).toEqual([422, expect.stringContaining('as many as it may')])
    expect(emitted(offline).filter((type) => type === 'user.created')).toHaveLength(1)
    offline.call('UpdateOrganization', {
      path: { organization_id: organization.id },
      body: { max_allowed_memberships: 2 },
    })
    const { client } = await page.ask('POST', '/client/sign_ups', { ticket, password: 'a long password' })
    expect(client.sessions[0].user.organization_memberships).toHaveLength(1)
  })

  test('with an invitation for another address gives nothing of what it says', async () => {
    const { offline, page } = await open()
    const { id: ticket } = offline.call<{ id: string }>('CreateInvitation', {
      body: { email_address: 'grace@example.com', public_metadata: { beta: true } },
    })
    const { response: begun } = await page.ask('POST', '/client/sign_ups', { ticket })
    const path = `/client/sign_ups/${begun.id}`
    const more = { email_address: 'mallory@example.com', password: 'a long password' }
    await page.ask('PATCH', path, more)
    await page.ask('POST', `${path}/prepare_verification`)
    const { response } = await page.ask('POST', `${path}/attempt_verification`, { code: '424242' })
    expect(response).toMatchObject({ status: 'complete', email_address: 'mallory@example.com' })
    expect(offline.getUser(response.created_user_id).public_metadata).toEqual({})
  })
})

describe('sessions', () => {
  test('one browser has several, switches between them and ends them one by one', async () => {
    const { offline, page } = await open()
    offline.createUser({ emailAddress: 'joan@example.com', password })
    const first = await signIn(page)
    const second = await signIn(page, 'joan@example.com')
    const { response } = await page.ask('GET', '/client')
    expect([response.sessions.length, response.last_active_session_id]).toEqual([2, second])
    expect((await page.ask('POST', `/client/sessions/${first}/touch`)).client.last_active_session_id).toBe(
      first,
    )
    expect((await page.ask('POST', `/client/sessions/${first}/remove`)).client.last_active_session_id).toBe(
      second,
    )
    expect(offline.getSession(first).status).toBe('removed')
    expect((await page.ask('DELETE', '/client/sessions')).client).toMatchObject({
      sessions: [],
      last_active_session_id: null,
    })
    expect(await page.refusal('POST', `/client/sessions/${second}/tokens`)).toEqual([401, 'signed_out'])
  })

  test('have tokens of a JWT template too', async () => {
    const { offline, page } = await open()
    offline.call('CreateJWTTemplate', {
      body: { name: 'supabase', claims: { email: '{{user.primary_email_address}}' } },
    })
    const session = await signIn(page)
    const { jwt } = await page.ask('POST', `/client/sessions/${session}/tokens/supabase`)
    expect(claimsOf(jwt)).toMatchObject({
      email: 'ada@example.com',
      sub: offline.getSession(session).user_id,
    })
    expect(await page.refusal('POST', `/client/sessions/${session}/tokens/other`)).toEqual([
      404,
      'resource_not_found',
    ])
  })

  test('are those of the browser that a page names, whatever cookie is left beside it', async () => {
    const { offline, page } = await open()
    offline.createUser({ emailAddress: 'joan@example.com', password })
    const other = new PageClient(offline.url)
    await signIn(other, 'joan@example.com')
    const mine = await signIn(page)
    const named = encodeURIComponent(page.cookies.get('__clerk_db_jwt') ?? '')
    const { response } = await other.ask('GET', `/client?__clerk_db_jwt=${named}`)
    expect(response.sessions).toMatchObject([{ id: mine }])
  })

  test('of another browser are as unknown ones', async () => {
    const { offline, page } = await open()
    const session = await signIn(page)
    const other = new PageClient(offline.url)
    await other.ask('GET', '/client')
    for (const action of ['tokens', 'touch', 'end', 'remove'])
      expect(await other.refusal('POST', `/client/sessions/${session}/${action}`)).toEqual([
        404,
        'resource_not_found',
      ])
    expect(await other.refusal('GET', '/me', {}, { session })).toEqual([401, 'signed_out'])
  })

  test('a banned user is out at the next request', async () => {
    const { offline, page } = await open()
    const session = await signIn(page)
    offline.banUser(offline.getSession(session).user_id)
    expect(await page.refusal('POST', `/client/sessions/${session}/tokens`)).toEqual([401, 'signed_out'])
    expect((await page.ask('GET', '/client')).response.sessions).toEqual([])
  })

  test('the hosted page and the handshake know the same browser', async () => {
    const { offline, page } = await open()
    const session = await signIn(page)
    const cookie = `__clerk_db_jwt=${page.cookies.get('__clerk_db_jwt')}`
    const account = await fetch(`${offline.url}/account`, { headers: { cookie, accept: 'text/html' } })
    expect(await account.text()).toContain('Signed in as Ada')
    const handshake = await fetch(
      `${offline.url}/v1/client/handshake?__clerk_api_version=2025-11-10&redirect_url=${encodeURIComponent(`${page.origin}/`)}`,
      { headers: { cookie }, redirect: 'manual' },
    )
    expect(handshake.status).toBe(307)
    const token = new URL(handshake.headers.get('location') ?? '').searchParams.get('__clerk_handshake') ?? ''
    expect(JSON.stringify(claimsOf(token).handshake)).toContain('__session=ey')
    const signedOut = await fetch(`${offline.url}/sign-out`, {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams(),
    })
    expect(signedOut.ok).toBe(true)
    expect(offline.getSession(session).status).toBe('ended')
  })
})
