import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestIssuer, type OfflineClerk, startClerk } from '../../index.js'
import type { Instance } from '../../resources/instance.js'
import { dashboardRoutes } from '../dashboard.js'

const { key: signingKey } = await createTestIssuer()
let offline: OfflineClerk
beforeAll(async () => {
  offline = await startClerk({ signingKey })
})
afterAll(() => offline.stop())

const routes = dashboardRoutes({} as Instance, () => offline).filter(({ path }) => path !== '/')
/** One of everything, with these words wherever somebody may choose them. Answers the path of every page that shows it. */
async function plant(words: string): Promise<string[]> {
  await offline.reset()
  const metadata = { [words]: [words] }
  const user = offline.createUser({
    firstName: words,
    lastName: words,
    externalId: words,
    emailAddress: 'ada@example.com',
    publicMetadata: metadata,
    privateMetadata: metadata,
    unsafeMetadata: metadata,
  })
  const organization = offline.createOrganization({
    name: words,
    createdBy: user.id,
    publicMetadata: metadata,
  })
  offline.inviteMember(organization, 'new@example.com')
  offline.createSession(user, { organization })
  const machine = offline.createMachine({ name: words })
  await offline.createM2MToken({ machine, claims: metadata })
  offline.createApiKey({ subject: user, name: `key ${words}`, scopes: [words], claims: metadata })
  offline.createOAuthToken({ user, clientId: words, scopes: [words] })
  offline.call('CreateOAuthApplication', {
    body: { name: words, redirect_uris: ['http://localhost:1/callback'], scopes: 'profile' },
  })
  offline.call('CreateOrganizationRole', { body: { name: words, key: 'org:made', description: words } })
  const { id } = offline.webhooks.send(words, { id: words, [words]: words })
  return routes
    .filter(({ method, path }) => method === 'GET' && !/revision|\.js$/.test(path))
    .map(({ path }) => {
      const own = { users: user.id, organizations: organization.id, webhooks: id }
      return path.replace(/(\w+)\/:id$/, (_, kind: keyof typeof own) => `${kind}/${own[kind]}`)
    })
}

const open = async (path: string) => {
  const answer = await fetch(offline.url + path, { headers: { accept: 'text/html' } })
  expect([path, answer.status]).toEqual([path, 200])
  return answer.text()
}
/** All that is markup in a page: what anybody typed leaves it as it is. */
const bones = (markup: string) => markup.replaceAll(/[^<>"']/g, '')

test('what somebody typed is text in every page, and what somebody searched for', async () => {
  const pages = async (words: string, search: string) => {
    const paths = await plant(words)
    const query = new URLSearchParams({ query: search, page: search, app: search, from: search })
    const shown = new Map<string, string>()
    for (const path of paths) {
      const plain = path.replace(/\/\w+_\w+$/, '/:id')
      shown.set(plain, bones(await open(path)))
      shown.set(`${plain}?`, bones(await open(`${path}?${query}`)))
    }
    return shown
  }
  const harmless = await pages('xxx', 'zzz')
  const parts = fc.constantFrom(
    '"><img src=x onerror=alert(1)>',
    "' onfocus=alert(1) autofocus='",
    '</textarea><script>alert(1)</script>',
    '</title><svg onload=alert(1)>',
    '-->',
    '&lt;&#x22;',
    ']]>',
    '\u202e',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(parts, fc.string()), { maxLength: 3 }), async (hostile) => {
      const words = `xxx${hostile.join('')}`.replaceAll(/\s+/g, ' ').slice(0, 90).trim()
      expect(await pages(words, `zzz${words}`)).toEqual(harmless)
    }),
    { numRuns: 8 },
  )
}, 120_000)

test('every page but the settings keeps secrets and tokens to itself', async () => {
  const paths = await plant('xxx')
  const { state } = offline.snapshot()
  const said = JSON.stringify(state)
  const secrets = [
    ...[...said.matchAll(/"(?:secret|token|secret_key|client_secret|browser)":"([^"]+)"/g)].map(
      ([, one]) => one,
    ),
    offline.secretKey,
    offline.webhookSecret,
    offline.machineSecretKey,
  ]
  expect(secrets.length).toBeGreaterThan(8)
  for (const path of paths.filter((one) => !one.endsWith('settings'))) {
    const text = await open(path)
    expect([path, secrets.filter((secret) => text.includes(secret ?? ''))]).toEqual([path, []])
  }
})

test('looking at every page changes nothing, and only a form of the dashboard itself does', async () => {
  const paths = await plant('xxx')
  const before = JSON.stringify(offline.snapshot())
  const deliveries = offline.webhooks.deliveries.length
  for (const path of paths) await open(path)
  const changes = routes.filter(({ method }) => method !== 'GET')
  expect(new Set(changes.map(({ method }) => method))).toEqual(new Set(['POST']))
  for (const { path } of changes) {
    const target = path.replaceAll(/:\w+/g, 'x')
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://attacker.example' }]) {
      const { status } = await fetch(offline.url + target, {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: new URLSearchParams({ name: 'yyy' }),
      })
      expect([path, status]).toEqual([path, 403])
    }
  }
  expect(JSON.stringify(offline.snapshot())).toBe(before)
  expect(offline.webhooks.deliveries).toHaveLength(deliveries)
})

test('the revision changes with what happens, and its requests are not in the log', async () => {
  await plant('xxx')
  const revision = () => fetch(`${offline.url}/dashboard/revision`).then((answer) => answer.text())
  const first = await revision()
  const asked = offline.requests.length
  expect(await revision()).toBe(first)
  expect(offline.requests).toHaveLength(asked)
  const changes = [
    () => offline.createUser({ username: 'grace' }),
    () => offline.createMachine({ name: 'another' }),
    () => offline.webhooks.send('user.updated', {}),
  ]
  const seen = new Set([first])
  for (const change of changes) {
    change()
    seen.add(await revision())
  }
  expect(seen.size).toBe(1 + changes.length)
})
