import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ServerName } from './definition.js'
import { portsOf, ROOT, SERVICES_FOLDER } from './ports.js'

/** What a supervisor writes to a connection, first at once and then when its server runs or has failed; one JSON line each. */
export const hello = (name: ServerName) =>
  `${JSON.stringify({ supervisor: name, folder: SERVICES_FOLDER })}\n`
export type Outcome = { url: string } | { error: string }

/** Longer than downloading and installing anything takes. */
const DEADLINE_MS = 10 * 60_000
const HELLO_MS = 2000
const MOST_STARTS = 5

/** A supervisor that said hello. `outcome` is null when it ended before it had one. */
interface Supervisor {
  socket: Socket
  outcome: Promise<Outcome | null>
}

/** `none`: the port is free. `other`: another program listens there. */
function dial(port: number, name: ServerName): Promise<Supervisor | 'none' | 'other'> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const timer = setTimeout(() => socket.destroy(), HELLO_MS)
    let connected = false
    let resolveOutcome: (outcome: Outcome | null) => void = () => {}
    const outcome = new Promise<Outcome | null>((done) => {
      resolveOutcome = done
    })
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
      const [first, second, rest] = text.split('\n')
      if (second === undefined) return
      clearTimeout(timer)
      if (`${first}\n` !== hello(name)) socket.destroy()
      else resolve({ socket, outcome })
      if (rest !== undefined) resolveOutcome(JSON.parse(second) as Outcome)
    })
    socket.once('connect', () => {
      connected = true
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      clearTimeout(timer)
      resolveOutcome(null)
      resolve(connected ? 'other' : 'none')
    })
  })
}

async function startSupervisor(name: ServerName, port: number): Promise<ChildProcess> {
  await mkdir(SERVICES_FOLDER, { recursive: true })
  const log = await open(join(SERVICES_FOLDER, `${name}.log`), 'a')
  const script = fileURLToPath(new URL('supervisor.ts', import.meta.url))
  const tsx = import.meta.resolve('tsx')
  const child = spawn(process.execPath, ['--import', tsx, script, name, String(port)], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    cwd: ROOT,
  })
  child.unref()
  await log.close()
  return child
}

/** Starts supervisors until one answers: ours, or the one of a process that was faster. */
async function reach(name: ServerName, port: number): Promise<Supervisor | 'other'> {
  let starts = 0
  let child: ChildProcess | undefined
  for (;;) {
    const answer = await dial(port, name)
    if (answer !== 'none') return answer
    if (child === undefined || child.exitCode !== null) {
      if (++starts > MOST_STARTS)
        throw new Error(`no supervisor of ${name} stays up: see ${SERVICES_FOLDER}/${name}.log`)
      child = await startSupervisor(name, port)
    }
    await sleep(100)
  }
}

/**
 * URL of the shared server, started by the first process that needs it. The lease is a connection to its supervisor that
 * lives as long as this process and does not keep it alive.
 */
export async function lease(name: ServerName): Promise<string> {
  const end = Date.now() + DEADLINE_MS
  const ports = portsOf(name)
  while (ports[0] !== undefined && Date.now() < end) {
    const supervisor = await reach(name, ports[0])
    if (supervisor === 'other') {
      ports.shift()
      continue
    }
    const outcome = await supervisor.outcome
    if (outcome === null) continue
    if ('url' in outcome) {
      supervisor.socket.unref()
      return outcome.url
    }
    supervisor.socket.destroy()
    throw new Error(`${name} could not be started: ${outcome.error}`)
  }
  throw new Error(`${name} could not be started: no port to supervise it on`)
}

/** Ends the shared server, even while other processes use it. False: it was not running. */
export async function stopServer(name: ServerName): Promise<boolean> {
  for (const port of portsOf(name)) {
    const answer = await dial(port, name)
    if (answer === 'none') return false
    if (answer === 'other') continue
    const gone = new Promise((resolve) => answer.socket.once('close', resolve))
    answer.socket.write('stop\n')
    await gone
    return true
  }
  return false
}
