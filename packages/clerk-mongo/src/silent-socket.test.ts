import { createClerk } from '@acme/clerk-core'
import { createTestIssuer } from '@acme/clerk-testing'
import { describeWith } from '@acme/tools/services/vitest'
import { timed } from '@acme/tools/vitest/timed'
import { describe, expect, test } from 'vitest'
import { mongoStore } from './mongo-store.js'
import { DRIVERS } from './testing/drivers.js'
import { openProxy } from './testing/proxy.js'

await describeWith('mongodb', 'a socket that goes silent', (server) => {
  describe.each(DRIVERS)('with $driver', ({ connect }) => {
    test('costs a request its time limit, and the process answers again when the way is there again', {
      timeout: 120_000,
    }, async () => {
      const database = await server.createDatabase('silent')
      const proxy = await openProxy(database.url)
      const client = connect(proxy.url, {
        serverSelectionTimeoutMS: 1000,
        connectTimeoutMS: 1000,
        socketTimeoutMS: 1000,
        heartbeatFrequencyMS: 500,
      })
      const store = mongoStore(client.db())
      await store.ensureIndexes()
      const issuer = await createTestIssuer({ azp: 'https://app.example.com' })
      const clerk = createClerk({
        publishableKey: issuer.publishableKey,
        jwtKey: issuer.pem,
        authorizedParties: ['https://app.example.com'],
        provisioning: 'claims',
        session: { graceSeconds: 0 },
        store: { timeoutSeconds: 0.8 },
        ...store,
      })
      const request = async (user: string) => {
        const authorization = `Bearer ${await issuer.mint({ sub: user })}`
        const { ms, value } = await timed(() => clerk.authenticate({ authorization, method: 'GET' }))
        return { kind: value.kind, ms }
      }
      expect(await request('user_1')).toMatchObject({ kind: 'user' })

      const comeBack = proxy.goSilent()
      const during = []
      for (let i = 0; i < 20; i++) during.push(await request(`user_during_${i}`))
      await expect.poll(async () => (await request('user_1')).kind, { timeout: 10_000 }).toBe('unavailable')
      expect(Math.max(...during.map(({ ms }) => ms))).toBeLessThan(4_000)

      comeBack()
      await expect
        .poll(async () => (await request('user_after')).kind, { timeout: 30_000, interval: 250 })
        .toBe('user')
      await clerk.close()
      await client.close(true)
      await proxy.close()
      await database.drop()
    })
  })
})
