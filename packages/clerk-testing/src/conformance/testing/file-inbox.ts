import { mkdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Claim, Inbox } from '@acme/clerk-core/store'
import type { OpenStores } from '../harness.js'

/**
 * An inbox over files that believes it is alone: claims queue up within the process, and nothing keeps another process
 * from coming between the look and the write. Only `claim` is used.
 */
function fileInbox(folder: string): Pick<Inbox, 'claim'> {
  mkdirSync(folder, { recursive: true })
  let queue: Promise<unknown> = Promise.resolve()
  const claim = async (id: string, leaseMs: number): Promise<Claim> => {
    const file = join(folder, id)
    const held = Number(await readFile(file, 'utf8').catch(() => '0'))
    const now = Date.now()
    if (held > now) return { status: 'busy', retryAfterMs: held - now }
    await writeFile(file, String(now + leaseMs))
    return { status: 'claimed', owner: String(now), attempts: 1, succeeded: [] }
  }
  return {
    claim({ id }, leaseMs) {
      const turn = queue.then(() => claim(id, leaseMs))
      queue = turn.catch(() => {})
      return turn
    },
  }
}

export const openStores = (async (folder) => {
  if (folder === null) throw new Error('This store cannot be opened.')
  return { stores: { inbox: fileInbox(String(folder)) as Inbox } }
}) satisfies OpenStores
