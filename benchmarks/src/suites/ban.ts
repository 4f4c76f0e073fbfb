import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createTestIssuer, signWebhook } from '@acme/clerk-testing'
import { service, startRedis } from '@acme/tools/services'
import type { Settings, Task } from '../ban/backend.js'
import { openPostgres } from '../prisma/open-postgres.js'
import type { Suite } from '../suite.js'

const PARTY = 'http://localhost:3000'
const SECRET = 'whsec_YmFuLWJhbi1iYW4tYmFuLWJhbi1iYW4='
const AIM_MS = 50

/** A ban, from its 200 in one process to the refusal in another, on PostgreSQL with Redis. */
export const ban: Suite = {
  name: 'ban',
  async run({ pick }) {
    const postgres = await openPostgres(2)
    const program = await service('redis')
    if (postgres === null || 'missing' in program) {
      await postgres?.close()
      return []
    }
    const redis = await startRedis(program.path)
    const issuer = await createTestIssuer()
    const settings = {
      databaseUrl: postgres.url,
      redisUrl: redis.url,
      pem: issuer.pem,
      issuer: issuer.issuer,
    }
    const backends = await Promise.all([0, 1].map(() => start({ ...settings, party: PARTY, secret: SECRET })))
    const [writer, reader] = backends as [ChildProcess, ChildProcess]
    try {
      const waits: number[] = []
      for (let i = 0; i < pick(200, 5); i++) {
        const id = `user_${i}`
        const token = await issuer.mint({ sub: id, sid: `sess_${i}`, azp: PARTY }, { ttlSeconds: 3600 })
        await receive(writer, userUpdated(id, 1_000, false))
        const watching = answersOf(reader, 2)
        tell(reader, { task: 'watch', authorization: `Bearer ${token}` })
        const [entered, refused] = watching
        if ((await entered)?.kind !== 'user') throw new Error('the user was not let in before the ban')
        const acknowledged = await receive(writer, userUpdated(id, 2_000, true))
        waits.push(Math.max(0, Number((await refused)?.at) - acknowledged))
      }
      waits.sort((a, b) => a - b)
      const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0
      return [
        {
          what: 'a ban, from its 200 to the refusal in another process, with Redis',
          results: [
            { who: 'median', value: at(0.5), unit: 'ms' },
            { who: 'p99', value: at(0.99), unit: 'ms' },
          ],
          targets: [{ text: `p99 ≤ ${AIM_MS} ms`, met: at(0.99) <= AIM_MS }],
        },
      ]
    } finally {
      for (const backend of backends) backend.kill()
      await redis.stop()
      await postgres.close()
    }
  },
}

async function start(settings: Settings): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('../ban/backend.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, BACKEND: JSON.stringify(settings) },
  })
  await once(child, 'message')
  return child
}

const tell = (child: ChildProcess, task: Task) => child.send(task)

interface Answer {
  readonly at?: number
  readonly status?: number
  readonly kind?: string
}

/** The next so many messages of the process. */
function answersOf(child: ChildProcess, count: number): Promise<Answer>[] {
  const resolvers: ((answer: Answer) => void)[] = []
  const answers = Array.from(
    { length: count },
    () => new Promise<Answer>((resolve) => resolvers.push(resolve)),
  )
  const listen = (answer: Answer) => {
    resolvers.shift()?.(answer)
    if (resolvers.length === 0) child.off('message', listen)
  }
  child.on('message', listen)
  return answers
}

/** @returns when it was acknowledged */
async function receive(child: ChildProcess, event: object): Promise<number> {
  const { headers, body } = signWebhook(event, SECRET)
  const [answer] = answersOf(child, 1)
  tell(child, {
    task: 'receive',
    request: {
      id: headers['svix-id'],
      timestamp: headers['svix-timestamp'],
      signature: headers['svix-signature'],
      body,
    },
  })
  const { at = 0, status } = (await answer) ?? {}
  if (status !== 200) throw new Error(`the webhook was answered ${status}`)
  return at
}

function userUpdated(id: string, version: number, banned: boolean): object {
  return {
    ...{ type: 'user.updated', object: 'event', timestamp: version },
    data: {
      ...{ id, object: 'user', username: null, image_url: null, external_id: null },
      ...{
        first_name: 'Ada',
        last_name: null,
        primary_email_address_id: null,
        primary_phone_number_id: null,
      },
      ...{ email_addresses: [], phone_numbers: [], public_metadata: {}, unsafe_metadata: {} },
      ...{ banned, deprovisioned: false, locked: false, last_sign_in_at: null, last_active_at: null },
      ...{ created_at: 1_000, updated_at: version },
    },
  }
}
