import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestIssuer, type OfflineClerk, startClerk } from '../../index.js'
import { Browser } from '../../testing/browser.js'
import { listen } from '../../testing/listen.js'

const { key: signingKey } = await createTestIssuer()
let offline: OfflineClerk
const browser = new Browser()
beforeEach(async () => {
  offline = await startClerk({ signingKey })
})
afterEach(() => offline.stop())

const send = (path: string, fields: Record<string, string> = {}) =>
  browser.submit(offline.url, `/dashboard/${path}`, fields)
const open = async (path: string) => (await browser.open(`${offline.url}/dashboard/${path}`)).text
const typesOf = () => offline.webhooks.deliveries.map(({ type }) => type)

test('a user is locked and unlocked, and gets another role on the page where they are shown', async () => {
  const user = offline.createUser({ username: 'ada' })
  const { id } = offline.createOrganization({ name: 'Acme', createdBy: user.id })
  await send(`users/${user.id}/lock`)
  expect(offline.getUser(user).locked).toBe(true)
  await send(`users/${user.id}/unlock`)
  expect(offline.getUser(user).locked).toBe(false)
  const changed = await send(`organizations/${id}/members/${user.id}`, { role: 'org:member', from: user.id })
  expect(changed.url.pathname).toBe(`/dashboard/users/${user.id}`)
  expect(changed.text).toContain('<option selected>org:member</option>')
  const away = await send(`organizations/${id}/members/${user.id}`, {
    role: 'org:admin',
    from: '//evil.example',
  })
  expect(away.hops.map((hop) => new URL(hop).origin)).toEqual([offline.url, offline.url])
  const { id: session } = offline.createSession(user)
  const ended = await send(`sessions/${session}/revoke`, { from: user.id })
  expect([ended.url.pathname, offline.getSession(session).status]).toEqual([changed.url.pathname, 'revoked'])
})

test('members are named as people know them, and invitations are sent and revoked', async () => {
  const user = offline.createUser({ username: 'grace', emailAddress: 'grace@example.com' })
  const { id } = offline.createOrganization({ name: 'Acme' })
  await send(`organizations/${id}/members`, { user_id: 'grace@example.com', role: 'org:admin' })
  expect(await open(`organizations/${id}`)).toContain(`/dashboard/users/${user.id}`)
  const unknown = await send(`organizations/${id}/members`, { user_id: 'nobody', role: 'org:admin' })
  expect(unknown.status).toBe(422)
  await send(`organizations/${id}/invitations`, { email_address: 'new@example.com', role: 'org:member' })
  const invitation = /invitations\/(orginv_\w+)\/revoke/.exec(await open(`organizations/${id}`))?.[1]
  await send(`organizations/${id}/invitations/${invitation}/revoke`)
  expect(await open(`organizations/${id}?invitations_query=revoked`)).toContain('new@example.com')
  expect(typesOf().slice(-2)).toEqual(['organizationInvitation.created', 'organizationInvitation.revoked'])
})

test('machines, their tokens and API keys are made, shown and revoked', async () => {
  const user = offline.createUser({ username: 'ada' })
  await send('machines', { name: 'worker' })
  const machine = offline
    .call<{ data: { id: string; name: string }[] }>('ListMachines')
    .data.find(({ name }) => name === 'worker')
  const token = await offline.createM2MToken({ machine: machine?.id ?? '' })
  const key = offline.createApiKey({ subject: user, name: 'deploys' })
  expect(await open('machines')).toMatch(/worker[\s\S]*mt_[\s\S]*deploys/)
  await send(`m2m-tokens/${token.id}/revoke`)
  await send(`api-keys/${key.id}/revoke`)
  expect((await open('machines')).match(/revoked/g)).toHaveLength(2)
  await send(`machines/${machine?.id}/delete`)
  expect(await open('machines?query=worker')).toContain('0 of 1 machine')
})

test('OAuth applications are made and deleted, and their tokens revoked', async () => {
  const user = offline.createUser({ username: 'ada' })
  const fields = { name: 'Editor', redirect_uri: 'http://localhost:1/cb', scopes: 'profile', public: 'on' }
  expect((await send('oauth', fields)).text).toContain('http://localhost:1/cb')
  const [made] = offline.call<{ data: { id: string; client_id: string }[] }>('ListOAuthApplications').data
  const token = offline.createOAuthToken({ user, clientId: made?.client_id ?? '' })
  expect((await open('oauth')).match(/<td>Editor<\/td>/g)).toHaveLength(2)
  expect((await send(`oauth-tokens/${token.id}/revoke`)).text).toContain('revoked')
  expect((await send(`oauth/${made?.id}/delete`)).text).toContain('0 applications')
})

test('roles and permissions are made, given, taken away and deleted', async () => {
  await send('permissions', { name: 'Read invoices', key: 'org:invoices:read' })
  await send('roles', { name: 'Accountant', key: 'org:accountant' })
  const grant = { role: 'org:accountant', permission: 'org:invoices:read' }
  await send('grants', { ...grant, change: 'give' })
  expect(await open('roles')).toContain('<li><code>org:invoices:read</code></li>')
  await send('grants', { ...grant, change: 'take' })
  expect(await open('roles')).not.toContain('<li><code>org:invoices:read</code></li>')
  expect((await send('roles', { name: 'Wrong', key: 'no key' })).status).toBe(422)
  const markup = await open('roles')
  await send(`roles/${/data-key="(role_\w+)"><td>Accountant/.exec(markup)?.[1]}/delete`)
  await send(`permissions/${/data-key="(perm_\w+)"><td>Read invoices/.exec(markup)?.[1]}/delete`)
  expect(await open('roles')).not.toMatch(/accountant|invoices/)
})

test('a delivery is edited and sent as a new event, and broken by one click', async () => {
  const bodies: { type: string; data: unknown }[] = []
  const app = await listen(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    bodies.push(JSON.parse(Buffer.concat(chunks).toString()))
    res.end()
  })
  try {
    offline.webhooks.sendTo(`http://127.0.0.1:${app.port}/`)
    offline.createUser({ username: 'ada' })
    await offline.webhooks.settled()
    const [delivery] = offline.webhooks.deliveries
    const path = `webhooks/${delivery?.id}`
    const sent = await send(`${path}/edit`, { type: 'user.updated', data: '{"id":"user_x","username":null}' })
    expect(sent.text).toContain('Answered 200')
    expect(sent.url.pathname).not.toContain(delivery?.id)
    expect(bodies.at(-1)).toMatchObject({ type: 'user.updated', data: { id: 'user_x', username: null } })
    for (const data of ['{', '[]', '5', 'null', '"text"'])
      expect([data, (await send(`${path}/edit`, { type: 'user.updated', data })).status]).toEqual([data, 422])
    expect((await send(`${path}/break/wrong-signature`)).text).toContain('anybody can send it events')
    expect((await send(`${path}/break/late`)).text).toContain('can be sent to it again')
    await send(`${path}/break/twice`)
    expect(delivery?.attempts).toHaveLength(5)
    expect((await send(`${path}/break/out-of-order`)).text).toContain('There is no other event')
    expect((await send(`${path}/break/constructor`)).status).toBe(422)
    expect((await send('webhooks/msg_none/break/twice')).status).toBe(422)
  } finally {
    await app.close()
  }
})
