import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SECRET } from '../../../testing/webhook-harness.js'
import { resolveOptions } from '../../configure.js'
import { createClerkApi } from '../../domain/backend-api/create-clerk-api.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import { ClerkApiError, StoreUnavailableError } from '../../ground/errors.js'
import { createObserver } from '../../ground/observe/observer.js'
import { originList } from '../../ground/options/origins.js'
import type { ClerkOptions, ResolvedOptions } from '../../options.js'
import { type CheckContext, runChecks } from './check.js'

let clerk: OfflineClerk
beforeAll(async () => {
  clerk = await startClerk()
})
afterAll(() => clerk.stop())

/** Codes of what is found with a good configuration, changed as the test says. */
async function found(
  change: Partial<ClerkOptions> = {},
  { resolved = {}, ...context }: Partial<CheckContext> & { resolved?: Partial<ResolvedOptions> } = {},
) {
  const options = {
    ...resolveOptions({
      secretKey: clerk.secretKey,
      publishableKey: clerk.publishableKey,
      apiUrl: clerk.url,
      authorizedParties: ['https://app.example.com'],
      webhookSecrets: [SECRET],
      ...change,
    }),
    ...resolved,
  }
  return runChecks({
    options,
    keys: { prefetch: async () => undefined },
    stores: memoryStore(),
    api: createClerkApi(options, createObserver(Date.now), { sleep: async () => undefined }),
    environment: 'development',
    ...context,
  })
}

const codes = async (...args: Parameters<typeof found>) => (await found(...args)).map(({ code }) => code)

describe('check()', () => {
  it('finds nothing wrong with a good configuration', async () => {
    expect(await found()).toEqual([])
  })

  it("finds 'any' and test keys in production only", async () => {
    const production = { environment: 'production' }
    expect(await codes({ authorizedParties: 'any' })).toEqual([])
    expect(await codes({ authorizedParties: 'any' }, production)).toEqual([
      'authorized-parties-any',
      'test-keys-in-production',
    ])
  })

  it('finds an empty list of authorised parties', async () => {
    expect(await codes({}, { resolved: { authorizedParties: originList([]) } })).toEqual([
      'authorized-parties-empty',
    ])
  })

  it.each([
    [31_000, "The clock of this host is 31 s behind the database's."],
    [-31_000, "The clock of this host is 31 s ahead of the database's."],
  ])('finds that the clock of the database is %d ms off', async (skewMs, message) => {
    const changes = { clockSkewMs: async () => skewMs }
    expect(await found({}, { changes })).toMatchObject([
      { code: 'store-clock-off', severity: 'warning', message },
    ])
    expect(await found({}, { changes: { clockSkewMs: async () => skewMs / 2 } })).toEqual([])
    expect(await found({}, { changes: { clockSkewMs: () => Promise.reject(new Error('down')) } })).toEqual([])
  })

  it('finds keys of two instances', async () => {
    const live = `sk_live_${'a'.repeat(40)}`
    expect(await codes({}, { resolved: { secretKey: live } })).toContain('keys-of-different-instances')
  })

  it('finds a webhook secret that is missing or too short, and an inbox that is missing', async () => {
    const { inbox: _, ...withoutInbox } = memoryStore()
    expect(await codes({ webhookSecrets: [] })).toEqual(['webhook-secret-missing'])
    expect(await codes({ webhookSecrets: [] }, { stores: {} })).toEqual([])
    const short = `whsec_${Buffer.alloc(8).toString('base64')}`
    expect(await codes({}, { resolved: { webhookSecrets: [short] } })).toEqual(['webhook-secret-too-short'])
    expect(await codes({}, { stores: withoutInbox })).toEqual(['inbox-missing'])
  })

  it('finds keys that cannot be had', async () => {
    const prefetch = () => Promise.reject(new Error('connect ECONNREFUSED'))
    expect(await codes({}, { keys: { prefetch } })).toEqual(['keys-unreachable'])
  })

  it('finds a clock that is off, and says by how much and which way', async () => {
    for (const [seconds, way] of [
      [90, '90 s ahead of'],
      [-90, '90 s behind'],
    ] as const) {
      const now = () => Date.now() + seconds * 1000
      const [diagnostic] = await found({}, { resolved: { now } })
      expect(diagnostic).toMatchObject({ code: 'clock-off' })
      expect(diagnostic?.message).toMatch(new RegExp(way.replace('90', '(89|90|91)')))
    }
    expect(await codes({}, { resolved: { now: () => Date.now() + 1_500 } })).toEqual([])
  })

  it('finds a secret key that Clerk refuses', async () => {
    const refused = { secretKey: `sk_test_${'b'.repeat(40)}` }
    const diagnostics = await found({}, { resolved: refused })
    expect(diagnostics.map(({ code }) => code)).toEqual(['secret-key-refused'])
    expect(JSON.stringify(diagnostics)).not.toContain(refused.secretKey)
  })

  it('finds a Backend API that does not answer, or answers with a redirect', async () => {
    expect(await codes({}, { resolved: { apiUrl: 'http://127.0.0.1:9' } })).toEqual(['api-unreachable'])
    const server = createServer((_, res) => res.writeHead(302, { location: '/' }).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await codes({}, { resolved: { apiUrl } })).toEqual(['api-unreachable'])
    server.close()
  })

  it('finds a limit that is used up, which is no outage', async () => {
    const refused = new ClerkApiError('Clerk answered 429.', { status: 429 })
    expect(await found({}, { api: { countUsers: () => Promise.reject(refused) } })).toMatchObject([
      { code: 'api-limit-reached', severity: 'warning' },
    ])
  })

  it('finds a log that nothing prunes', async () => {
    const now = { ms: 1_800_000_000_000 }
    const stores = memoryStore({ now: () => now.ms })
    await stores.inbox.append({
      id: '1',
      type: 'session.revoked',
      subjects: ['sess_1'],
      narrows: 'sess_1',
      version: null,
    })
    now.ms += 59 * 24 * 3600 * 1000
    expect(await codes({}, { stores })).toEqual([])
    now.ms += 2 * 24 * 3600 * 1000
    expect(await codes({}, { stores })).toEqual(['log-not-pruned'])
  })

  it.each(['users', 'organizations', 'inbox'] as const)(
    'finds a store of %s that cannot be reached',
    async (name) => {
      const stores = memoryStore()
      stores[name].ping = () => Promise.reject(new StoreUnavailableError('postgres://user:hunter2@db'))
      const diagnostics = await found({}, { stores })
      expect(diagnostics.map(({ code }) => code)).toEqual([`store-unreachable-${name}`])
      expect(JSON.stringify(diagnostics)).not.toContain('hunter2')
    },
  )

  it('says of everything it finds what to do, and never fails itself', async () => {
    const diagnostics = await found(
      { authorizedParties: 'any', webhookSecrets: [] },
      {
        environment: 'production',
        api: { countUsers: () => Promise.reject(new RangeError('a bug')) },
        keys: { prefetch: () => Promise.reject(new Error('no')) },
      },
    )
    expect(diagnostics.length).toBeGreaterThanOrEqual(5)
    for (const { code, message, remedy, severity } of diagnostics) {
      expect(code).toMatch(/^[a-z-]+$/)
      expect(message.length).toBeGreaterThan(10)
      expect(remedy.length).toBeGreaterThan(10)
      expect(['error', 'warning']).toContain(severity)
    }
  })
})
