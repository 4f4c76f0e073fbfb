import { type ClerkClient, createClerkClient } from '@clerk/backend'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestIssuer, type OfflineClerk, startClerk } from './index.js'

const { key: signingKey } = await createTestIssuer()
let offline: OfflineClerk
let client: ClerkClient

beforeEach(async () => {
  offline = await startClerk({ signingKey })
  client = createClerkClient({
    secretKey: offline.secretKey,
    machineSecretKey: offline.machineSecretKey,
    publishableKey: offline.publishableKey,
    apiUrl: offline.url,
  })
})
afterEach(() => offline.stop())

const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it should have been refused'),
    (error: { status: number; errors: { code: string }[]; retryAfter?: number; clerkTraceId?: string }) =>
      error,
  )
const codes = async (promise: Promise<unknown>) => (await failure(promise)).errors.map(({ code }) => code)
const events = () => offline.webhooks.deliveries.map(({ type }) => type)

describe('users', () => {
  test('are created with every identifier and read back as they were given', async () => {
    const created = await client.users.createUser({
      emailAddress: ['Ada@Example.com', 'second@example.com'],
      phoneNumber: ['+15555550100'],
      username: 'ada',
      firstName: 'Ada',
      lastName: 'Lovelace',
      externalId: 'local-1',
      password: 'correct horse battery',
      publicMetadata: { plan: 'pro' },
      privateMetadata: { note: 'x' },
      unsafeMetadata: { theme: 'dark' },
    })
    const user = await client.users.getUser(created.id)
    expect(user).toMatchObject({
      username: 'ada',
      fullName: 'Ada Lovelace',
      externalId: 'local-1',
      passwordEnabled: true,
      publicMetadata: { plan: 'pro' },
      privateMetadata: { note: 'x' },
      unsafeMetadata: { theme: 'dark' },
      banned: false,
    })
    expect(user.primaryEmailAddress?.emailAddress).toBe('ada@example.com')
    expect(user.emailAddresses).toHaveLength(2)
    expect(user.primaryPhoneNumber?.phoneNumber).toBe('+15555550100')
    expect(Math.abs(user.createdAt - Date.now())).toBeLessThan(60_000)
    await expect(
      client.users.verifyPassword({ userId: user.id, password: 'correct horse battery' }),
    ).resolves.toEqual({
      verified: true,
    })
    expect(await codes(client.users.verifyPassword({ userId: user.id, password: 'wrong' }))).toEqual([
      'incorrect_password',
    ])
  })

  test('cannot take an identifier of another user, in upper or lower case', async () => {
    await client.users.createUser({ emailAddress: ['ada@example.com'], username: 'ada', externalId: 'x' })
    for (const params of [{ emailAddress: ['ADA@example.com'] }, { username: 'ADA' }, { externalId: 'x' }]) {
      const error = await failure(client.users.createUser(params))
      expect(error.status).toBe(422)
      expect(error.errors[0]?.code).toBe('form_identifier_exists')
      expect(error.clerkTraceId).not.toBe('')
    }
    expect((await client.users.getUserList()).totalCount).toBe(1)
  })

  test('are listed newest first, paged, counted, ordered and filtered', async () => {
    const users = []
    for (let index = 0; index < 12; index++) {
      users.push(
        await client.users.createUser({
          emailAddress: [`u${index}@example.com`],
          firstName: index < 6 ? 'Low' : 'High',
        }),
      )
    }
    const ids = users.map(({ id }) => id)
    const page = await client.users.getUserList()
    expect(page.totalCount).toBe(12)
    expect(page.data.map(({ id }) => id)).toEqual([...ids].reverse().slice(0, 10))
    const rest = await client.users.getUserList({ limit: 5, offset: 10, orderBy: '+created_at' })
    expect(rest.data.map(({ id }) => id)).toEqual(ids.slice(10))
    const listed = async (params: Parameters<typeof client.users.getUserList>[0]) =>
      (await client.users.getUserList({ orderBy: '+created_at', ...params })).data.map(({ id }) => id)
    expect(await listed({ userId: [ids[3] ?? '', ids[4] ?? ''] })).toEqual([ids[3], ids[4]])
    expect(await listed({ emailAddress: ['U7@example.com'] })).toEqual([ids[7]])
    expect(await listed({ query: 'high' })).toEqual(ids.slice(6))
    expect(await listed({ createdAtAfter: Date.now() + 1000 })).toEqual([])
    expect(await client.users.getCount({ query: 'low' })).toBe(6)
    expect(await codes(client.users.getUserList({ limit: 501 }))).toContain('form_param_format_invalid')
    expect(await codes(client.users.getUserList({ orderBy: '-nonsense' as '-created_at' }))).toContain(
      'form_param_format_invalid',
    )
  })

  test('are updated, and metadata merges deeply while null deletes', async () => {
    const { id } = await client.users.createUser({
      emailAddress: ['a@example.com'],
      publicMetadata: { a: { b: 1, c: 2 }, d: 3 },
    })
    const updated = await client.users.updateUser(id, { firstName: 'Grace', username: 'grace' })
    expect(updated).toMatchObject({ firstName: 'Grace', username: 'grace' })
    const merged = await client.users.updateUserMetadata(id, {
      publicMetadata: { a: { b: null, e: 5 }, d: [4] },
    })
    expect(merged.publicMetadata).toEqual({ a: { c: 2, e: 5 }, d: [4] })
    const replaced = await client.users.replaceUserMetadata(id, { publicMetadata: { only: true } })
    expect(replaced.publicMetadata).toEqual({ only: true })
    expect(events()).toEqual(['user.created', 'user.updated', 'user.updated', 'user.updated'])
  })

  test('that are banned lose their sessions and get no more tokens, until unbanned', async () => {
    const { id } = await client.users.createUser({ emailAddress: ['a@example.com'] })
    const session = await client.sessions.createSession({ userId: id })
    expect((await client.users.banUser(id)).banned).toBe(true)
    expect((await client.sessions.getSession(session.id)).status).toBe('revoked')
    expect((await failure(client.sessions.getToken(session.id))).status).toBe(404)
    expect((await failure(client.sessions.createSession({ userId: id }))).status).toBe(404)
    expect(events()).toEqual(['user.created', 'session.created', 'session.revoked', 'user.updated'])
    await client.users.unbanUser(id)
    await client.sessions.getToken((await client.sessions.createSession({ userId: id })).id)
  })

  test('that are deleted are gone, with their sessions and memberships, and free their identifiers', async () => {
    const { id } = await client.users.createUser({ emailAddress: ['a@example.com'], externalId: 'x' })
    const organization = await client.organizations.createOrganization({ name: 'Acme', createdBy: id })
    const session = await client.sessions.createSession({ userId: id })
    await expect(client.users.deleteUser(id)).resolves.toMatchObject({ id, deleted: true })
    expect(await codes(client.users.getUser(id))).toEqual(['resource_not_found'])
    expect((await client.sessions.getSession(session.id)).status).toBe('removed')
    const members = await client.organizations.getOrganizationMembershipList({
      organizationId: organization.id,
    })
    expect(members.totalCount).toBe(0)
    expect(events().slice(-3)).toEqual(['session.removed', 'organizationMembership.deleted', 'user.deleted'])
    expect(offline.webhooks.deliveries.at(-1)?.event.data).toEqual({
      id,
      object: 'user',
      deleted: true,
      external_id: 'x',
    })
    await client.users.createUser({ emailAddress: ['a@example.com'], externalId: 'x' })
  })

  test('gain, promote, verify and lose e-mail addresses', async () => {
    const { id } = await client.users.createUser({ emailAddress: ['a@example.com'] })
    const added = await client.emailAddresses.createEmailAddress({
      userId: id,
      emailAddress: 'b@example.com',
    })
    expect(added.verification?.status).toBe('unverified')
    const verified = await client.emailAddresses.updateEmailAddress(added.id, {
      verified: true,
      primary: true,
    })
    expect(verified.verification?.status).toBe('verified')
    expect((await client.users.getUser(id)).primaryEmailAddressId).toBe(added.id)
    expect(
      await codes(client.emailAddresses.createEmailAddress({ userId: id, emailAddress: 'a@example.com' })),
    ).toEqual(['form_identifier_exists'])
    await client.emailAddresses.deleteEmailAddress(added.id)
    const user = await client.users.getUser(id)
    expect(user.primaryEmailAddress?.emailAddress).toBe('a@example.com')
    const replaced = await client.users.replaceUserEmailAddress(id, { emailAddress: 'c@example.com' })
    expect((await client.users.getUser(id)).emailAddresses.map((one) => one.id)).toEqual([replaced.id])
  })

  test('are refused when a parameter is unknown, of the wrong form or missing', async () => {
    for (const params of [
      { nonsense: 1 },
      { firstName: 7 },
      { emailAddress: ['not an address'] },
      { password: 'short' },
    ]) {
      expect((await failure(client.users.createUser(params as object))).status).toBe(422)
    }
  })
})

describe('organisations', () => {
  test('have their creator as administrator, and are found by id and by slug', async () => {
    const user = await client.users.createUser({ emailAddress: ['a@example.com'] })
    const organization = await client.organizations.createOrganization({
      name: 'Acme Inc.',
      createdBy: user.id,
    })
    expect(organization).toMatchObject({ name: 'Acme Inc.', slug: 'acme-inc', createdBy: user.id })
    const found = await client.organizations.getOrganization({ slug: 'acme-inc', includeMembersCount: true })
    expect(found).toMatchObject({ id: organization.id, membersCount: 1 })
    const { data } = await client.users.getOrganizationMembershipList({ userId: user.id })
    expect(data[0]).toMatchObject({ role: 'org:admin', organization: { id: organization.id } })
    expect(data[0]?.publicUserData?.identifier).toBe('a@example.com')
    expect(events()).toEqual(['user.created', 'organization.created', 'organizationMembership.created'])
  })

  test('gain, promote and lose members, and rejoining makes a new membership', async () => {
    const [ada, bob] = await Promise.all(
      ['ada', 'bob'].map((username) => client.users.createUser({ username })),
    )
    const { id: organizationId } = await client.organizations.createOrganization({
      name: 'Acme',
      createdBy: ada?.id ?? '',
    })
    const userId = bob?.id ?? ''
    const first = await client.organizations.createOrganizationMembership({
      organizationId,
      userId,
      role: 'org:member',
    })
    expect(
      (
        await failure(
          client.organizations.createOrganizationMembership({ organizationId, userId, role: 'org:member' }),
        )
      ).status,
    ).toBe(400)
    const promoted = await client.organizations.updateOrganizationMembership({
      organizationId,
      userId,
      role: 'org:admin',
    })
    expect(promoted.permissions).toContain('org:sys_memberships:manage')
    await client.organizations.updateOrganizationMembershipMetadata({
      organizationId,
      userId,
      publicMetadata: { a: 1 },
    })
    const admins = await client.organizations.getOrganizationMembershipList({
      organizationId,
      role: ['org:admin'],
      orderBy: '+username',
    })
    expect(admins.data.map(({ publicUserData }) => publicUserData?.userId)).toEqual([ada?.id, bob?.id])
    await client.organizations.deleteOrganizationMembership({ organizationId, userId })
    const again = await client.organizations.createOrganizationMembership({
      organizationId,
      userId,
      role: 'org:member',
    })
    expect(again.id).not.toBe(first.id)
    expect((await client.organizations.getInstanceOrganizationMembershipList({})).totalCount).toBe(2)
    expect(
      (
        await failure(
          client.organizations.updateOrganizationMembership({ organizationId, userId, role: 'org:king' }),
        )
      ).status,
    ).toBe(422)
  })

  test('are updated, listed and deleted, and their members are told', async () => {
    const user = await client.users.createUser({ username: 'ada' })
    const { id } = await client.organizations.createOrganization({
      name: 'Acme',
      createdBy: user.id,
      publicMetadata: { a: 1 },
    })
    await client.organizations.createOrganization({ name: 'Other' })
    expect(
      await client.organizations.updateOrganization(id, { name: 'Acme 2', slug: 'acme-2' }),
    ).toMatchObject({ slug: 'acme-2' })
    expect(await codes(client.organizations.updateOrganization(id, { slug: 'other' }))).toEqual([
      'form_identifier_exists',
    ])
    const merged = await client.organizations.updateOrganizationMetadata(id, { publicMetadata: { b: 2 } })
    expect(merged.publicMetadata).toEqual({ a: 1, b: 2 })
    expect(
      (await client.organizations.getOrganizationList({ query: 'acme', includeMembersCount: true })).data[0]
        ?.membersCount,
    ).toBe(1)
    await client.organizations.deleteOrganization(id)
    expect((await client.organizations.getOrganizationList()).totalCount).toBe(1)
    expect(events().slice(-2)).toEqual(['organizationMembership.deleted', 'organization.deleted'])
    expect(offline.webhooks.deliveries.at(-2)?.event.data).toMatchObject({
      role: 'org:admin',
      organization: { id },
    })
  })

  test('invite, in bulk too, revoke, and have their invitations accepted', async () => {
    const { id: organizationId } = await client.organizations.createOrganization({ name: 'Acme' })
    const invite = (emailAddress: string) => ({ organizationId, emailAddress, role: 'org:member' })
    const invitation = await client.organizations.createOrganizationInvitation(invite('a@example.com'))
    expect(invitation).toMatchObject({ status: 'pending', emailAddress: 'a@example.com', organizationId })
    expect(await codes(client.organizations.createOrganizationInvitation(invite('a@example.com')))).toEqual([
      'duplicate_record',
    ])
    const bulk = await client.organizations.createOrganizationInvitationBulk(organizationId, [
      { emailAddress: 'b@example.com', role: 'org:member' },
      { emailAddress: 'c@example.com', role: 'org:admin' },
    ])
    expect(bulk.data).toHaveLength(2)
    await client.organizations.revokeOrganizationInvitation({
      organizationId,
      invitationId: bulk.data[0]?.id ?? '',
    })
    const user = await client.users.createUser({ emailAddress: ['a@example.com'] })
    expect(offline.acceptInvitation(invitation.id, user).role).toBe('org:member')
    const pending = await client.organizations.getOrganizationInvitationList({
      organizationId,
      status: ['pending'],
    })
    expect(pending.data.map(({ emailAddress }) => emailAddress)).toEqual(['c@example.com'])
    expect(
      (await client.organizations.getOrganizationInvitation({ organizationId, invitationId: invitation.id }))
        .status,
    ).toBe('accepted')
    expect(events()).toContain('organizationInvitation.accepted')
  })

  test('have domains', async () => {
    const { id: organizationId } = await client.organizations.createOrganization({ name: 'Acme' })
    const domain = await client.organizations.createOrganizationDomain({
      organizationId,
      name: 'acme.example.com',
      enrollmentMode: 'manual_invitation',
    })
    expect(domain.verification?.status).toBe('verified')
    await client.organizations.updateOrganizationDomain({
      organizationId,
      domainId: domain.id,
      enrollmentMode: 'automatic_suggestion',
    })
    const { data } = await client.organizations.getOrganizationDomainList({ organizationId })
    // The client hands organisation domains through as they are.
    expect(data).toMatchObject([{ enrollment_mode: 'automatic_suggestion' }])
    await client.organizations.deleteOrganizationDomain({ organizationId, domainId: domain.id })
    expect((await client.organizations.getOrganizationDomainList({ organizationId })).totalCount).toBe(0)
  })
})

describe('sessions', () => {
  test('are created, listed with filters and revoked', async () => {
    const [ada, bob] = ['ada', 'bob'].map((username) => offline.createUser({ username }))
    const session = await client.sessions.createSession({ userId: ada?.id ?? '' })
    await client.sessions.createSession({ userId: bob?.id ?? '' })
    expect(
      (await client.sessions.getSessionList({ userId: ada?.id ?? '' })).data.map(({ id }) => id),
    ).toEqual([session.id])
    expect((await client.sessions.getSessionList({ clientId: session.clientId })).totalCount).toBe(1)
    expect((await client.sessions.revokeSession(session.id)).status).toBe('revoked')
    expect((await client.sessions.getSessionList({ status: 'active' })).totalCount).toBe(1)
    expect(events().at(-1)).toBe('session.revoked')
    expect(offline.webhooks.deliveries.at(-1)?.event.data).toMatchObject({
      id: session.id,
      user: { id: ada?.id },
    })
  })

  test('give tokens of a template, which carry no session', async () => {
    const user = await client.users.createUser({
      emailAddress: ['a@example.com'],
      firstName: 'Ada',
      publicMetadata: { level: 3 },
    })
    const template = await client.jwtTemplates.create({
      name: 'supabase',
      claims: {
        email: '{{user.primary_email_address}}',
        level: '{{user.public_metadata.level}}',
        greeting: 'Hi {{user.first_name}}',
      },
      lifetime: 120,
    })
    expect((await client.jwtTemplates.list()).data.map(({ id }) => id)).toEqual([template.id])
    const session = await client.sessions.createSession({ userId: user.id })
    const { jwt } = await client.sessions.getToken(session.id, 'supabase')
    const header = decodeProtectedHeader(jwt)
    const payload = decodeJwt(jwt)
    expect(header).toMatchObject({ cat: 'cl_B7d4PD222AAA' })
    expect(payload).toMatchObject({ sub: user.id, email: 'a@example.com', level: 3, greeting: 'Hi Ada' })
    expect(payload).not.toHaveProperty('sid')
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(120)
    expect((await failure(client.sessions.getToken(session.id, 'nonsense'))).status).toBe(404)
  })
})

describe('invitations, sign-in tokens, testing tokens', () => {
  test('an invitation to the instance is made once, listed and revoked', async () => {
    const invitation = await client.invitations.createInvitation({
      emailAddress: 'a@example.com',
      publicMetadata: { a: 1 },
    })
    expect(await codes(client.invitations.createInvitation({ emailAddress: 'a@example.com' }))).toEqual([
      'duplicate_record',
    ])
    expect((await client.invitations.getInvitationList({ status: 'pending' })).data).toHaveLength(1)
    expect((await client.invitations.revokeInvitation(invitation.id)).status).toBe('revoked')
    expect((await client.invitations.getInvitationList({ status: 'pending' })).data).toHaveLength(0)
  })

  test('a sign-in token is made and revoked, a testing token is made', async () => {
    const user = offline.createUser({ username: 'ada' })
    const ticket = await client.signInTokens.createSignInToken({ userId: user.id, expiresInSeconds: 60 })
    expect(ticket).toMatchObject({ userId: user.id, status: 'pending' })
    expect(ticket.url.startsWith(offline.url)).toBe(true)
    expect((await client.signInTokens.revokeSignInToken(ticket.id)).status).toBe('revoked')
    expect((await client.testingTokens.createTestingToken()).token).not.toBe('')
  })
})

describe('machine credentials', () => {
  test('an API key is created, verified, listed, updated, revoked and deleted', async () => {
    const user = offline.createUser({ username: 'ada' })
    const key = await client.apiKeys.create({
      name: 'ci key',
      subject: user.id,
      scopes: ['read'],
      claims: { team: 1 },
      secondsUntilExpiration: 60,
    })
    expect(key.secret).toMatch(/^ak_/)
    const secret = key.secret ?? ''
    await expect(client.apiKeys.verify(secret)).resolves.toMatchObject({
      id: key.id,
      subject: user.id,
      scopes: ['read'],
      claims: { team: 1 },
      revoked: false,
      expired: false,
    })
    expect((await failure(client.apiKeys.verify('ak_nonsense'))).status).toBe(404)
    expect((await client.apiKeys.list({ subject: user.id })).data[0]?.secret).toBeUndefined()
    expect((await client.apiKeys.getSecret(key.id)).secret).toBe(secret)
    await client.apiKeys.update({ apiKeyId: key.id, subject: user.id, scopes: ['write'] })
    await client.apiKeys.revoke({ apiKeyId: key.id, revocationReason: 'leaked' })
    await expect(client.apiKeys.verify(secret)).resolves.toMatchObject({
      revoked: true,
      revocationReason: 'leaked',
      scopes: ['write'],
    })
    expect((await client.apiKeys.list({ subject: user.id })).totalCount).toBe(0)
    expect((await client.apiKeys.list({ subject: user.id, includeInvalid: true })).totalCount).toBe(1)
    await client.apiKeys.delete(key.id)
    expect((await failure(client.apiKeys.verify(secret))).status).toBe(404)
  })

  test('only the machines in its scope verify an M2M token', async () => {
    const receiver = await client.machines.create({ name: 'receiver' })
    const stranger = await client.machines.create({ name: 'stranger' })
    const sender = await client.machines.create({ name: 'sender', scopedMachines: [receiver.id] })
    const made = await client.m2m.createToken({
      machineSecretKey: sender.secretKey ?? '',
      claims: { job: 1 },
      secondsUntilExpiration: 60,
    })
    const token = made.token ?? ''
    expect(token).toMatch(/^mt_/)
    const verified = await client.m2m.verify({ token, machineSecretKey: receiver.secretKey ?? '' })
    expect(verified).toMatchObject({ subject: sender.id, claims: { job: 1 }, revoked: false })
    expect(
      (await failure(client.m2m.verify({ token, machineSecretKey: stranger.secretKey ?? '' }))).status,
    ).toBe(404)
    expect((await failure(client.m2m.verify({ token, machineSecretKey: 'ak_wrong' }))).status).toBe(401)
    await client.m2m.revokeToken({ m2mTokenId: made.id, machineSecretKey: sender.secretKey ?? '' })
    expect((await client.m2m.verify({ token, machineSecretKey: receiver.secretKey ?? '' })).revoked).toBe(
      true,
    )
    expect(
      (await client.m2m.list({ subject: sender.id, revoked: true, machineSecretKey: sender.secretKey ?? '' }))
        .totalCount,
    ).toBe(1)
    const rotated = await client.machines.rotateSecretKey({ machineId: receiver.id, previousTokenTtl: 0 })
    expect(rotated.secret).not.toBe(receiver.secretKey)
    const jwt = await client.m2m.createToken({ machineSecretKey: sender.secretKey ?? '', tokenFormat: 'jwt' })
    await expect(client.m2m.verify({ token: jwt.token ?? '' })).resolves.toMatchObject({ subject: sender.id })
  })

  test('an OAuth access token is verified, and revoked', async () => {
    const user = offline.createUser({ username: 'ada' })
    const token = offline.createOAuthToken({ user, scopes: ['email'] })
    await expect(client.idPOAuthAccessToken.verify(token.token)).resolves.toMatchObject({
      subject: user.id,
      scopes: ['email'],
      revoked: false,
    })
    offline.revokeOAuthToken(token.id)
    expect((await client.idPOAuthAccessToken.verify(token.token)).revoked).toBe(true)
  })
})

test('a wrong secret key is refused everywhere, and the error says so', async () => {
  const stranger = createClerkClient({ secretKey: 'sk_test_wrong', apiUrl: offline.url })
  for (const call of [
    stranger.users.getUserList(),
    stranger.jwks.getJwks(),
    stranger.apiKeys.verify('ak_x'),
  ]) {
    const error = await failure(call)
    expect(error.status).toBe(401)
    expect(error.errors[0]?.code).toBe('clerk_key_invalid')
  }
})
