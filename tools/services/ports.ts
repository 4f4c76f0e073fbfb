import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { listen } from './processes.js'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Logs and downloads; ignored by git. Servers are shared by those who have the same one. */
export const SERVICES_FOLDER = process.env.SERVICES_DIR ?? join(ROOT, '.services')

/**
 * Ports below the ephemeral range, in the order to try them, always the same for one folder and name. The process
 * that listens holds the name: unlike a lock file, a port is given back by the kernel however its holder ends.
 */
export function portsOf(name: string): number[] {
  const hash = createHash('sha256').update(`${SERVICES_FOLDER}\0${name}`).digest()
  return Array.from({ length: 8 }, (_, index) => 20_000 + (hash.readUInt16BE(index * 2) % 10_000))
}

/** Runs `work` while no other process of this machine runs anything under the same name. */
export async function exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
  const port = portsOf(`exclusive:${name}`)[0] ?? 0
  for (;;) {
    const server = createServer((socket) => socket.destroy())
    if (await listen(server, port)) {
      return await work().finally(() => server.close())
    }
    await sleep(200)
  }
}
