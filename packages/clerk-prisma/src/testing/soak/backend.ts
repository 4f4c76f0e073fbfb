// One process of a backend, as an operator would run it: webhooks, signed-in requests, a worker. Started by `backends.ts`.
import { createServer } from 'node:http'
import { authorize, createClerk, createInboxWorker } from '@acme/clerk-core'
import { redisInvalidation } from '@acme/clerk-redis'
import pg from 'pg'
import { createClient } from 'redis'
import { prismaStore } from '../../prisma-store.js'
import { engineOf } from '../databases.js'
import type { BackendSettings } from './backends.js'

const settings = JSON.parse(process.env.SOAK ?? '{}') as BackendSettings
const { databaseUrl, handledUrl, redisUrl, skewMs, pemKey, issuer, webhookSecret, party } = settings

const prisma = await engineOf('v7-postgresql').connect(databaseUrl)
const redis = createClient({ url: redisUrl })
redis.on('error', () => undefined)
await redis.connect()

const clerk = createClerk({
  ...prismaStore(prisma),
  jwtKey: pemKey,
  issuer,
  authorizedParties: [party],
  provisioning: 'off',
  webhookSecrets: [webhookSecret],
  webhook: { leaseSeconds: settings.leaseSeconds },
  session: { graceSeconds: settings.graceSeconds },
  store: { timeoutSeconds: 1 },
  invalidation: redisInvalidation(redis),
  now: () => Date.now() + skewMs,
})

// Not by the way that goes silent: what a handler has done must be seen by the test.
const handled = new pg.Pool({ connectionString: handledUrl, max: 4 })
clerk.on('*', async ({ id }) => {
  const { rows } = await handled.query(
    'INSERT INTO handled (id, runs) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET runs = handled.runs + 1 RETURNING runs',
    [id],
  )
  // Every third event fails at first, and some of those twice.
  const failures = [0, 0, 1, 0, 0, 2][Number(BigInt.asUintN(16, hash(id))) % 6] ?? 0
  if (rows[0].runs <= failures) throw new Error('not yet')
})

function hash(text: string): bigint {
  let sum = 0n
  for (const char of text) sum = sum * 31n + BigInt(char.codePointAt(0) ?? 0)
  return sum
}

const worker = createInboxWorker(clerk, {
  pollSeconds: 1,
  backoff: { firstSeconds: 1, longestSeconds: 4 },
})

const server = createServer(async (request, response) => {
  const answer = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (request.url === '/webhook') {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { headers } = request
    const outcome = await clerk.receiveWebhook({
      id: String(headers['svix-id']),
      timestamp: String(headers['svix-timestamp']),
      signature: String(headers['svix-signature']),
      body: Buffer.concat(chunks),
    })
    return answer(outcome.status, { kind: outcome.kind })
  }
  if (request.url === '/memory') {
    globalThis.gc?.()
    return answer(200, { heapUsed: process.memoryUsage().heapUsed })
  }
  const auth = await clerk.authenticate({ method: 'GET', authorization: request.headers.authorization })
  const denial = authorize(auth)
  return answer(denial?.status ?? 200, {
    kind: auth.kind,
    reason: 'reason' in auth ? auth.reason : null,
  })
})

await clerk.ready().catch(() => undefined)
worker.start()
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : null })
})
