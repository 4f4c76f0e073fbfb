// One of two processes of a backend. Receives webhooks, or watches for the moment when a user is refused.
import { createClerk, type WebhookRequest } from '@acme/clerk-core'
import { prismaStore } from '@acme/clerk-prisma'
import { redisInvalidation } from '@acme/clerk-redis'
import { PrismaPg } from '@prisma/adapter-pg'
import { createClient } from 'redis'
import { PrismaClient } from '../../../packages/clerk-prisma/generated/v7-postgresql-app/client.ts'

export interface Settings {
  readonly databaseUrl: string
  /** `null`: without Redis. */
  readonly redisUrl: string | null
  readonly pem: string
  readonly issuer: string
  readonly party: string
  readonly secret: string
}

export type Task =
  | { readonly task: 'receive'; readonly request: Omit<WebhookRequest, 'body'> & { readonly body: string } }
  | { readonly task: 'watch'; readonly authorization: string }

const settings = JSON.parse(process.env.BACKEND ?? '{}') as Settings
const { databaseUrl, redisUrl, pem, issuer, party, secret } = settings
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl, max: 5 }) })
const redis = redisUrl === null ? null : createClient({ url: redisUrl })
await redis?.connect()
const clerk = createClerk({
  logger: false,
  // What is measured is no outage, however busy the machine is.
  store: { timeoutSeconds: 30 },
  ...prismaStore(prisma),
  ...{ jwtKey: pem, issuer, authorizedParties: [party], webhookSecrets: [secret], provisioning: 'off' },
  ...(redis === null ? {} : { invalidation: redisInvalidation(redis) }),
})
await clerk.ready()

/** Comparable between processes of one machine; milliseconds. */
const clock = () => performance.timeOrigin + performance.now()

async function refusedAt(authorization: string): Promise<number> {
  for (;;) {
    const auth = await clerk.authenticate({ authorization })
    if (auth.kind !== 'user') return clock()
    // As requests come: some hundred in a second.
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

process.on('message', async (message: Task) => {
  if (message.task === 'watch') {
    const auth = await clerk.authenticate({ authorization: message.authorization })
    process.send?.({ kind: auth.kind })
    process.send?.({ at: await refusedAt(message.authorization) })
    return
  }
  const { body, ...headers } = message.request
  const { status } = await clerk.receiveWebhook({ ...headers, body: Buffer.from(body) })
  process.send?.({ at: clock(), status })
})
process.send?.('ready')
