import { signWebhook } from '@acme/clerk-testing'
import { describe, expect, test } from 'vitest'
import {
  authorize,
  memorySlot,
  memoryStore,
  PAGE,
  startInstance,
  startOffline,
} from '../../testing/authority-harness.js'
import { eventJson, userJson } from '../../testing/clerk-json.js'
import type { StoreFinding } from '../domain/store/finding.js'
import { ConfigurationError, StoreFaultError } from '../ground/errors.js'
import type { ClerkEvent } from '../ground/observe/events.js'
import type { ClerkOptions } from '../options.js'
import { credentialsFrom } from './web/credentials-from.js'
import type { WebRequest } from './web/messages.js'
import { createRoutes, findRoute } from './web/routes.js'

const fault = (more: { field?: string } = {}) =>
  new StoreFaultError({
    fault: 'required',
    driverCode: 'P2011',
    model: 'user',
    field: 'email',
    remedy: 'ALTER TABLE "User" ALTER COLUMN "email" DROP NOT NULL;',
    ...more,
  })
const refuse = () => Promise.reject(fault())
const TOLD = { fault: 'required', driverCode: 'P2011', model: 'user', field: 'email', index: null }

async function setUp(stores = memoryStore(), options: Partial<ClerkOptions> = {}) {
  const offline = await startOffline()
  const { clerk } = startInstance(offline, options, stores)
  const events: ClerkEvent[] = []
  clerk.observe((event) => events.push(event))
  const faults = () => events.flatMap(({ at: _, ...event }) => (event.name === 'store.fault' ? [event] : []))
  const deliver = (event: object) => {
    const { body, headers } = signWebhook(event as never, offline.webhookSecret, { now: offline.now() })
    return clerk.receiveWebhook({
      id: headers['svix-id'],
      timestamp: headers['svix-timestamp'],
      signature: headers['svix-signature'],
      body: Buffer.from(body),
    })
  }
  /** Of the stores' schemas: the clock of these tests stands still, that of the database does not. */
  const clocks: readonly string[] = ['clock-off', 'store-clock-off']
  const check = async () => (await clerk.check()).filter(({ code }) => !clocks.includes(code))
  return { offline, clerk, stores, events, faults, deliver, check }
}

describe('a database that refuses for good', () => {
  test('answers a webhook 500, keeps the event open, and tells the operator what was refused, in the inbox too', async () => {
    const { stores, deliver, events, faults } = await setUp()
    stores.users.remove = refuse
    expect(await deliver(eventJson('user.deleted', { id: 'user_1', deleted: true }))).toMatchObject({
      kind: 'failed',
      status: 500,
    })
    const text = 'StoreFaultError: required, P2011, user.email'
    expect((await stores.inbox.all()).map(({ error }) => error)).toEqual([text])
    expect(events.find(({ name }) => name === 'webhook.failed')).toMatchObject({ message: text })
    expect(faults()).toEqual([{ name: 'store.fault', store: 'users', operation: 'remove', ...TOLD }])
  })

  test('says nothing that may be a value, whatever a store puts into the error', async () => {
    const { stores, deliver, events } = await setUp()
    stores.users.apply = () => Promise.reject(fault({ field: 'ada@example.com' }))
    await deliver(eventJson('user.created', userJson('user_1')))
    const pending = await stores.inbox.all()
    expect(pending.map(({ error }) => error)).toEqual(['StoreFaultError: required, P2011, user.?'])
    expect(JSON.stringify(events)).not.toContain('@')
  })

  test.each(['findByClerkId', 'apply'] as const)(
    'makes a request whose user cannot be stored (%s) unavailable for a reason of its own, not anonymous',
    async (method) => {
      const { offline, clerk, stores, faults } = await setUp()
      const headers = await offline.authHeader(offline.createUser(), { azp: PAGE })
      stores.users[method] = refuse
      const auth = await clerk.authenticate({ method: 'GET', authorization: headers.authorization })
      expect(auth).toMatchObject({ kind: 'unavailable', reason: 'store-fault', retryAfterSeconds: 60 })
      expect(authorize(auth)).toMatchObject({ status: 503, headers: { 'Retry-After': '60' } })
      expect(faults()).toEqual([{ name: 'store.fault', store: 'users', operation: method, ...TOLD }])
    },
  )

  test('makes a request unavailable for the same reason where it is the membership', async () => {
    const { offline, clerk, stores } = await setUp()
    const headers = await offline.authHeader(offline.createUser(), { azp: PAGE })
    stores.organizations.findMembership = refuse
    const organization = { organization: 'org_1' }
    const auth = await clerk.authenticate({
      method: 'GET',
      authorization: headers.authorization,
      ...organization,
    })
    expect(auth).toMatchObject({ kind: 'unavailable', reason: 'store-fault' })
  })

  test('answers a sign-out 500: it is in effect here, and the other processes do not hear of it', async () => {
    const { offline, clerk, stores, faults } = await setUp()
    const session = offline.createSession(offline.createUser())
    const slot = memorySlot()
    const cookie = `__session=${await offline.token(session)}`
    const credentials = { cookie, method: 'GET', session: slot, origin: PAGE }
    expect((await clerk.authenticate(credentials)).kind).toBe('user')
    stores.inbox.append = refuse
    const routes = createRoutes<WebRequest>(
      {
        middleware: 'the middleware',
        rawBodyRemedy: '',
        setAuth: () => {},
        credentialsOf: (request, localUser) => credentialsFrom(request, slot, localUser),
        webRequestOf: (request) => request,
        bodySourceOf: () => {
          throw new Error('no route of these reads a body')
        },
      },
      clerk,
      {},
    )
    const request: WebRequest = {
      method: 'POST',
      url: '/auth/sign-out',
      origin: PAGE,
      headers: { cookie, origin: PAGE },
    }
    const response = await findRoute(routes, 'POST', '/sign-out')?.handle(request, '/auth')
    expect(response).toMatchObject({ status: 500, body: { code: 'failed' } })
    expect(faults()).toMatchObject([{ store: 'inbox', operation: 'append' }])
    expect(await clerk.authenticate(credentials)).toMatchObject({ reason: 'session-revoked' })
  })

  test('rejects forget and refresh with the error itself', async () => {
    const { offline, clerk, stores } = await setUp()
    const { id } = offline.createUser()
    stores.inbox.append = refuse
    await expect(clerk.users.forget(id)).rejects.toBeInstanceOf(StoreFaultError)
    stores.users.apply = refuse
    await expect(clerk.users.refresh(id)).rejects.toBeInstanceOf(StoreFaultError)
  })
})

describe('what a store finds in its schema', () => {
  const finding: StoreFinding = {
    severity: 'error',
    message: '`User.email` may not be null.',
    remedy: 'ALTER TABLE "User" ALTER COLUMN "email" DROP NOT NULL;',
  }
  const withFindings = (inspect: () => Promise<StoreFinding[]>) => {
    const stores = memoryStore()
    Object.assign(stores.users, { inspect })
    return setUp(stores)
  }

  test('is a finding of check(), and an error of ready() with the same statement', async () => {
    const { clerk, check } = await withFindings(async () => [finding])
    expect(await check()).toEqual([{ code: 'store-schema', ...finding }])
    const error = await clerk.ready().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).problems).toEqual([
      { option: 'users', message: finding.message, remedy: finding.remedy },
    ])
  })

  test('is what ready() says where the first use of the store is refused too', async () => {
    const stores = memoryStore()
    const refused = () =>
      Promise.reject(
        new StoreFaultError({ fault: 'missing', driverCode: '42P01', model: 'log', remedy: 'Migrate.' }),
      )
    Object.assign(stores.inbox, { changesSince: refused, revocations: refused })
    Object.assign(stores.users, {
      inspect: async () => {
        for (let turn = 0; turn < 50; turn++) await null // a database takes its time
        return [finding]
      },
    })
    const { clerk } = await setUp(stores)
    expect(await clerk.ready().catch((error: unknown) => (error as Error).name)).toBe('ConfigurationError')
  })

  test.each([
    ['off', []],
    ['verified-email', ['store-schema']],
  ] as const)('is asked with what the configuration wants: linking %s', async (linking, expected) => {
    const stores = memoryStore()
    Object.assign(stores.users, {
      inspect: async (use?: { readonly linking: boolean }) => (use?.linking ? [finding] : []),
    })
    const { clerk, check } = await setUp(stores, { linking })
    expect((await check()).map(({ code }) => code)).toEqual(expected)
    expect(await clerk.ready().catch((error: unknown) => (error as ConfigurationError).code)).toBe(
      linking === 'off' ? undefined : 'configuration',
    )
  })

  test('stops no start where it is a warning', async () => {
    const { clerk, check } = await withFindings(async () => [{ ...finding, severity: 'warning' }])
    expect((await check()).map(({ severity }) => severity)).toEqual(['warning'])
    await clerk.ready()
  })

  test('is a finding too where only ping meets it, and then the store is not called unreachable', async () => {
    const { check, stores } = await setUp()
    stores.users.ping = refuse
    expect(await check()).toEqual([
      {
        code: 'store-schema',
        severity: 'error',
        message: expect.stringContaining('P2011'),
        remedy: fault().message,
      },
    ])
  })
})
