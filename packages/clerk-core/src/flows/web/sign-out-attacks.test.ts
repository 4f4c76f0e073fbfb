import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { memorySlot, PAGE, startInstance, startOffline } from '../../../testing/authority-harness.js'
import { credentialsFrom } from './credentials-from.js'
import type { Framework } from './framework.js'
import type { WebRequest } from './messages.js'
import { createRoutes, findRoute, type RoutesOptions } from './routes.js'

async function setUp(options: RoutesOptions<WebRequest> = {}) {
  const offline = await startOffline()
  const { clerk } = startInstance(offline)
  const session = offline.createSession(offline.createUser())
  const slot = memorySlot()
  const cookie = `__session=${await offline.token(session)}`
  const auth = await clerk.authenticate({ cookie, method: 'GET', session: slot, origin: PAGE })
  expect(auth.kind).toBe('user')
  const framework: Framework<WebRequest> = {
    middleware: 'the middleware',
    rawBodyRemedy: '',
    setAuth: () => {},
    credentialsOf: (request, localUser) => credentialsFrom(request, slot, localUser),
    webRequestOf: (request) => request,
    bodySourceOf: () => {
      throw new Error('no route of these reads a body')
    },
  }
  const routes = createRoutes(framework, clerk, options)
  const leave = async (method: string, headers: Record<string, string>) => {
    const request: WebRequest = {
      method,
      url: '/auth/sign-out',
      origin: 'https://api.example.com',
      headers: { cookie, ...headers },
    }
    const response = await findRoute(routes, method, '/sign-out')?.handle(request, '/auth')
    return response?.status
  }
  return { offline, clerk, session, slot, cookie, leave }
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

test('revokeAtClerk: false leaves it to the front end', async () => {
  const { offline, session, leave } = await setUp({ revokeAtClerk: false })
  expect(await leave('POST', { origin: PAGE })).toBe(303)
  expect(offline.getSession(session).status).toBe('active')
})

test('a failure of Clerk does not undo the sign-out, and is told', async () => {
  const { offline, clerk, session, slot, cookie, leave } = await setUp()
  const errors: unknown[] = []
  clerk.observe((event) => event.name === 'session.error' && errors.push(event))
  const told = once(process, 'warning')
  offline.faults.set('POST /v1/sessions/:id/revoke', { status: 500, body: { errors: [] } })
  expect(await leave('POST', { origin: PAGE })).toBe(303)
  expect(offline.getSession(session).status).toBe('active')
  expect(slot.held.record).toBeUndefined()
  const again = await clerk.authenticate({ cookie, method: 'GET', session: slot, origin: PAGE })
  expect(again).toMatchObject({ kind: 'anonymous', reason: 'session-revoked' })
  expect(errors).toMatchObject([{ operation: 'revoke', message: 'status 500' }])
  expect(await told).toMatchObject([{ code: 'ACME_CLERK_REVOKE' }])
})

test('a session that Clerk does not know any more is signed out like any other', async () => {
  const { offline, clerk, leave } = await setUp()
  const errors: unknown[] = []
  clerk.observe((event) => event.name === 'session.error' && errors.push(event))
  offline.faults.set('POST /v1/sessions/:id/revoke', {
    status: 404,
    body: { errors: [{ code: 'resource_not_found' }] },
  })
  expect(await leave('POST', { origin: PAGE })).toBe(303)
  expect(errors).toEqual([])
})
