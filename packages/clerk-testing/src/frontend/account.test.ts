import { describe, expect, onTestFinished, test } from 'vitest'
import { startClerk } from '../index.js'
import { totp } from '../resources/totp.js'
import { claimsOf, PageClient } from '../testing/page-client.js'

const password = 'correct horse'

/** Two users, each signed in with a browser of their own. */
async function open() {
  const offline = await startClerk({
    seed: {
      users: [
        {
          emailAddress: 'ada@example.com',
          username: 'ada_l',
          password,
          privateMetadata: { secret: 'hidden' },
        },
        { emailAddress: 'joan@example.com', password },
      ],
    },
  })
  onTestFinished(() => offline.stop())
  const signIn = async (identifier: string) => {
    const page = new PageClient(offline.url)
    const { response, client } = await page.ask('POST', '/client/sign_ins', {
      strategy: 'password',
      identifier,
      password,
    })
    return { page, session: response.created_session_id as string, id: client.sessions[0].user.id as string }
  }
  return { offline, signIn, ada: await signIn('ada_l'), joan: await signIn('joan@example.com') }
}

describe("a user's own account", () => {
  test('is changed for backends too, and an empty field is none', async () => {
    const { offline, ada } = await open()
    await ada.page.ask('PATCH', '/me', { first_name: 'Ada', last_name: 'Lovelace' })
    await ada.page.ask('PATCH', '/me', { last_name: '', username: 'augusta' })
    await ada.page.ask('PATCH', '/me/metadata', { unsafe_metadata: '{"a":{"b":1}}' })
    const { response } = await ada.page.ask('PATCH', '/me/metadata', { unsafe_metadata: '{"a":{"c":2}}' })
    expect(response).toMatchObject({
      first_name: 'Ada',
      last_name: null,
      username: 'augusta',
      unsafe_metadata: { a: { b: 1, c: 2 } },
    })
    expect(offline.getUser(ada.id)).toMatchObject({
      username: 'augusta',
      unsafe_metadata: { a: { b: 1, c: 2 } },
    })
    expect(offline.webhooks.deliveries.at(-1)?.event.type).toBe('user.updated')
  })

  test('cannot be given what only a backend may give', async () => {
    const { offline, ada } = await open()
    await ada.page.ask('PATCH', '/me', {
      first_name: 'Ada',
      public_metadata: '{"role":"admin"}',
      external_id: 'ext-1',
      banned: 'true',
      create_organizations_limit: '9',
    })
    expect(offline.getUser(ada.id)).toMatchObject({
      first_name: 'Ada',
      public_metadata: {},
      external_id: null,
      create_organizations_limit: null,
    })
  })

  test('shows no private metadata, and neither does anything else', async () => {
    const { offline, ada } = await open()
    const organization = offline.createOrganization({
      name: 'Acme',
      createdBy: ada.id,
      privateMetadata: { secret: 'hidden' },
    })
    offline.call('UpdateOrganizationMembershipMetadata', {
      path: { organization_id: organization.id, user_id: ada.id },
      body: { private_metadata: { secret: 'hidden' } },
    })
    offline.call('CreateOrganizationInvitation', {
      path: { organization_id: organization.id },
      body: {
        email_address: 'grace@example.com',
        role: 'org:member',
        private_metadata: { secret: 'hidden' },
      },
    })
    offline.addCredential(ada.id, 'external_account', { provider: 'oauth_github', token: 'hidden' })
    const path = `/organizations/${organization.id}`
    for (const one of [
      '/client',
      '/me',
      '/me/organization_memberships',
      path,
      `${path}/memberships`,
      `${path}/invitations`,
    ]) {
      const text = JSON.stringify(await ada.page.ask('GET', one))
      expect([
        one,
        text.includes('hidden'),
        text.includes('private_metadata'),
        text.includes('invitation='),
      ]).toEqual([one, false, false, false])
    }
  })

  test('gets a further address that is proved, and keeps the last one', async () => {
    const { offline, ada, joan } = await open()
    const { response: email } = await ada.page.ask('POST', '/me/email_addresses/', {
      email_address: 'augusta@example.com',
    })
    const path = `/me/email_addresses/${email.id}`
    expect(await ada.page.refusal('PATCH', '/me', { primary_email_address_id: email.id })).toEqual([
      400,
      'verification_missing',
    ])
    expect(await joan.page.refusal('POST', `${path}/prepare_verification`)).toEqual([
      404,
      'resource_not_found',
    ])
    await ada.page.ask('POST', `${path}/prepare_verification`, { strategy: 'email_code' })
    expect((await ada.page.refusal('POST', `${path}/attempt_verification`, { code: '000000' }))[1]).toBe(
      'form_code_incorrect',
    )
    expect(
      (await ada.page.ask('POST', `${path}/attempt_verification`, { code: '424242' })).response.verification
        .status,
    ).toBe('verified')
    await ada.page.ask('PATCH', '/me', { primary_email_address_id: email.id })
    const [first] = offline.getUser(ada.id).email_addresses
    await ada.page.ask('DELETE', `/me/email_addresses/${first?.id}`)
    expect((await ada.page.refusal('DELETE', path))[0]).toBe(400)
    expect(offline.getUser(ada.id).email_addresses.map(({ email_address }) => email_address)).toEqual([
      'augusta@example.com',
    ])
  })

  test('keeps a proved address, and one that is not proved does not become the primary one', async () => {
    const { offline, ada } = await open()
    const [own] = offline.getUser(ada.id).email_addresses
    const add = async (email_address: string) =>
      (await ada.page.ask('POST', '/me/email_addresses', { email_address })).response.id as string
    expect(await ada.page.refusal('POST', `/me/email_addresses/${own?.id}/prepare_verification`)).toEqual([
      400,
      'verification_already_verified',
    ])
    expect(offline.getUser(ada.id).email_addresses[0]?.verification?.status).toBe('verified')
    const foreign = await add('victim@example.com')
    expect(await ada.page.refusal('DELETE', `/me/email_addresses/${own?.id}`)).toEqual([
      400,
      'last_required_identification_deletion_failed',
    ])
    const proved = await add('augusta@example.com')
    await ada.page.ask('POST', `/me/email_addresses/${proved}/prepare_verification`)
    await ada.page.ask('POST', `/me/email_addresses/${proved}/attempt_verification`, { code: '424242' })
    await ada.page.ask('DELETE', `/me/email_addresses/${own?.id}`)
    expect(offline.getUser(ada.id).primary_email_address_id).toBe(proved)
    await ada.page.ask('DELETE', `/me/email_addresses/${foreign}`)
  })

  test('a new password needs the old one, and can end the other sessions but not this one', async () => {
    const { offline, ada, signIn } = await open()
    const other = await signIn('ada_l')
    const change = (current: string) =>
      ada.page.refusal('POST', '/me/change_password', {
        current_password: current,
        new_password: 'another password',
        sign_out_of_other_sessions: 'true',
      })
    expect(await change('wrong')).toEqual([422, 'form_password_incorrect'])
    expect(await change(password)).toEqual([200, undefined])
    expect([other.session, ada.session].map((id) => offline.getSession(id).status)).toEqual([
      'revoked',
      'active',
    ])
  })

  test('an authenticator app counts when it has shown a code', async () => {
    const { offline, ada } = await open()
    const { response } = await ada.page.ask('POST', '/me/totp')
    expect((await ada.page.refusal('POST', '/me/totp/attempt_verification', { code: '000' }))[1]).toBe(
      'form_code_incorrect',
    )
    expect(offline.getUser(ada.id).totp_enabled).toBe(false)
    const code = totp(response.secret, offline.now())
    const verified = await ada.page.ask('POST', '/me/totp/attempt_verification', { code })
    expect(verified.response.backup_codes).toHaveLength(10)
    expect(offline.getUser(ada.id)).toMatchObject({ totp_enabled: true, backup_code_enabled: true })
    await ada.page.ask('DELETE', '/me/totp')
    expect(offline.getUser(ada.id).totp_enabled).toBe(false)
  })

  test('its sessions are listed and revoked, those of others are not', async () => {
    const { offline, ada, joan, signIn } = await open()
    const other = await signIn('ada_l')
    const listed = await ada.page.ask('GET', '/me/sessions/active')
    expect(listed.map(({ id }: { id: string }) => id)).toEqual([ada.session, other.session])
    expect((await ada.page.refusal('POST', `/me/sessions/${joan.session}/revoke`))[0]).toBe(404)
    await ada.page.ask('POST', `/me/sessions/${other.session}/revoke`)
    expect(offline.getSession(other.session).status).toBe('revoked')
  })

  test('its picture is shown as a picture or not at all, and removed', async () => {
    const { offline, ada } = await open()
    const upload = async (type: string) => {
      const form = new FormData()
      form.set('file', new Blob(['<script>1</script>'], { type }), 'a')
      const cookie = `__clerk_db_jwt=${ada.page.cookies.get('__clerk_db_jwt')}`
      const url = `${offline.url}/v1/me/profile_image?__clerk_api_version=2026-05-12`
      const answer = await fetch(url, {
        method: 'POST',
        headers: { origin: ada.page.origin, cookie },
        body: form,
      })
      expect(answer.status).toBe(200)
      return fetch(offline.getUser(ada.id).image_url)
    }
    const picture = await upload('image/svg+xml')
    expect([picture.status, picture.headers.get('content-security-policy')]).toEqual([200, 'sandbox'])
    expect((await upload('text/html')).status).toBe(404)
    await ada.page.ask('DELETE', '/me/profile_image')
    expect(offline.getUser(ada.id).has_image).toBe(false)
  })

  test('is deleted by its user, unless an organisation would be left without a manager', async () => {
    const { offline, ada, joan } = await open()
    const organization = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    offline.addMember(organization, joan.id)
    expect(await ada.page.refusal('DELETE', '/me')).toEqual([403, 'organization_minimum_permissions_needed'])
    offline.updateMembership(organization, joan.id, 'org:admin')
    const { client } = await ada.page.ask('DELETE', '/me')
    expect(client.sessions).toEqual([])
    expect(() => offline.getUser(ada.id)).toThrow('not found')
  })
})

describe('organisations', () => {
  test('are created and switched to, and the next token says so', async () => {
    const { offline, ada } = await open()
    const { response } = await ada.page.ask('POST', '/organizations', {
      name: '<img src=x onerror=alert(1)>',
      slug: '',
    })
    expect(response).toMatchObject({
      name: '<img src=x onerror=alert(1)>',
      slug: 'img-src-x-onerror-alert-1',
      members_count: 1,
    })
    const touch = (active_organization_id: string) =>
      ada.page.ask('POST', `/client/sessions/${ada.session}/touch`, {
        active_organization_id,
        intent: 'select_org',
      })
    const active = async (fields = {}) =>
      claimsOf((await ada.page.ask('POST', `/client/sessions/${ada.session}/tokens`, fields)).jwt).o?.id
    expect(claimsOf((await touch(response.id)).response.last_active_token.jwt).o).toMatchObject({
      id: response.id,
      rol: 'admin',
    })
    expect(offline.getSession(ada.session).last_active_organization_id).toBe(response.id)
    expect([await active(), await active({ organization_id: '' })]).toEqual([response.id, undefined])
    await touch('')
    expect([await active(), await active({ organization_id: response.id })]).toEqual([undefined, response.id])
  })

  test('are those of their members: for others they are not there', async () => {
    const { offline, ada, joan } = await open()
    const { id } = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    const fields = { active_organization_id: id, organization_id: id }
    expect((await joan.page.refusal('POST', `/client/sessions/${joan.session}/touch`, fields))[0]).toBe(404)
    expect((await joan.page.refusal('POST', `/client/sessions/${joan.session}/tokens`, fields))[0]).toBe(404)
    for (const path of ['', '/memberships', '/invitations', '/roles', '/domains', '/membership_requests'])
      expect((await joan.page.refusal('GET', `/organizations/${id}${path}`))[0]).toBe(404)
  })

  test('their members do what their role permits', async () => {
    const { offline, ada, joan } = await open()
    const { id } = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    offline.addMember(id, joan.id)
    const path = `/organizations/${id}`
    for (const [method, at, fields] of [
      ['PATCH', path, { name: 'Mine' }],
      ['DELETE', path, {}],
      ['PUT', `${path}/logo`, {}],
      ['DELETE', `${path}/logo`, {}],
      ['PATCH', `${path}/memberships/${joan.id}`, { role: 'org:admin' }],
      ['POST', `${path}/memberships`, { user_id: joan.id, role: 'org:admin' }],
      ['DELETE', `${path}/memberships/${ada.id}`, {}],
      ['POST', `${path}/invitations`, { email_address: 'a@example.com', role: 'org:admin' }],
      ['POST', `${path}/invitations/bulk`, { email_address: 'a@example.com', role: 'org:admin' }],
      ['GET', `${path}/invitations`, {}],
      ['GET', `${path}/domains`, {}],
    ] as const)
      expect([method, at, ...(await joan.page.refusal(method, at, fields))]).toEqual([
        method,
        at,
        403,
        'missing_permission',
      ])
    expect(
      (await joan.page.ask('GET', `${path}/memberships`, { paginated: 'true', limit: '1' })).response,
    ).toMatchObject({ total_count: 2, data: [{}] })
    expect((await joan.page.ask('GET', `${path}/memberships`, { query: 'ada' })).response.total_count).toBe(1)
  })

  test('invite, change roles and keep somebody who manages them', async () => {
    const { offline, ada, joan } = await open()
    const { id } = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    const path = `/organizations/${id}`
    const roles = await ada.page.ask('GET', `${path}/roles`)
    expect(roles.response.data.map(({ key }: { key: string }) => key)).toEqual(['org:admin', 'org:member'])
    const invited = await ada.page.ask('POST', `${path}/invitations/bulk`, {
      email_address: ['joan@example.com', 'grace@example.com'],
      role: 'org:member',
    })
    const [own, other] = invited.response
    await ada.page.ask('POST', `${path}/invitations/${other.id}/revoke`)
    const pending = await ada.page.ask('GET', `${path}/invitations`, { status: 'pending' })
    expect(pending.response).toMatchObject({
      total_count: 1,
      data: [{ email_address: 'joan@example.com', url: null }],
    })
    expect((await ada.page.refusal('POST', `/me/organization_invitations/${own.id}/accept`))[0]).toBe(404)
    const { response } = await joan.page.ask('GET', '/me/organization_invitations', { status: 'pending' })
    expect(response.data).toMatchObject([{ id: own.id, public_organization_data: { name: 'Acme' } }])
    await joan.page.ask('POST', `/me/organization_invitations/${own.id}/accept`)
    const change = (user: string, role: string) =>
      ada.page.refusal('PATCH', `${path}/memberships/${user}`, { role })
    expect(await change(ada.id, 'org:member')).toEqual([403, 'organization_minimum_permissions_needed'])
    expect((await ada.page.refusal('DELETE', `/me/organization_memberships/${id}`))[1]).toBe(
      'organization_minimum_permissions_needed',
    )
    expect((await change(joan.id, 'org:nobody'))[0]).toBe(422)
    expect(await change(joan.id, 'org:admin')).toEqual([200, undefined])
    expect(offline.webhooks.deliveries.at(-1)?.event).toMatchObject({
      type: 'organizationMembership.updated',
      data: { role: 'org:admin' },
    })
    expect(await ada.page.refusal('DELETE', `/me/organization_memberships/${id}`)).toEqual([200, undefined])
    await joan.page.ask('PATCH', path, { name: 'Acme Ltd' })
    expect(offline.getOrganization(id).name).toBe('Acme Ltd')
    await joan.page.ask('DELETE', path)
    expect(() => offline.getOrganization(id)).toThrow('not found')
  })

  test('cannot be created by a user who may not, or has as many as allowed', async () => {
    const { offline, ada, joan } = await open()
    offline.call('UpdateUser', { path: { user_id: ada.id }, body: { create_organization_enabled: false } })
    offline.call('UpdateUser', { path: { user_id: joan.id }, body: { create_organizations_limit: 1 } })
    const create = (by: typeof ada) => by.page.refusal('POST', '/organizations', { name: 'Acme' })
    expect(await create(ada)).toEqual([403, 'organization_creation_not_allowed'])
    expect([await create(joan), await create(joan)]).toEqual([
      [200, undefined],
      [403, 'organization_creation_not_allowed'],
    ])
  })
})
