import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { createServer } from 'node:net'
import type { AnyClerk } from '@acme/clerk-core/adapter'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { connectTo, type NotesApi } from './client.js'

type Env = Readonly<Record<string, string | undefined>>

interface Application {
  readonly server: Server
  readonly clerk: AnyClerk
  stop(): Promise<void>
}

export interface Smoke {
  /** Set once the tests run. */
  readonly offline: OfflineClerk
  readonly api: NotesApi
  readonly people: { readonly admin: string; readonly member: string; readonly stranger: string }
  readonly orgId: string
  /** Headers of a signed-in user, in their organisation. */
  as(person: 'admin' | 'member' | 'stranger'): Promise<{ authorization: string }>
}

/**
 * What every example promises, over HTTP, with an offline Clerk that sends it real webhooks. Call it inside `describe`.
 *
 * @param env variables beside Clerk's
 */
export function smoke(start: (env: Env) => Promise<Application>, env: () => Env | Promise<Env>): Smoke {
  // A whole application and a database, perhaps beside others on two cores.
  vi.setConfig({ testTimeout: 30_000 })
  let offline: OfflineClerk
  let application: Application
  let api: NotesApi
  let people: Smoke['people']
  let orgId: string
  let otherOrgId: string

  beforeAll(async () => {
    offline = await startClerk()
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    application = await start({
      ...offline.env,
      CLERK_AUTHORIZED_PARTIES: origin,
      SESSION_SECRET: randomBytes(32).toString('hex'),
      ...(await env()),
    })
    await new Promise<void>((resolve) => application.server.listen(port, '127.0.0.1', resolve))
    offline.webhooks.sendTo(`${origin}/webhook`)
    api = await connectTo(origin)

    orgId = offline.createOrganization({ name: 'Harbour Bakery' }).id
    otherOrgId = offline.createOrganization({ name: 'North Pier Studio' }).id
    const join = (firstName: string, organization: string, role: string) => {
      const { id } = offline.createUser({
        firstName,
        emailAddress: [`${firstName.toLowerCase()}@example.com`],
      })
      offline.addMember(organization, id, role)
      return id
    }
    people = {
      admin: join('Maya', orgId, 'org:admin'),
      member: join('Jonas', orgId, 'org:member'),
      stranger: join('Priya', otherOrgId, 'org:admin'),
    }
    await offline.webhooks.settled()
  }, 120_000)

  afterAll(async () => {
    application?.server.close()
    application?.server.closeAllConnections()
    await application?.stop()
    await offline?.stop()
  })

  const as: Smoke['as'] = (person) =>
    offline.authHeader(people[person], {
      organization: person === 'stranger' ? otherOrgId : orgId,
      azp: api.origin,
    })

  test('shows its page, with a policy that lets no inline script run', async () => {
    const answer = await fetch(`${api.origin}/`)
    expect(await answer.text()).toContain('<title>Team Notes</title>')
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'(?!.*unsafe-inline)/,
    )
    expect((await fetch(`${api.origin}/page.js`)).headers.get('content-type')).toMatch('javascript')
  })

  test('has /health for every client and /me for signed-in users', async () => {
    expect(await (await fetch(`${api.origin}/health`)).json()).toEqual({ status: 'ok' })
    expect((await fetch(`${api.origin}/me`)).status).toBe(401)
    const me = await fetch(`${api.origin}/me`, { headers: await as('admin') })
    expect(await me.json()).toMatchObject({
      clerkId: people.admin,
      organization: { id: orgId, role: 'org:admin' },
    })
  })

  test('knows all users from the webhooks, with organisation and role', async () => {
    expect((await api.workspace({})).status).toBe(401)
    expect((await api.workspace(await as('member'))).body).toMatchObject({
      user: { id: people.member, firstName: 'Jonas' },
      source: 'token',
      organization: { id: orgId, name: 'Harbour Bakery', role: 'org:member' },
      organizations: [{ id: orgId, name: 'Harbour Bakery', role: 'org:member' }],
    })
  })

  test('keeps the notes of organisations apart', async () => {
    expect((await api.add(await as('member'), 'Feed the starter')).status).toBeLessThan(300)
    const own = await api.notes(await as('admin'))
    expect(own.body).toMatchObject([{ text: 'Feed the starter', author: 'Jonas' }])
    expect((await api.notes(await as('stranger'))).body).toEqual([])

    const id = own.body?.[0]?.id ?? ''
    expect((await api.remove(await as('stranger'), id)).status).toBe(404)
    expect((await api.remove(await as('member'), id)).status).toBe(403)
    expect((await api.remove(await as('admin'), id)).status).toBeLessThan(300)
    expect((await api.notes(await as('admin'))).body).toEqual([])
  })

  test('refuses an invalid note, and an organisation that the user does not belong to', async () => {
    expect((await api.add(await as('member'), '')).status).toBe(400)
    expect((await api.add(await as('member'), 'x'.repeat(281))).status).toBe(400)
    expect((await api.notes({ ...(await as('stranger')), 'x-organization-id': orgId })).status).toBe(403)
  })

  test('follows a change of role and a ban at once, even with a valid token', async () => {
    const headers = await as('stranger')
    offline.updateMembership(otherOrgId, people.stranger, 'org:member')
    await offline.webhooks.settled()
    expect((await api.workspace(headers)).body?.organization?.role).toBe('org:member')
    offline.banUser(people.stranger)
    await offline.webhooks.settled()
    expect((await api.workspace(headers)).status).toBe(401)
  })

  return {
    get offline() {
      return offline
    },
    get api() {
      return api
    },
    get people() {
      return people
    },
    get orgId() {
      return orgId
    },
    as,
  }
}

/** Origins are part of the configuration, so the port is known before the application starts. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
