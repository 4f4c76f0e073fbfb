import { createClerk, type WebhookRequest } from '@acme/clerk-core'
import { prismaStore } from '@acme/clerk-prisma'
import pg from 'pg'
import { type Candidate, compare } from '../measure.js'
import { openPostgres, type Postgres, type Statement } from '../prisma/open-postgres.js'
import type { Suite } from '../suite.js'
import { SECRET, userCreated } from './webhooks.js'

const AT_A_TIME = 16
const AIM_PER_SECOND = 1000

/**
 * Webhooks through verify, inbox, apply and done on PostgreSQL, 16 at a time, beside the very statements they send through
 * the bare driver: the database's share.
 */
export const prismaWebhooks: Suite = {
  name: 'prisma-webhooks',
  async run({ pick }) {
    const postgres = await openPostgres(AT_A_TIME)
    if (postgres === null) return []
    const pool = new pg.Pool({ connectionString: postgres.url, max: AT_A_TIME })
    // `end()` does not wait for the last sockets; dropping the database terminates them, which is no news by then.
    pool.on('error', () => undefined)
    const clerk = backend(postgres)
    try {
      const ops = pick(1000, 40)
      const requests = Array.from({ length: ops }, (_, i) => userCreated(i, SECRET))
      const statements = await record(postgres, (request) => clerk.receiveWebhook(request), requests)
      const empty = () => pool.query('TRUNCATE "User", "WebhookEvent", "ClerkChange"')
      const candidate = (who: string, op: Candidate['op']): Candidate => ({ who, op, reset: empty })
      const results = await compare(
        [
          candidate('receiveWebhook', async (i) => {
            const { status } = await clerk.receiveWebhook(requests[i]!)
            if (status !== 200) throw new Error(`answered ${status}`)
          }),
          candidate('its statements, bare driver', async (i) => {
            for (const { text, values } of statements[i]!)
              await pool.query({ text, values, name: nameOf(text) })
          }),
        ],
        { rounds: pick(12, 1), ops, concurrency: AT_A_TIME },
      )
      const [whole = 0, bare = 0] = results.map(({ value }) => value)
      const share = (part: number) => `${Math.round((part / whole) * 100)}%`
      const shares = `database ${share(bare)}, Prisma and ours ${share(whole - bare)}`
      const perSecond = 1e6 / whole
      return [
        {
          what: `a user.created webhook, ${statements[0]?.length} statements, ${AT_A_TIME} at a time (${shares})`,
          results: results.map(({ who, value, unit }) => ({ who, value, unit })),
        },
        {
          what: 'webhooks per second',
          results: [{ who: 'receiveWebhook', value: perSecond, unit: 'events/s' }],
          targets: [{ text: `aim: ${AIM_PER_SECOND}`, met: perSecond >= AIM_PER_SECOND }],
        },
      ]
    } finally {
      await clerk.close()
      await pool.end()
      await postgres.close()
    }
  },
}

function backend({ prisma }: Postgres) {
  return createClerk({
    logger: false,
    ...prismaStore(prisma),
    authorizedParties: 'any',
    issuer: 'https://clerk.example.com',
    jwksUrl: 'https://clerk.example.com/.well-known/jwks.json',
    provisioning: 'off',
    webhookSecrets: [SECRET],
    invalidation: { pollSeconds: 3600 },
  })
}

/** What each webhook sends, one after the other. */
async function record(
  postgres: Postgres,
  receive: (request: WebhookRequest) => Promise<unknown>,
  requests: readonly WebhookRequest[],
): Promise<(readonly Statement[])[]> {
  const recorded: (readonly Statement[])[] = []
  postgres.record(true)
  for (const request of requests) {
    await receive(request)
    recorded.push(postgres.statements().filter(({ text }) => /^\s*(INSERT|UPDATE|SELECT)/.test(text)))
  }
  postgres.record(false)
  return recorded
}

/** Prepared once per connection, as Prisma's driver does. */
const names = new Map<string, string>()
function nameOf(text: string): string {
  const name = names.get(text) ?? `s${names.size}`
  names.set(text, name)
  return name
}
