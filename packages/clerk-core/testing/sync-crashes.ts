import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startClerk } from '@acme/clerk-testing'
import { createClerk } from '../src/create-clerk.js'
import { StoreUnavailableError } from '../src/ground/errors.js'
import type { Stores } from '../src/options.js'

export interface SyncCrashOptions {
  /** Stores with nothing in them. */
  readonly stores: Stores
  /** Default 60. */
  readonly users?: number
  /** After how many calls of the stores a sync is ended, one after the other. */
  readonly kills: readonly number[]
}

/**
 * Syncs that are ended anywhere, one after the other and then one that is not, while another process receives the webhooks
 * of what happens meanwhile, end in what Clerk says.
 */
export async function assertSyncSurvivesCrashes({
  stores,
  users = 60,
  kills,
}: SyncCrashOptions): Promise<void> {
  await using offline = await startClerk()
  const ids = Array.from(
    { length: users },
    (_, n) => offline.createUser({ emailAddress: [`p${n}@example.com`] }).id,
  )
  const options = {
    ...{ secretKey: offline.secretKey, publishableKey: offline.publishableKey, apiUrl: offline.url },
    authorizedParties: 'any',
    logger: false,
    webhookSecrets: [offline.webhookSecret],
    now: () => offline.now(),
  } as const
  const receiver = createClerk({ ...options, ...stores })
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const { status } = await receiver.receiveWebhook({
      ...{ id: req.headers['svix-id'], timestamp: req.headers['svix-timestamp'] },
      ...{ signature: req.headers['svix-signature'], body: Buffer.concat(chunks) },
    })
    res.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  offline.webhooks.sendTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)

  let changes = 0
  /** Something happens at Clerk: its webhook is on its way at once. */
  function change(): void {
    const id = ids[(changes * 7) % ids.length] as string
    const kind = changes++ % 4
    if (kind === 0) offline.updateUser(id, { firstName: `Name ${changes}` })
    else if (kind === 1) offline.banUser(id)
    else if (kind === 2) offline.unbanUser(id)
    else if (ids.length > 10) {
      offline.deleteUser(id)
      ids.splice(ids.indexOf(id), 1)
    }
  }

  try {
    for (const kill of [...kills, Number.POSITIVE_INFINITY]) {
      let calls = 0
      const dying = <S extends object>(store: S): S =>
        new Proxy(store, {
          get(target, name) {
            const method: unknown = Reflect.get(target, name)
            if (typeof method !== 'function') return method
            return (...args: unknown[]) => {
              if (++calls > kill) return Promise.reject(new StoreUnavailableError('the process ended'))
              if (calls % 3 === 0) change()
              return Reflect.apply(method, target, args)
            }
          },
        })
      const clerk = createClerk({ ...options, ...stores, users: dying(stores.users) })
      if (kill === Number.POSITIVE_INFINITY) await clerk.users.sync()
      else
        await clerk.users.sync().catch((error: unknown) => assert.ok(error instanceof StoreUnavailableError))
      await clerk.close()
    }
    await offline.webhooks.flush()
    for (const id of ids) {
      const { first_name, banned, updated_at } = offline.getUser(id)
      const row = await stores.users.findByClerkId(id)
      assert.ok(row, `${id} has no row`)
      const { firstName, banned: isBanned, version, deletedAt } = row
      assert.deepEqual(
        { firstName, isBanned, version, deletedAt },
        { firstName: first_name, isBanned: banned, version: updated_at, deletedAt: null },
      )
    }
    const result = await receiver.users.reconcile()
    assert.deepEqual(
      [result.missingHere, result.goneAtClerk, result.different, result.deletedHere],
      [0, 0, 0, 0],
    )
  } finally {
    await receiver.close()
    await new Promise((resolve) => server.close(resolve))
  }
}
