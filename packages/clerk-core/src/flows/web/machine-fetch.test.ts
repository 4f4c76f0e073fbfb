import { createClerkClient } from '@clerk/backend'
import { describe, expect, onTestFinished, test } from 'vitest'
import { authorize, startInstance, startOffline } from '../../../testing/authority-harness.js'
import { type Answer, startServer } from '../../../testing/http-server.js'
import type { Auth } from '../../domain/auth/auth.js'
import type { ClerkLogger } from '../../ground/observe/logger.js'
import type { ClerkOptions } from '../../options.js'
import { machineFetch } from './machine-fetch.js'

const ONLY_M2M = { machine: ['m2m'] } as const

/** A service that listens, and what it has been asked. Its answers are the test's. */
async function listen(answer: Answer) {
  const server = await startServer(answer)
  onTestFinished(() => server.stop())
  return server
}

/** The shop calls billing. Both are machines of one instance, and the shop's tokens are meant for billing. */
async function setUp(options: Partial<ClerkOptions> = {}) {
  const offline = await startOffline()
  const billing = offline.createMachine({ name: 'billing' })
  const shop = offline.createMachine({ name: 'shop', scopedMachines: [billing.id] })
  const receiver = startInstance(offline, {
    machineId: billing.id,
    machineSecretKey: billing.secret_key,
    accept: { m2m: true },
  }).clerk
  const seen: Extract<Auth, { kind: 'machine' }>[] = []
  const service = await listen(async (req, res) => {
    const { authorization } = req.headers
    const auth = await receiver.authenticate({ authorization, method: req.method })
    const denial = authorize(auth, ONLY_M2M)
    if (auth.kind === 'machine') seen.push(auth)
    res.writeHead(denial?.status ?? 200).end('{}')
  })
  const lines: unknown[] = []
  const line = (...said: unknown[]) => void lines.push(said)
  const logger: ClerkLogger = { debug: line, info: line, warn: line, error: line }
  const { clerk } = startInstance(offline, {
    machineSecretKey: shop.secret_key,
    machineOrigins: [service.url],
    logger,
    ...options,
  })
  clerk.observe((event) => void lines.push(event))
  const calls = () => offline.requests.filter(({ operation }) => operation === 'createM2MToken')
  return { offline, billing, shop, clerk, service, seen, calls, lines }
}

describe('a service calls another one', () => {
  test.each(['jwt', 'opaque'] as const)('which knows the machine by its %s token', async (tokenFormat) => {
    const { clerk, service, seen, shop, billing, calls, offline } = await setUp()
    for (let n = 0; n < 3; n++) {
      const token = { tokenFormat, claims: { job: 'invoices' } }
      const response = await machineFetch(clerk, `${service.url}/invoices?n=${n}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"a":1}',
        token,
      })
      expect(response.status).toBe(200)
    }
    expect(service.requests.map(({ method, path, body }) => [method, path, body])).toEqual(
      [0, 1, 2].map((n) => ['POST', `/invoices?n=${n}`, '{"a":1}']),
    )
    expect(seen[0]).toMatchObject({
      tokenType: 'm2m',
      subject: shop.id,
      machine: { id: shop.id, name: null },
      audience: [billing.id],
      scopes: [],
    })
    expect(seen[0]?.claims).toMatchObject({ job: 'invoices' })
    expect(calls()).toHaveLength(1)
    const verified = offline.requests.filter(({ operation }) => operation === 'verifyM2MToken')
    expect(verified).toHaveLength(tokenFormat === 'jwt' ? 0 : 1)
  })

  test('and a third machine, whose tokens are not meant for it, is refused', async () => {
    const { offline, service } = await setUp()
    const stranger = offline.createMachine({ name: 'stranger' })
    const { clerk } = startInstance(offline, {
      machineSecretKey: stranger.secret_key,
      machineOrigins: [service.url],
    })
    for (const tokenFormat of ['jwt', 'opaque'] as const)
      expect((await machineFetch(clerk, service.url, { token: { tokenFormat } })).status).toBe(401)
  })

  test('a token that was revoked is replaced after the refusal that tells of it', async () => {
    const { offline, clerk, service, shop, seen, calls } = await setUp()
    const call = async () => (await machineFetch(clerk, service.url)).status
    expect(await call()).toBe(200)
    await createClerkClient({ secretKey: offline.secretKey, apiUrl: offline.url }).m2m.revokeToken({
      m2mTokenId: seen[0]?.id ?? '',
      machineSecretKey: shop.secret_key,
    })
    // Billing has remembered Clerk's confirmation for a minute.
    await offline.advance(60_000)
    expect([await call(), await call()]).toEqual([401, 200])
    expect(calls()).toHaveLength(2)
  })

  test('one that refuses every token costs no call of Clerk for each request', async () => {
    const { clerk, service, calls } = await setUp()
    service.answer = (_req, res) => void res.writeHead(401).end()
    for (let n = 0; n < 10; n++) expect((await machineFetch(clerk, service.url)).status).toBe(401)
    expect(calls()).toHaveLength(1)
  })

  test('where Clerk is out of reach nothing is sent, and the failure is typed', async () => {
    const { offline, clerk, service, shop, lines } = await setUp()
    offline.faults.set('createM2MToken', { status: 503 })
    await expect(machineFetch(clerk, service.url)).rejects.toMatchObject({
      name: 'ClerkApiError',
      status: 503,
    })
    expect(service.requests).toEqual([])
    expect(JSON.stringify(lines)).toContain('createM2MToken')
    expect(JSON.stringify(lines)).not.toContain(shop.secret_key.slice(3))
  })
})

describe('a token of this machine goes nowhere else', () => {
  test('no redirect is followed: the response is handed back', async () => {
    const { clerk, service } = await setUp()
    const attacker = await listen((_req, res) => void res.end())
    for (const [status, location] of [
      [301, attacker.url],
      [302, `${attacker.url}/x`],
      [303, attacker.url],
      [307, attacker.url],
      [308, `${service.url}/elsewhere`],
    ] as const) {
      service.answer = (_req, res) => void res.writeHead(status, { location }).end()
      const response = await machineFetch(clerk, service.url, { method: 'POST', body: 'x' })
      expect([response.status, response.ok, response.headers.get('location')]).toEqual([
        status,
        false,
        location,
      ])
    }
    expect(service.requests).toHaveLength(5)
    await expect(machineFetch(clerk, service.url, { redirect: 'error' })).rejects.toThrow(TypeError)
    await expect(machineFetch(clerk, service.url, { redirect: 'follow' })).rejects.toThrow(
      /follows no redirect/,
    )
    expect(service.requests).toHaveLength(6)
    expect(attacker.requests).toEqual([])
  })

  test('an origin that is not listed gets nothing, however its URL is written', async () => {
    const { clerk, service, calls } = await setUp()
    const attacker = await listen((_req, res) => void res.end())
    const { host, port } = new URL(service.url)
    for (const url of [
      attacker.url,
      new URL(attacker.url),
      `http://localhost:${port}/`,
      `https://${host}/`,
      `http://${host}.example.com/`,
      `http://${host}@${new URL(attacker.url).host}/`,
      `http://user:password@${host}/`,
      `${attacker.url}/${service.url}`,
      '/relative',
      '//127.0.0.1/',
      'data:text/plain,x',
      `blob:${service.url}/x`,
      '',
    ]) {
      const error = await machineFetch(clerk, url).then(
        () => 'sent',
        (cause: unknown) => cause,
      )
      expect([String(url), (error as Error).name]).toEqual([
        String(url),
        expect.stringMatching(/^(?:ConfigurationError|TypeError)$/),
      ])
    }
    expect([attacker.requests, service.requests, calls()]).toEqual([[], [], []])
  })

  test('a header of the caller is not overwritten without a word', async () => {
    const { clerk, service, calls } = await setUp()
    for (const headers of [
      { Authorization: 'Bearer mine' },
      [['AUTHORIZATION', 'Basic eA==']] as [string, string][],
      new Headers({ authorization: '' }),
    ])
      await expect(machineFetch(clerk, service.url, { headers })).rejects.toThrow(/`authorization` itself/)
    expect([service.requests, calls()]).toEqual([[], []])
  })

  test('neither secret key nor token reaches a log, an event or an error', async () => {
    const { clerk, service, shop, lines } = await setUp()
    expect((await machineFetch(clerk, service.url)).status).toBe(200)
    const { token } = await clerk.machines.createToken()
    await service.stop()
    const error = await machineFetch(clerk, service.url).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(TypeError)
    const said = [...lines, (error as Error).stack, (error as Error).cause].map((one) =>
      String(JSON.stringify(one)),
    )
    for (const secret of [token, shop.secret_key])
      expect(said.filter((text) => text.includes(secret.slice(3)))).toEqual([])
  })
})

describe('machineOrigins', () => {
  test.each([
    ['http://billing.example.com'],
    ['https://*.example.com'],
    ['https://billing.example.com/path'],
    ['https://user@billing.example.com'],
    ['billing.example.com'],
    ['ftp://127.0.0.1'],
    ['any'],
  ])('refuses %s', async (origin) => {
    const offline = await startOffline()
    expect(() => startInstance(offline, { machineOrigins: [origin] })).toThrow(/machineOrigins/)
  })

  test('are compared as URLs are, without path, default port and case', async () => {
    const asked: string[] = []
    const { clerk } = await setUp({
      machineOrigins: ['https://Billing.Example.com:443/'],
      fetch: async (input, init) => {
        const url = String(input)
        if (!url.startsWith('https://billing')) return globalThis.fetch(input, init)
        asked.push(url)
        return new Response('{}')
      },
    })
    await machineFetch(clerk, 'HTTPS://billing.example.com/a')
    expect(asked).toEqual(['https://billing.example.com/a'])
    await expect(machineFetch(clerk, 'https://billing.example.com:8443/')).rejects.toThrow(/does not list/)
  })
})
