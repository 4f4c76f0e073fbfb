import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { Clerk } from '@acme/clerk-core'
import type { AnyClerk } from '@acme/clerk-core/adapter'
import type { MembershipRecord, UserRecord } from '@acme/clerk-core/store'
import { Problem } from './problem.js'

export type Env = Readonly<Record<string, string | undefined>>

/** What the demo needs of an example's `clerk`. */
export type ObservedClerk = AnyClerk &
  Pick<Clerk<UserRecord, MembershipRecord>, 'observe' | 'users' | 'organizations'>

/** What every example's `start(env)` resolves with. The server does not listen yet. */
export interface RunningExample {
  readonly server: Server
  readonly clerk: ObservedClerk
  /** Where the application has a login of its own. */
  readonly administrators?: {
    create(administrator: { readonly email: string; readonly password: string }): Promise<void>
  }
  stop(): Promise<void>
}

interface ExampleDefinition {
  /** The database it cannot do without. */
  readonly database?: {
    readonly variable: string
    readonly kind: string
    readonly port: number
    readonly remedy: string
  }
  /** SQLite in a file, where `DATABASE_URL` names nothing else. */
  readonly embedded?: { readonly orPostgres: boolean }
}

export const EXAMPLES = {
  'express-prisma': { embedded: { orPostgres: true } },
  'koa-mongo': {
    database: {
      variable: 'MONGODB_URL',
      kind: 'MongoDB',
      port: 27017,
      remedy:
        'Start one (docker run --rm -p 127.0.0.1:27017:27017 mongo:8) and set MONGODB_URL=mongodb://127.0.0.1:27017/team_notes.',
    },
  },
  'fastify-postgres': {
    database: {
      variable: 'DATABASE_URL',
      kind: 'PostgreSQL',
      port: 5432,
      remedy:
        'Start one (docker run --rm -p 127.0.0.1:5432:5432 -e POSTGRES_PASSWORD=notes postgres:18) and set DATABASE_URL=postgres://postgres:notes@127.0.0.1:5432/postgres.',
    },
  },
  'hono-drizzle': { embedded: { orPostgres: false } },
  trpc: {},
} as const satisfies Record<string, ExampleDefinition>

export type ExampleName = keyof typeof EXAMPLES

/** @throws {Problem} `ConfigurationError`, when something it needs is not named or does not answer */
export async function startExample(name: ExampleName, env: Env): Promise<RunningExample> {
  const { database, embedded }: ExampleDefinition = EXAMPLES[name]
  const variable = database?.variable ?? 'DATABASE_URL'
  const url = env[variable]
  if (database) await assertReachable(database, url)
  else if (embedded?.orPostgres && /^postgres(ql)?:/.test(url ?? ''))
    await assertReachable(EXAMPLES['fastify-postgres'].database, url)
  else if (embedded && url && !url.startsWith('file:'))
    throw embedded.orPostgres
      ? new Problem(
          `${variable} names neither PostgreSQL nor a file.`,
          'Write postgres://… or file:…, or unset it.',
        )
      : new Problem(`${variable} names no file.`, 'Write file:…, or unset it.')
  // Loaded by name, so that running one example does not need what the others import.
  const { start } = (await import(`@acme/example-${name}`)) as { start(env: Env): Promise<RunningExample> }
  try {
    return await start(env)
  } catch (error) {
    throw problemOf(error, variable) ?? error
  }
}

/** In messages of Prisma, Drizzle and drivers the last line says what is wrong. */
function problemOf(error: unknown, variable: string): Problem | null {
  if (!(error instanceof Error)) return null
  const { code, reason } = error as { code?: unknown; reason?: unknown }
  if (reason === 'keys-unavailable')
    return new Problem('Clerk’s keys cannot be fetched.', 'Check CLERK_PUBLISHABLE_KEY and the network.', {
      cause: error,
    })
  const isOfDatabase =
    'clientVersion' in error ||
    /Prisma|Mongo|Libsql|DrizzleQuery|StoreUnavailable/.test(error.name) ||
    // libSQL gives it no name.
    error.message.startsWith('ConnectionFailed(')
  if (code === 'configuration' || !isOfDatabase) return null
  const said = error.message.trim().split('\n').at(-1) ?? ''
  return new Problem(`The database cannot be used: ${said}`, `Check ${variable}.`, { cause: error })
}

async function assertReachable(
  { variable, kind, port, remedy }: NonNullable<ExampleDefinition['database']>,
  url: string | undefined,
): Promise<void> {
  if (!url) throw new Problem(`This example needs ${kind}, and ${variable} is not set.`, remedy)
  // `mongodb+srv:` names its servers in DNS.
  if (/^\w+\+srv:/.test(url)) return
  const hosts = /^\w+:\/\/(?:[^/@]*@)?([^/?]+)/.exec(url)?.[1]?.split(',') ?? []
  const answers = await Promise.all(hosts.map((host) => answersAt(host, port)))
  if (answers.includes(true)) return
  throw new Problem(`No ${kind} answers at ${hosts.join(' or ') || 'that address'} (${variable}).`, remedy)
}

function answersAt(address: string, defaultPort: number): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`)
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || defaultPort),
      timeout: 3000,
    })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}
