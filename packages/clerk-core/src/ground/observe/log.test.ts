import { Writable } from 'node:stream'
import { signWebhook, startClerk } from '@acme/clerk-testing'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { eventJson, userJson } from '../../../testing/clerk-json.js'
import { createClerk } from '../../create-clerk.js'
import { authorize } from '../../domain/guard/authorize.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import type { ClerkOptions } from '../../options.js'
import { StoreFaultError } from '../errors.js'
import type { ClerkLogger, LogFields, LogLevel } from './logger.js'

const ORIGIN = 'https://app.example.com'

interface Line {
  readonly level: LogLevel
  readonly fields: LogFields
  readonly message: string
}

function recording() {
  const lines: Line[] = []
  const method = (level: LogLevel) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message })
  }
  const logger: ClerkLogger = {
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
  }
  return { lines, logger }
}

async function setup(more: object = {}) {
  const offline = await startClerk({ now: () => 1_800_000_000_000 })
  onTestFinished(() => offline.stop())
  const { lines, logger } = recording()
  const clerk = createClerk({
    publishableKey: offline.publishableKey,
    secretKey: offline.secretKey,
    apiUrl: offline.url,
    webhookSecrets: [offline.webhookSecret],
    authorizedParties: [ORIGIN],
    now: offline.now,
    logger,
    ...memoryStore(),
    ...more,
  } as object as ClerkOptions)
  onTestFinished(() => clerk.close())
  const ada = offline.createUser({ emailAddress: ['ada@example.com'] })
  const session = offline.createSession(ada)
  const bearer = async (azp: string) => ({
    authorization: `Bearer ${await offline.token(session, { azp })}`,
  })
  const post = (event: object | string, secret = offline.webhookSecret) => {
    const { headers, body } = signWebhook(event, secret, { now: offline.now() })
    return clerk.receiveWebhook({
      id: headers['svix-id'],
      timestamp: headers['svix-timestamp'],
      signature: headers['svix-signature'],
      body: Buffer.from(body),
    })
  }
  return { offline, clerk, lines, ada, bearer, post }
}

describe("Clerk's Backend API", () => {
  it('is told to refuse the secret key, or not to answer, with what to do; what it says of a user is not told', async () => {
    const { offline, clerk, lines, bearer, ada } = await setup({ secretKey: 'sk_test_of_another_instance' })
    expect(await clerk.authenticate(await bearer(ORIGIN))).toMatchObject({ reason: 'clerk-unavailable' })
    expect(lines).toMatchObject([
      {
        level: 'warn',
        message: expect.stringMatching(
          /^Clerk answered 401 \(clerk_key_invalid\) to getUser \(secret-key-refused\)\. Copy the secret key of this/,
        ),
        fields: { event: 'api.error', reason: 'secret-key-refused', operation: 'getUser', status: 401 },
      },
      { level: 'warn', fields: { event: 'auth.unavailable', reason: 'clerk-unavailable' } },
    ])

    const right = await setup()
    right.offline.deleteUser(right.ada)
    expect(await right.clerk.users.refresh(right.ada.id)).toMatchObject({ user: null })
    expect(right.lines.filter(({ level }) => level !== 'debug')).toEqual([])
    right.offline.faults.set('GetUser', { down: true })
    await expect(right.clerk.users.refresh(ada.id)).rejects.toThrow('getUser')
    expect(right.lines.filter(({ level }) => level !== 'debug')).toMatchObject([
      { fields: { event: 'api.error', reason: 'api-unreachable', status: 0 } },
    ])
    await offline.stop()
  })
})

describe('a refused credential', () => {
  it('is told with what was seen, what was expected and what to do', async () => {
    const { clerk, lines, bearer } = await setup()
    const auth = await clerk.authenticate(await bearer('https://preview.example.com'))
    expect(auth).toMatchObject({ kind: 'anonymous', reason: 'authorized-party-mismatch' })
    expect(Object.keys(auth)).not.toContain('seen')
    expect(lines).toEqual([
      {
        level: 'warn',
        message: expect.stringContaining('Seen: azp "https://preview.example.com". Expected: one of'),
        fields: {
          event: 'auth.failure',
          reason: 'authorized-party-mismatch',
          code: 'authorized-party-mismatch',
          seen: 'azp "https://preview.example.com"',
          expected: `one of authorizedParties: ${ORIGIN}`,
          remedy: 'Add the origin to `authorizedParties` if it is one of yours.',
          link: expect.stringMatching(/errors\.md#authorized-party-mismatch$/),
          times: 1,
        },
      },
    ])
  })

  it('is told once a minute for each reason, with how often it has happened since', async () => {
    const { clerk, offline, lines, bearer } = await setup()
    const ask = async () => clerk.authenticate(await bearer('https://preview.example.com'))
    for (let i = 0; i < 5; i++) await ask()
    await clerk.authenticate({ authorization: 'Bearer nonsense' })
    expect(lines.map(({ fields }) => [fields['reason'], fields['times']])).toEqual([
      ['authorized-party-mismatch', 1],
      ['token-malformed', 1],
    ])
    await offline.advance(60_000)
    await ask()
    expect(lines.at(-1)).toMatchObject({ fields: { times: 5 }, message: expect.stringContaining('5 times') })
  })

  it('is not told in production, nor where nobody is signed in', async () => {
    const { clerk, lines } = await setup()
    await clerk.authenticate({})
    await clerk.authenticate({ cookie: '__client_uat=0', method: 'GET' })
    const live = recording()
    const production = createClerk({
      publishableKey: `pk_live_${Buffer.from('clerk.example.com$').toString('base64')}`,
      authorizedParties: [ORIGIN],
      logger: live.logger,
    })
    await production.authenticate({ authorization: 'Bearer nonsense' })
    expect([...lines, ...live.lines]).toEqual([])
  })

  it.each([
    [
      'a page of another site',
      { method: 'POST', cookie: 'a=1', origin: 'https://evil.example' },
      'origin "https://evil.example"',
    ],
    ['nonsense', { authorization: 'Bearer a.b' }, 'length 3, parts 2'],
    ['a machine', { authorization: 'Bearer ak_1234567890' }, 'type "api_key"'],
  ])('%s: %#', async (_, credentials, seen) => {
    const { clerk, lines } = await setup()
    await clerk.authenticate(credentials)
    expect(lines).toHaveLength(1)
    expect(lines[0]?.fields['seen']).toContain(seen)
  })
})

describe('webhooks', () => {
  it('that are refused are told, also in production, with the reason', async () => {
    const { lines, post, ada } = await setup()
    const updated = eventJson('user.updated', userJson(ada.id))
    expect(await post(updated, `whsec_${Buffer.alloc(24).toString('base64')}`)).toMatchObject({ status: 403 })
    expect(lines).toMatchObject([
      {
        level: 'warn',
        message: expect.stringMatching(/^A webhook was refused \(signature\)\. No signature verifies/),
        fields: { reason: 'signature', seen: expect.stringContaining('signatures 1') },
      },
    ])
  })

  it('that a handler has failed are told each with message, stack and cause, without the data of the event', async () => {
    const { clerk, lines, post, ada } = await setup()
    clerk.on(
      'user.updated',
      ({ data }) => {
        const { iban } = data.private_metadata as { iban: string }
        throw new TypeError(`cannot bill ${data.email_addresses[0]?.email_address} at ${iban}`, {
          cause: new Error(`no account ${iban}`),
        })
      },
      { name: 'billing' },
    )
    const user = userJson(ada.id, { email: 'ada@mail.example', private_metadata: { iban: 'DE89 3704' } })
    for (let i = 0; i < 2; i++) await post(eventJson('user.updated', user))
    const thrown = lines.filter(({ fields }) => fields['event'] === 'thrown')
    expect(thrown).toHaveLength(2)
    expect(thrown[0]).toMatchObject({
      level: 'error',
      message: expect.stringContaining('The handler "billing" of user.updated'),
      fields: {
        handler: 'billing',
        error: {
          name: 'TypeError',
          message: 'cannot bill [private] at [private]',
          stack: expect.stringContaining('log.test.ts'),
          cause: { message: 'no account [private]' },
        },
      },
    })
    expect(
      lines.filter(({ level, fields }) => level === 'error' && fields['event'] === 'webhook.failed'),
    ).toHaveLength(2)
    expect(JSON.stringify(lines)).not.toMatch(/ada@mail|DE89/)
  })

  it('that are processed are told at info', async () => {
    const { lines, post, ada } = await setup()
    await post(eventJson('user.updated', userJson(ada.id)))
    expect(lines).toMatchObject([
      { level: 'info', fields: { event: 'webhook.processed', type: 'user.updated' } },
    ])
  })

  it('are told to be unconfigured', async () => {
    const { lines, post } = await setup({ webhookSecrets: [] })
    await post('{}')
    expect(lines).toMatchObject([{ level: 'warn', fields: { reason: 'not-configured' } }])
  })
})

describe('the code of the application', () => {
  it('that throws in canLink, claimsToUser, a predicate or a listener is told where it throws', async () => {
    const stores = memoryStore()
    await stores.users.create({ email: 'ada@example.com', emailVerified: true })
    const throwing = (what: string) => () => {
      throw new RangeError(`${what} of ada@example.com`)
    }
    const { clerk, bearer, lines } = await setup({
      ...stores,
      linking: 'verified-email',
      canLink: throwing('canLink'),
    })
    clerk.observe(({ name }) => name === 'auth.success' && throwing('listener')())
    const auth = await clerk.authenticate(await bearer(ORIGIN))
    expect(authorize(auth, { predicate: throwing('predicate') })).toMatchObject({ status: 403 })
    expect(authorize(auth, { predicate: async () => throwing('promise')() } as object)).toMatchObject({
      status: 403,
    })
    const claims = await setup({ provisioning: 'claims', claimsToUser: throwing('claimsToUser') })
    await claims.clerk.authenticate(await claims.bearer(ORIGIN))
    const told = [...lines, ...claims.lines].filter(({ fields }) => fields['event'] === 'thrown')
    expect(told.map(({ level, fields }) => [level, fields['place'], fields['error']])).toMatchObject([
      ['error', 'canLink', { name: 'RangeError', message: 'canLink of [private]' }],
      ['error', 'observe listener', { message: 'listener of [address]' }],
      ['error', 'predicate', { message: 'predicate of [private]' }],
      ['error', 'claimsToUser', { message: 'claimsToUser of [address]' }],
    ])
  })
})

describe('a store', () => {
  it('that refuses is told by names, with the remedy', async () => {
    const stores = memoryStore()
    const fault = new StoreFaultError({
      fault: 'unique',
      driverCode: 'P2002',
      model: 'User',
      field: 'username',
      index: 'User_username_key',
      remedy: 'Drop the index `User_username_key`.',
    })
    Object.assign(stores.users, { findByClerkId: () => Promise.reject(fault) })
    const { clerk, bearer, lines } = await setup(stores)
    await clerk.authenticate(await bearer(ORIGIN))
    expect(lines).toMatchObject([
      {
        level: 'error',
        message: expect.stringContaining('Drop the index `User_username_key`.'),
        fields: {
          code: 'store-fault',
          fault: 'unique',
          driverCode: 'P2002',
          model: 'User',
          field: 'username',
          index: 'User_username_key',
          remedy: 'Drop the index `User_username_key`.',
        },
      },
      { level: 'warn', fields: { event: 'auth.unavailable', reason: 'store-fault' } },
    ])
  })
})

describe('a logger', () => {
  it('may be pino', async () => {
    const written: string[] = []
    const stream = new Writable({
      write(chunk, _, done) {
        written.push(String(chunk))
        done()
      },
    })
    const { clerk, bearer } = await setup({ logger: pino({ base: null, timestamp: false }, stream) })
    await clerk.authenticate(await bearer('https://preview.example.com'))
    expect(written.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 40,
        reason: 'authorized-party-mismatch',
        msg: expect.stringContaining('A request was refused'),
      },
    ])
  })

  it('that throws or rejects harms nothing', async () => {
    const thrower = () => {
      throw new Error('disk full')
    }
    const rejecter = () => Promise.reject(new Error('disk full'))
    for (const method of [thrower, rejecter]) {
      const logger = { debug: method, info: method, warn: method, error: method }
      const { clerk, bearer, post, ada } = await setup({ logger })
      clerk.on('user.updated', thrower)
      expect(await clerk.authenticate(await bearer('https://x.example'))).toMatchObject({ kind: 'anonymous' })
      expect(await clerk.authenticate(await bearer(ORIGIN))).toMatchObject({ kind: 'user' })
      expect(await post(eventJson('user.updated', userJson(ada.id)))).toMatchObject({ status: 500 })
    }
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('false is silent, and the default prints refusals outside production', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    onTestFinished(() => warn.mockRestore())
    const silent = await setup({ logger: false })
    await silent.clerk.authenticate({ authorization: 'Bearer nonsense' })
    expect(warn).not.toHaveBeenCalled()
    const byDefault = await setup({ logger: undefined })
    await byDefault.clerk.authenticate({ authorization: 'Bearer nonsense' })
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^\[clerk\] A request was refused \(token-malformed\)/)],
    ])
  })

  it('without one of its methods is a problem of configuration', () => {
    const logger = { info: () => undefined } as unknown as ClerkLogger
    expect(() =>
      createClerk({ issuer: ORIGIN, jwksUrl: `${ORIGIN}/jwks`, authorizedParties: 'any', logger }),
    ).toThrow('logger: is no logger: it has no `debug`, `warn`, `error`.')
  })

  it('hears what is a process warning without one', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    onTestFinished(() => void vi.unstubAllEnvs())
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    onTestFinished(() => emitWarning.mockRestore())
    const options = {
      publishableKey: `pk_test_${Buffer.from('clerk.example.com$').toString('base64')}`,
      authorizedParties: [ORIGIN],
    }
    const { lines, logger } = recording()
    createClerk({ ...options, logger })
    expect(lines).toMatchObject([{ level: 'warn', fields: { code: 'ACME_CLERK_TEST_KEYS' } }])
    expect(emitWarning).not.toHaveBeenCalled()
    createClerk(options)
    expect(emitWarning).toHaveBeenCalledOnce()
  })

  it('is told nothing on the way of a request that succeeds', async () => {
    const { clerk, lines, bearer } = await setup()
    const credentials = await bearer(ORIGIN)
    for (let i = 0; i < 3; i++) expect(await clerk.authenticate(credentials)).toMatchObject({ kind: 'user' })
    expect(lines).toEqual([])
  })
})
