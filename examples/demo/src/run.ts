import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { type ClerkEvent, fromEnv } from '@acme/clerk-core'
import { ACTIONS, isAction, needsClerk, PROOFS, type Scene } from './actions.js'
import { type ActivityLog, createActivityLog } from './activity.js'
import { applicationAt } from './application.js'
import { type Env, EXAMPLES, type ExampleName, type RunningExample, startExample } from './examples.js'
import { invite, startOfflineClerk, writeNotes } from './offline.js'
import type { DemoOptions } from './options.js'
import { Problem } from './problem.js'
import { sourcesOf } from './sources.js'
import { type Stage, stageAround } from './stage.js'
import { stateOf, userOf } from './state.js'

export interface Demo {
  readonly url: string
  /** Ends every server, timer and connection and removes what was written. */
  stop(): Promise<void>
}

const HOST = '127.0.0.1'
/** Short, so that a visitor sees how a session is revalidated. */
const REVALIDATE_SECONDS = '20'

/** @throws {Problem} `ConfigurationError` */
export async function runDemo(options: DemoOptions, processEnv: Env): Promise<Demo> {
  const env = { ...processEnv, ...(await readEnvFile(options.envFile)) }
  const real = options.real || (options.envFile !== null && fromEnv(env).secretKey !== undefined)
  const place = await reservePort(options.port)
  try {
    return await (real ? runWithClerk(options, env, place) : runOffline(options, env, place))
  } finally {
    await place.release()
  }
}

async function runWithClerk({ example }: DemoOptions, env: Env, place: ReservedPort): Promise<Demo> {
  const { secretKey, publishableKey } = fromEnv(env)
  for (const [name, value] of Object.entries({
    CLERK_SECRET_KEY: secretKey,
    CLERK_PUBLISHABLE_KEY: publishableKey,
  })) {
    if (value === undefined)
      throw new Problem(
        `--real needs ${name}.`,
        'Copy it from “API keys” in Clerk’s dashboard into the environment.',
      )
  }
  const cleanup = new Cleanup()
  try {
    const running = await startExample(example, {
      ...env,
      CLERK_AUTHORIZED_PARTIES: env['CLERK_AUTHORIZED_PARTIES'] ?? originsAt(place.port),
      SESSION_SECRET: env['SESSION_SECRET'] || newSecret(),
    })
    cleanup.add(() => running.stop())
    const state = async () => ({ mode: 'real' as const, example, sources: sourcesOf(example) })
    const url = await perform(running, place, createActivityLog(), { state }, cleanup)
    return { url, stop: () => cleanup.run() }
  } catch (error) {
    await cleanup.run()
    throw error
  }
}

/** As the page of the demo names them, see `public/people.js`. */
const ADMINISTRATOR = 'admin@example.com'

async function runOffline({ example }: DemoOptions, env: Env, place: ReservedPort): Promise<Demo> {
  const cleanup = new Cleanup()
  try {
    const offline = await startOfflineClerk(`http://${HOST}:${place.port}`)
    cleanup.add(() => offline.stop())
    const running = await startExample(example, {
      ...withoutClerk(env),
      ...offline.env,
      ...(await embeddedDatabase(example, env, cleanup)),
      CLERK_AUTHORIZED_PARTIES: originsAt(place.port),
      CLERK_SESSION_REVALIDATION_SECONDS: REVALIDATE_SECONDS,
      SESSION_SECRET: newSecret(),
    })
    cleanup.add(() => running.stop())
    const adminPassword = newSecret().slice(0, 12)
    await running.administrators?.create({ email: ADMINISTRATOR, password: adminPassword })

    const log = createActivityLog()
    let scene: Scene | null = null
    // One after the other: each action checks its own result.
    let last: Promise<unknown> = Promise.resolve()
    const stage: Stage = {
      state: async () => ({
        ...(scene === null ? { mode: 'offline' } : await stateOf(scene)),
        example,
        adminPassword,
        sources: sourcesOf(example),
      }),
      async act(name, personId, click) {
        const person = scene?.cast.people.find(({ id }) => id === personId)
        if (scene === null || person === undefined || !isAction(name)) return null
        const inTurn = last.then(async () => {
          if (scene?.offline.faults.active.has('*') && needsClerk(name))
            return 'Clerk is down: bring it back first.'
          if (scene === null) return null
          const current = scene
          if (userOf(current.offline, personId) === null) return `${person.name} was deleted at Clerk.`
          const own = click ?? { id: randomUUID(), label: name }
          return log.during(own, PROOFS[name], () => ACTIONS[name](current, person))
        })
        last = inTurn.catch(() => {})
        return inTurn
      },
    }
    const url = await perform(running, place, log, stage, cleanup)
    offline.webhooks.sendTo(`${url}/webhook`)
    const app = await applicationAt(url)
    const cast = await log.during(
      { id: 'start', label: 'Start: people join, and write notes' },
      [],
      async () => {
        const invited = await invite(offline)
        await writeNotes(offline, invited, app.addNote, url)
        return invited
      },
    )
    scene = { offline, clerk: running.clerk, app, cast }
    return { url, stop: () => cleanup.run() }
  } catch (error) {
    await cleanup.run()
    throw error
  }
}

/** Listens, with the demo around the application. */
async function perform(
  { server, clerk }: RunningExample,
  { port, release }: ReservedPort,
  log: ActivityLog,
  stage: Stage,
  cleanup: Cleanup,
): Promise<string> {
  cleanup.add(clerk.observe(log.listener))
  const { changed } = stageAround(server, log, { ...stage, state: () => log.silently(stage.state) })
  cleanup.add(
    clerk.observe((event: ClerkEvent) => {
      if (event.name === 'webhook.processed') changed().catch((error: unknown) => console.error(error))
    }),
  )
  // By hand: a server does not count what has become a WebSocket among its connections, and waits for it all the same.
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  cleanup.add(
    () =>
      new Promise((resolve) => {
        server.close(resolve)
        for (const socket of sockets) socket.destroy()
      }),
  )
  await release()
  await listen(server, port)
  return `http://${HOST}:${port}`
}

class Cleanup {
  readonly #steps: (() => unknown)[] = []

  add(step: () => unknown): void {
    this.#steps.push(step)
  }

  /** Last first, and one that fails does not keep the others from running. */
  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step()
      } catch (error) {
        console.error(error)
      }
    }
  }
}

/** SQLite in a folder that the demo removes, where the environment names no database. */
async function embeddedDatabase(example: ExampleName, env: Env, cleanup: Cleanup): Promise<Env> {
  if (!('embedded' in EXAMPLES[example]) || env['DATABASE_URL']) return {}
  const folder = await mkdtemp(join(tmpdir(), 'team-notes-'))
  // On Windows the file may be open for a moment still.
  cleanup.add(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return { DATABASE_URL: `file:${join(folder, 'notes.db').replaceAll('\\', '/')}` }
}

/** Keys in the environment belong to a real instance: nothing the demo does may reach it. */
function withoutClerk(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('CLERK_')))
}

async function readEnvFile(file: string | null): Promise<Env> {
  if (file === null) return {}
  try {
    return parseEnv(await readFile(file, 'utf8')) as Env
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new Problem(`${file} cannot be read.`, 'Make it a readable text file.', { cause: error })
  }
}

const newSecret = () => randomBytes(24).toString('base64url')
const originsAt = (port: number) => `http://${HOST}:${port},http://localhost:${port}`

interface ReservedPort {
  readonly port: number
  release(): Promise<void>
}

/**
 * Held from before anything is started, since origins are part of the configuration, until the application listens: meanwhile
 * the offline Clerk and other programs take free ports of their own.
 */
async function reservePort(port: number): Promise<ReservedPort> {
  const server = createServer((socket) => socket.destroy())
  await listen(server, port)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    // The callback is called for a server that is closed already, too.
    release: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const PORT_PROBLEMS: Readonly<Record<string, string>> = { EADDRINUSE: 'is in use', EACCES: 'may not be used' }

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = PORT_PROBLEMS[error.code ?? '']
      reject(
        problem
          ? new Problem(
              `Port ${port} ${problem}.`,
              `Choose another: npx --yes pnpm@12 demo --port ${port + 1}`,
            )
          : error,
      )
    })
    server.listen(port, HOST, () => resolve())
  })
}
