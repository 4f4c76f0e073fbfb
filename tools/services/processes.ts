import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** An account of the operating system to run a server as. */
export interface Account {
  uid: number
  gid: number
}

export async function exists(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** The first of these programs that is on PATH or in one of the folders. */
export async function findProgram(
  names: readonly string[],
  folders: readonly string[] = [],
): Promise<string | null> {
  const places = [...folders, ...(process.env.PATH ?? '').split(delimiter).filter(Boolean)]
  for (const name of names) {
    for (const folder of places) {
      const path = join(folder, name)
      if (await exists(path)) return path
    }
  }
  return null
}

/** Runs a program to its end; rejects with the tail of its output when it fails. */
export function run(
  command: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; account?: Account | undefined } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...options.account,
    })
    let output = ''
    const keep = (chunk: Buffer) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${command} ended with ${code}:\n${output.slice(-2000)}`))
    })
  })
}

/** The first of these accounts in /etc/passwd, else 65534 ("nobody"); `undefined` unless we are root and one is asked for. */
export async function unprivileged(names: readonly string[]): Promise<Account | undefined> {
  if (names.length === 0 || process.getuid?.() !== 0) return undefined
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of names) {
    const entry = lines.find(([account]) => account === name)
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) }
  }
  return { uid: 65534, gid: 65534 }
}

/** Whether any account may reach this path: a checkout below /root is closed to the one a server runs as. */
export async function isReachableByAll(path: string): Promise<boolean> {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false
  }
  return true
}

export function listen(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    server.listen({ port, host: '127.0.0.1' }, () => resolve(true))
  })
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await listen(server, 0)
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port could be had on 127.0.0.1')
  return address.port
}

/** Polls until `attempt` succeeds; rejects with its last error at the deadline. */
export async function eventually(attempt: () => Promise<unknown>, deadlineMs: number): Promise<void> {
  const end = Date.now() + deadlineMs
  for (;;) {
    try {
      await attempt()
      return
    } catch (error) {
      if (Date.now() > end) throw error
      await sleep(100)
    }
  }
}
