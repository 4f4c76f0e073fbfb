import { smoke } from '@acme/example-page/smoke'
import { TRPCClientError } from '@trpc/client'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { start } from './app.js'
import { connect } from './client.js'

describe('tRPC', () => {
  const given = smoke(start, () => ({}))
  const clientOf = (person: string) =>
    connect(`${given.api.origin}/trpc`, () =>
      given.offline.token(person, { organization: given.orgId, azp: given.api.origin }),
    )

  test('has a typed client, with subscriptions over a WebSocket', async () => {
    const { client, close } = clientOf(given.people.member)
    const counts: number[] = []
    const { seen, subscription } = subscribe(client, counts)
    await seen(0)
    const { id } = await client.notes.add.mutate({ text: 'Live' })
    await seen(1)
    expect(await client.notes.list.query()).toMatchObject([{ id, text: 'Live', author: 'Jonas' }])
    await expect(client.notes.remove.mutate({ id })).rejects.toBeInstanceOf(TRPCClientError)

    const admin = clientOf(given.people.admin)
    await admin.client.notes.remove.mutate({ id })
    await seen(0)
    expect(counts).toEqual([0, 1, 0])
    subscription.unsubscribe()
    await Promise.all([close(), admin.close()])
  })

  test('closes the WebSocket of a session that Clerk has revoked', async () => {
    const session = given.offline.createSession(given.people.member, { organization: given.orgId })
    const token = () => given.offline.token(session, { azp: given.api.origin })
    const first = await token()
    const socket = await open(given.api.origin, {}, first)
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    given.offline.revokeSession(session)
    await given.offline.webhooks.settled()
    await closed
  })

  test('gives nothing to a WebSocket that another site has opened with the cookies of this one', async () => {
    const session = given.offline.createSession(given.people.member, { organization: given.orgId })
    const token = await given.offline.token(session, { azp: given.api.origin })
    const headers = { cookie: `__session=${token}`, origin: 'https://evil.example' }
    const socket = await open(given.api.origin, headers)
    const answer = new Promise<string>((resolve) => socket.on('message', (data) => resolve(String(data))))
    socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'workspace' } }))
    expect(JSON.parse(await answer)).toMatchObject({ error: { data: { code: 'UNAUTHORIZED' } } })
    socket.terminate()
  })
})

function subscribe(client: ReturnType<typeof connect>['client'], counts: number[]) {
  let look = () => {}
  const subscription = client.notes.changes.subscribe(undefined, {
    onData: (count) => {
      counts.push(count)
      look()
    },
  })
  const seen = (count: number) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (counts.at(-1) === count) resolve()
      }
      look()
    })
  return { seen, subscription }
}

/** An open WebSocket, past its connection parameters where there are such. */
async function open(origin: string, headers: Record<string, string>, token?: string): Promise<WebSocket> {
  const query = token === undefined ? '' : '?connectionParams=1'
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/trpc${query}`, { headers })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  if (token === undefined) return socket
  socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization: `Bearer ${token}` } }))
  const answer = new Promise((resolve) => socket.once('message', resolve))
  socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'workspace' } }))
  await answer
  return socket
}
