// `supervisor.ts <server> <control port>`: runs one server for every process that holds a connection to the control
// port, and ends it some seconds after the last connection is gone. So no crash of a test run leaves a server behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADMINISTRATION } from './databases.js'
import type { ServerName } from './definition.js'
import { DEFINITIONS } from './definitions.js'
import { hello, type Outcome } from './lease.js'
import { eventually, findProgram, freePort, listen, unprivileged } from './processes.js'

const IDLE_MS = Number(process.env.SERVICES_IDLE_MS ?? 10_000)
const START_DEADLINE_MS = 60_000

const name = process.argv[2] as ServerName
const definition = DEFINITIONS[name]
const sockets = new Set<Socket>()
let folder: string | undefined
let child: ChildProcess | undefined
let stopSignal: 'SIGINT' | 'SIGTERM' = 'SIGTERM'
let idle: NodeJS.Timeout | undefined
let stopping = false
let outcome: Outcome | undefined

async function stop(): Promise<void> {
  stopping = true
  control.close()
  const running = child
  if (running !== undefined && running.exitCode === null && running.signalCode === null) {
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(stopSignal)
    const killer = setTimeout(() => running.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(killer)
  }
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  // The connections end with this process, which tells the client that asked for the end when it is over.
  process.exit()
}

function end(): void {
  if (!stopping) void stop()
}

function rest(): void {
  clearTimeout(idle)
  if (outcome !== undefined && sockets.size === 0) idle = setTimeout(end, IDLE_MS)
}

function tell(socket: Socket): void {
  if (outcome !== undefined) socket.write(`${JSON.stringify(outcome)}\n`)
}

const control = createServer((socket) => {
  sockets.add(socket)
  clearTimeout(idle)
  socket.on('error', () => {})
  socket.on('close', () => {
    sockets.delete(socket)
    rest()
  })
  socket.on('data', (data) => {
    if (String(data).includes('stop')) end()
  })
  socket.write(hello(name))
  tell(socket)
})

async function start(): Promise<string> {
  const boot = (await definition.find()) ?? (await definition.install())
  if (boot === null) throw new Error(`${name} could not be provisioned`)
  const account = await unprivileged(definition.accounts)
  folder = await mkdtemp(join(tmpdir(), `services-${name}-`))
  if (account) await chown(folder, account.uid, account.gid)
  const launch = await boot({ folder, port: await freePort(), account })
  stopSignal = launch.stopSignal

  // Should this process be killed, Linux ends the server with it.
  const setpriv = process.platform === 'linux' ? await findProgram(['setpriv']) : null
  const [command, ...args] = [
    ...(setpriv === null ? [] : [setpriv, '--pdeathsig', launch.stopSignal.slice(3), '--']),
    launch.command,
    ...launch.args,
  ] as [string, ...string[]]
  const server = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    cwd: folder,
    env: { ...process.env, ...launch.env },
    ...account,
  })
  child = server
  const died = new Promise<never>((_, reject) => {
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`${name} ended with ${code} while starting`)))
  })
  await Promise.race([eventually(() => ADMINISTRATION[name].ping(launch.url), START_DEADLINE_MS), died])
  died.catch(() => end())
  return launch.url
}

process.on('SIGTERM', end)
process.on('SIGINT', end)

// The port taken means that another process won the race to start this server: its supervisor serves all.
if (await listen(control, Number(process.argv[3]))) {
  outcome = await start().then(
    (url) => ({ url }),
    (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
  )
  for (const socket of sockets) tell(socket)
  if ('error' in outcome) {
    console.error(outcome.error)
    for (const socket of sockets) socket.end()
    setTimeout(end, 500)
  } else rest()
}
