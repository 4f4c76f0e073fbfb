import { describe, expect, test } from 'vitest'
import { memorySlot, PAGE, startInstance, startOffline } from '../../../testing/authority-harness.js'
import { createRoutes, findRoute, type RouteRequest } from './routes.js'

async function setUp() {
  const offline = await startOffline()
  const { clerk } = startInstance(offline)
  const session = offline.createSession(offline.createUser())
  const slot = memorySlot()
  const cookie = `__session=${await offline.token(session)}`
  const auth = await clerk.authenticate({ cookie, method: 'GET', session: slot, origin: PAGE })
  expect(auth.kind).toBe('user')
  const routes = createRoutes(clerk, {}, '')
  const leave = async (method: string, headers: Record<string, string>) => {
    const request = {
      method,
      url: '/auth/sign-out',
      origin: 'https://api.example.com',
      prefix: '/auth',
      headers: { cookie, ...headers },
      authenticate: () => ({ clerk, auth, session: slot, signInUrl: undefined }),
    } as unknown as RouteRequest
    const response = await findRoute(routes, method, '/sign-out')?.handle(request)
    return response?.status
  }
  return { offline, session, leave }
}

describe('a GET signs out only as a navigation from the same origin', () => {
  test.each([
    ['an image', { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }],
    [
      'a script',
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'script', 'sec-fetch-mode': 'no-cors' },
    ],
    [
      'a frame',
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate' },
    ],
    ['a fetch', { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' }],
    ['a page elsewhere', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }],
    ['no word of where it comes from', {}],
  ])('%s does not', async (_name, headers) => {
    const { leave } = await setUp()
    expect(await leave('GET', headers)).toBe(403)
  })

  test('a link of the page does', async () => {
    const { leave } = await setUp()
    const headers = {
      'sec-fetch-site': 'same-origin',
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'navigate',
    }
    expect(await leave('GET', headers)).toBe(303)
  })
})

test('signing out ends the session at Clerk too', async () => {
  const { offline, session, leave } = await setUp()
  expect(await leave('POST', { origin: PAGE })).toBe(303)
  expect(offline.getSession(session).status).not.toBe('active')
})
