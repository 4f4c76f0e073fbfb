import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { OfflineClerk } from '@acme/clerk-testing'
import { describe, expect, test, vi } from 'vitest'
import { authenticateUpgrade, startInstance, startOffline } from '../../../testing/authority-harness.js'

/** What `authenticateUpgrade` reads of a request for a WebSocket. */
function upgradeRequest(headers: Record<string, string>): IncomingMessage {
  return { headers, method: 'GET', socket: new EventEmitter() } as unknown as IncomingMessage
}

/** A WebSocket that notes what it is closed with. */
function socket() {
  const closed: [number, string][] = []
  const events = new EventEmitter()
  return Object.assign(events, {
    closed,
    close(code: number, reason: string) {
      closed.push([code, reason])
      events.emit('close')
    },
  })
}

const OPTIONS = {
  accept: { apiKeys: true },
  invalidation: { pollSeconds: 0 },
} as const

async function administrator(offline: OfflineClerk) {
  const user = offline.createUser()
  const org = offline.createOrganization({ name: 'Org', createdBy: user.id })
  const session = offline.createSession(user, { organization: org })
  return { user, org, header: await offline.authHeader(session) }
}

describe('an open connection is judged again', () => {
  test('when its administrator is demoted', async () => {
    const offline = await startOffline()
    const { clerk, deliver } = startInstance(offline, OPTIONS)
    const { user, org, header } = await administrator(offline)
    await deliver()
    await offline.advance(1_000)
    const upgrade = await authenticateUpgrade(clerk, upgradeRequest(header), {
      requirement: { role: 'admin' },
    })
    expect(upgrade.denial).toBeNull()
    const ws = socket()
    upgrade.closes(ws)
    await offline.advance(1_000)
    offline.updateMembership(org, user, 'org:member')
    await deliver()
    await vi.waitFor(() => expect(ws.closed).toMatchObject([[4401, expect.any(String)]]))
  })

  test('when the factor that it was opened with has grown old', async () => {
    const offline = await startOffline()
    const { clerk } = startInstance(offline, OPTIONS)
    const { header } = await administrator(offline)
    const upgrade = await authenticateUpgrade(clerk, upgradeRequest(header), {
      requirement: { reverification: 'strict' },
    })
    expect(upgrade.denial).toBeNull()
    const ws = socket()
    upgrade.closes(ws)
    await offline.advance(15 * 60_000)
    await vi.waitFor(() => expect(ws.closed).toMatchObject([[4401, expect.any(String)]]))
  })

  test('when its API key is revoked', async () => {
    const offline = await startOffline()
    const { clerk } = startInstance(offline, OPTIONS)
    const { user } = await administrator(offline)
    const { id, secret } = offline.createApiKey({ subject: user })
    const upgrade = await authenticateUpgrade(clerk, upgradeRequest({ authorization: `Bearer ${secret}` }), {
      requirement: { machine: 'only' },
    })
    expect(upgrade.denial).toBeNull()
    const ws = socket()
    upgrade.closes(ws)
    await fetch(`${offline.url}/api_keys/${id}/revoke`, {
      method: 'POST',
      headers: { authorization: `Bearer ${offline.secretKey}`, 'content-type': 'application/json' },
      body: '{}',
    })
    await offline.advance(61_000)
    await vi.waitFor(() => expect(ws.closed).toMatchObject([[4401, expect.any(String)]]))
  })

  test('when the organisation of its API key is deleted', async () => {
    const offline = await startOffline()
    const { clerk, deliver } = startInstance(offline, OPTIONS)
    const { org } = await administrator(offline)
    await deliver()
    const { secret } = offline.createApiKey({ subject: org })
    const upgrade = await authenticateUpgrade(clerk, upgradeRequest({ authorization: `Bearer ${secret}` }), {
      requirement: { machine: 'only' },
    })
    expect(upgrade.denial).toBeNull()
    const ws = socket()
    upgrade.closes(ws)
    await offline.advance(1_000)
    offline.deleteOrganization(org)
    await deliver()
    await vi.waitFor(() => expect(ws.closed).toMatchObject([[4401, expect.any(String)]]))
  })
})

test.each([
  ['nothing that closes', { once: () => undefined }],
  ['a socket of socket.io, which has `disconnect`', { on: () => undefined, disconnect: () => undefined }],
  ['nothing', undefined],
])('closes() refuses %s at once, not when it would have to close it', async (_name, value) => {
  const offline = await startOffline()
  const { clerk } = startInstance(offline)
  const { header } = await administrator(offline)
  const { closes } = await authenticateUpgrade(clerk, upgradeRequest(header))
  // The message says what a socket has to have, not that a property of undefined cannot be read.
  expect(() => closes(value as never)).toThrow(/close/)
})
