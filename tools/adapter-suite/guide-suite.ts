import { signWebhook } from '@acme/clerk-testing'
import { request } from '@acme/clerk-testing/adapters'
import { expect, test } from 'vitest'
import { runServerSnippet } from './readme.js'

const PAGE = { origin: 'http://localhost:3000' }
const EVENT = { object: 'event', type: 'email.created', timestamp: 1, instance_id: 'ins_1', data: {} }
const TIMEOUT = { timeout: 60_000 }
const SECRET = { SESSION_SECRET: 'thirty-two characters of a secret' }

/** The whole application of a framework's guide (`app.ts`), and the webhook after a body parser where it has one. */
export function runGuideSuite(guide: URL, cwd: URL, { afterBodyParser = true } = {}): void {
  test('the application of the guide does what the guide says', TIMEOUT, async () => {
    const { origin, signIn, offline } = await runServerSnippet(guide, 'app.ts', cwd, SECRET)
    const ada = await signIn('Ada', 'admin')
    const get = (path: string, headers: Record<string, string>) => request(`${origin}${path}`, { headers })

    const refused = await get('/profile', PAGE)
    expect(refused.status).toBe(401)
    expect(refused.headers['access-control-allow-origin']).toBe(PAGE.origin)
    expect(JSON.parse((await get('/profile', ada)).text)).toEqual({ kind: 'user', firstName: 'Ada' })
    expect((await get('/billing', ada)).status).toBe(403)
    expect((await get('/report', ada)).status).toBe(200)
    const navigation = await get('/page', { 'sec-fetch-dest': 'document' })
    expect(navigation.headers.location).toMatch(/^\/auth\/sign-in\?redirect_url=/)
    expect(await deepLink(origin, '/page?tab=1', ada.authorization)).toBe(`${origin}/page?tab=1`)

    const login = await request(`${origin}/login`, {
      method: 'POST',
      headers: { ...PAGE, 'content-type': 'application/json' },
      body: '{"username":"lea","password":"secret"}',
    })
    expect(login.status).toBe(204)
    const cookie = (login.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ')
    expect(JSON.parse((await get('/profile', { cookie })).text)).toEqual({ kind: 'local' })
    expect((await get('/billing', { cookie })).status).toBe(403)
    expect(await deliver(`${origin}/auth/webhook`, offline.webhookSecret)).toBe(200)
  })

  test('the application of the guide does not start without a secret for its sessions', TIMEOUT, async () => {
    const start = runServerSnippet(guide, 'app.ts', cwd, { SESSION_SECRET: '' })
    await expect(start).rejects.toThrow('SESSION_SECRET is missing')
  })

  test.runIf(afterBodyParser)(
    'after a body parser that keeps the bytes the webhook is processed',
    TIMEOUT,
    async () => {
      const { origin, offline } = await runServerSnippet(guide, 'after-body-parser.ts', cwd)
      expect(await deliver(`${origin}/hooks/clerk`, offline.webhookSecret)).toBe(200)
    },
  )
}

/** Follows a person who asks for a page, is sent to sign in, and comes back with Clerk's cookie: where they end. */
async function deepLink(origin: string, page: string, authorization: string | undefined): Promise<string> {
  const document = { 'sec-fetch-dest': 'document' }
  const next = async (url: string, headers: Record<string, string> = {}) =>
    new URL((await request(url, { headers: { ...document, ...headers } })).headers.location ?? '', url).href
  const portal = new URL(await next(await next(`${origin}${page}`)))
  const cookie = `__session=${authorization?.replace('Bearer ', '')}`
  return next(portal.searchParams.get('redirect_url') ?? '', { cookie })
}

/** The status that a signed webhook of no consequence is answered with. */
export async function deliver(url: string, secret: string): Promise<number> {
  const { headers, body } = signWebhook(EVENT, secret)
  return (await request(url, { method: 'POST', headers, body })).status
}
