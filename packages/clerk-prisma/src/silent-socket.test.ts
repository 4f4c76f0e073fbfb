import { createClerk } from '@acme/clerk-core'
import { createTestIssuer } from '@acme/clerk-testing'
import { openProxy } from '@acme/tools/services/proxy'
import { describeWith } from '@acme/tools/services/vitest'
import { timed } from '@acme/tools/vitest/timed'
import { PrismaPg } from '@prisma/adapter-pg'
import { expect, test } from 'vitest'
import type { PrismaClient as Client } from '../generated/v7-postgresql-app/client.ts'
import { prismaStore } from './prisma-store.js'
import { createDatabase, engineOf } from './testing/databases.js'

await describeWith('postgres', 'a socket that goes silent', () => {
  test('costs a request its time limit, and the process answers again when the way is there again', {
    timeout: 120_000,
  }, async () => {
    const database = await createDatabase(engineOf('v7-postgresql'))
    if ('missing' in database) throw new Error(database.missing)
    const url = new URL(database.url)
    const proxy = await openProxy({ host: url.hostname, port: Number(url.port) })
    url.port = String(proxy.port)
    const generated = new URL('../generated/v7-postgresql-app/client.ts', import.meta.url)
    const { PrismaClient } = (await import(generated.href)) as { PrismaClient: typeof Client }
    const prisma = new PrismaClient({
      adapter: new PrismaPg({
        connectionString: url.href,
        connectionTimeoutMillis: 1000,
        query_timeout: 1000,
      }),
    })
    const issuer = await createTestIssuer({ azp: 'https://app.example.com' })
    const clerk = createClerk({
      publishableKey: issuer.publishableKey,
      jwtKey: issuer.pem,
      authorizedParties: ['https://app.example.com'],
      provisioning: 'claims',
      session: { graceSeconds: 0 },
      store: { timeoutSeconds: 0.8 },
      ...prismaStore(prisma),
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
    await proxy.close()
    await prisma.$disconnect()
    await database.drop()
  })
})
