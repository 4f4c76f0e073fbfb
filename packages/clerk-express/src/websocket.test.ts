import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { useHarnesses } from '@acme/adapter-suite'
import { authenticateUpgrade, type Clerk, refuseUpgrade, type UpgradeOptions } from '@acme/clerk-core'
import { PAGE, sendRaw } from '@acme/clerk-testing/adapters'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

const harness = useHarnesses()

/** The server of the guide on WebSockets. */
async function serve(clerk: Clerk, options?: UpgradeOptions): Promise<string> {
  const server = createServer()
  const wss = new WebSocketServer({ noServer: true })
  server.on('upgrade', async (req, socket, head) => {
    const upgrade = await authenticateUpgrade(clerk, req, options)
    if (upgrade.denial !== null) return refuseUpgrade(socket, upgrade.denial)
    wss.handleUpgrade(req, socket, head, (ws) => {
      upgrade.closes(ws)
      ws.on('message', () => ws.send(JSON.stringify(upgrade.auth)))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const client of wss.clients) client.terminate()
    server.closeAllConnections()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const open = async (url: string, headers: Record<string, string>) => {
  const socket = new WebSocket(url, { headers })
  await once(socket, 'open')
  return socket
}

const refused = async (url: string, headers: Record<string, string>) => {
  const socket = new WebSocket(url, { headers })
  const [error] = (await once(socket, 'error').catch((reason) => [reason])) as [Error]
  return error.message
}

test('a bearer token opens a WebSocket, a request without one does not', async () => {
  const { clerk, ada } = await harness()
  const url = await serve(clerk)
  const socket = await open(url, { authorization: `Bearer ${ada.token}` })
  socket.send('who?')
  const [said] = await once(socket, 'message')
  expect(JSON.parse(String(said))).toMatchObject({ kind: 'user', clerkId: ada.id })
  expect(await refused(url, {})).toContain('401')
})

test('a cookie opens one only from a listed page', async () => {
  const { clerk, ada } = await harness()
  const url = await serve(clerk)
  const cookie = `__session=${ada.token}`
  expect(await refused(url, { cookie })).toContain('401')
  expect(await refused(url, { cookie, origin: 'https://evil.example' })).toContain('401')
  await open(url, { cookie, origin: PAGE })
})

test('a refusal is a complete HTTP response', async () => {
  const { clerk } = await harness()
  const url = await serve(clerk, { requirement: { role: 'admin' } })
  const head =
    'GET / HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  const answer = await sendRaw(url, head)
  expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
  expect(answer).toContain('WWW-Authenticate: Bearer\r\n')
  expect(answer).toMatch(/\r\n\r\n\{"error":"Authentication required","code":"unauthenticated"\}$/)
})

test('a client that resets the connection during authentication does not end the process', async () => {
  const { clerk, ada } = await harness()
  const url = await serve(clerk)
  const { port } = new URL(url)
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(
        `GET / HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer ${ada.token}\r\n\r\n`,
        () => socket.resetAndDestroy(),
      )
    })
    socket.on('close', () => resolve())
  })
  await open(url, { authorization: `Bearer ${ada.token}` })
})

test.each(['revoked session', 'banned user', 'lost organisation'])('a %s closes the socket', async (what) => {
  const { clerk, ada, orgId, offline } = await harness()
  const url = await serve(clerk)
  const member = await offline.token(ada.sessionId)
  const socket = await open(url, { authorization: `Bearer ${member}` })
  const closed = once(socket, 'close')
  // What the webhooks of these do; delivered here without the detour over HTTP.
  if (what === 'revoked session') await clerk.signOut(ada.sessionId)
  else if (what === 'banned user') await apply('user.updated', offline.banUser(ada.id))
  else await apply('organizationMembership.deleted', offline.removeMember(orgId, ada.id))
  const [code, reason] = await closed
  expect(code).toBe(4401)
  expect(String(reason)).toMatch(/^(session-revoked|user-inactive|organization-lost)$/)

  async function apply(type: string, data: object): Promise<void> {
    const { signWebhook } = await import('@acme/clerk-testing')
    const event = { object: 'event', type, timestamp: Date.now() + 1000, instance_id: 'ins_test', data }
    const { headers, body } = signWebhook(event, offline.webhookSecret)
    const { status } = await clerk.receiveWebhook({
      id: headers['svix-id'],
      timestamp: headers['svix-timestamp'],
      signature: headers['svix-signature'],
      body: Buffer.from(body),
    })
    expect(status).toBe(200)
  }
})
