import { existsSync } from 'node:fs'
import { startClerk } from '../clerk.js'
import type { OfflineClerk } from '../options.js'
import { readSeed, type Seed } from '../resources/seed.js'
import { type Danger, dangers } from '../safety.js'
import { CliError, readArguments } from './arguments.js'

const defaultSeed: Seed = {
  users: [
    { emailAddress: 'ada+clerk_test@example.com', username: 'ada', firstName: 'Ada', lastName: 'Lovelace' },
    {
      emailAddress: 'grace+clerk_test@example.com',
      username: 'grace',
      firstName: 'Grace',
      lastName: 'Hopper',
    },
  ],
  organizations: [{ name: 'Acme', members: [{ user: 'ada', role: 'org:admin' }, { user: 'grace' }] }],
}

/** `clerk-offline`: runs until Ctrl-C. */
export async function serve(args: string[]): Promise<void> {
  const { values, positionals } = readArguments(args, {
    port: { type: 'string', default: '4400' },
    seed: { type: 'string' },
    'webhook-url': { type: 'string' },
    data: { type: 'string' },
    persist: { type: 'string' },
    'secret-key': { type: 'string' },
    'webhook-secret': { type: 'string' },
    host: { type: 'string' },
    'public-url': { type: 'string' },
    issuer: { type: 'string' },
    'rate-limits': { type: 'boolean' },
    'latency-ms': { type: 'string' },
    'dangerously-allow': { type: 'string', multiple: true },
    'app-url': { type: 'string', default: 'http://localhost:3000' },
  })
  if (positionals.length > 0)
    throw new CliError(`There is no command "${positionals[0]}". See clerk-offline --help.`)
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new CliError('--port is a number from 0 to 65535.')
  const app = origin('--app-url', values['app-url'])
  const webhookUrl = values['webhook-url']
  if (webhookUrl !== undefined) origin('--webhook-url', webhookUrl)
  // --persist is the name it had first.
  const persist = values.data ?? values.persist

  const offline = await startClerk({
    port,
    seed: values.seed === undefined ? defaultSeed : await seedOf(values.seed),
    secretKey: values['secret-key'],
    webhookSecret: values['webhook-secret'],
    host: values.host,
    publicUrl: values['public-url'],
    issuer: values.issuer,
    rateLimits: values['rate-limits'],
    latencyMs: Number(values['latency-ms'] ?? 0),
    dangerouslyAllow: (values['dangerously-allow'] ?? []).map(danger),
    webhookUrl,
    // Standard output is for the environment, which people redirect into a file.
    logger: { warn: (_, message) => console.error(`[clerk-offline] ${message}`) },
    appUrl: app,
    snapshot: persist !== undefined && existsSync(persist) ? persist : undefined,
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    throw new CliError(`Port ${port} is in use. Stop what listens there, or choose another with --port.`)
  })
  if (persist !== undefined) await offline.save(persist)

  console.log(banner(offline, app))
  const saving = persist === undefined ? undefined : keepSaving(offline, persist)

  let stopping = false
  const stop = async () => {
    if (stopping) process.exit(130)
    stopping = true
    clearInterval(saving)
    if (persist !== undefined) await offline.save(persist)
    await offline.stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stop().catch((error: unknown) => {
        console.error(`clerk-offline: ${error instanceof Error ? error.message : String(error)}`)
        process.exit(1)
      })
    })
  }
}

function banner(offline: OfflineClerk, app: string): string {
  return [
    `Offline Clerk  ${offline.url}`,
    `Sign in        ${offline.url}/sign-in?redirect_url=${encodeURIComponent(app)}`,
    `Dashboard      ${offline.url}/dashboard`,
    '',
    '# Environment of your application, for its .env (node --env-file=.env):',
    offline.dotenv,
    '',
    'Ctrl-C stops it.',
  ].join('\n')
}

/** At most two seconds of changes are lost when the process is killed. */
function keepSaving(offline: OfflineClerk, file: string): NodeJS.Timeout {
  let saved = JSON.stringify(offline.snapshot())
  let busy = false
  const look = async () => {
    const current = JSON.stringify(offline.snapshot())
    if (busy || current === saved) return
    busy = true
    try {
      await offline.save(file)
      saved = current
    } catch (error) {
      console.error(
        `clerk-offline: ${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      )
    } finally {
      busy = false
    }
  }
  return setInterval(() => void look(), 2000)
}

async function seedOf(file: string): Promise<Seed> {
  try {
    return await readSeed(file)
  } catch (error) {
    throw new CliError(
      `The seed ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    )
  }
}

function danger(given: string): Danger {
  const known = dangers.find((one) => one === given)
  if (!known) throw new CliError(`--dangerously-allow is one of ${dangers.join(', ')}.`)
  return known
}

function origin(option: string, value: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new CliError(`${option} is a URL like http://localhost:3000.`)
  }
  return new URL(value).origin
}
