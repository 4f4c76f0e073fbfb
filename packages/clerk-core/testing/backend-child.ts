// A whole backend in a process of its own, configured by its environment, with its stores in another process.
// Argument: port of the stores. `POST /webhook` receives, any other request is authenticated.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClerk } from '../src/create-clerk.js'
import { fromEnv } from '../src/env.js'
import { connectStores } from './remote-stores.js'

const { users, organizations, inbox } = await connectStores(Number(process.argv[2]))
const clerk = createClerk({
  ...fromEnv(),
  users,
  organizations,
  inbox,
  cache: { userTtlSeconds: 3600 },
  invalidation: { pollSeconds: 0.5 },
})
await clerk.ready()

const server = createServer(async (req, res) => {
  if (req.url === '/webhook') {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const { status } = await clerk.receiveWebhook({
      id: req.headers['svix-id'],
      timestamp: req.headers['svix-timestamp'],
      signature: req.headers['svix-signature'],
      body: Buffer.concat(chunks),
    })
    res.writeHead(status).end()
    return
  }
  const auth = await clerk.authenticate({ authorization: req.headers.authorization })
  res.end(JSON.stringify({ kind: auth.kind, reason: 'reason' in auth ? auth.reason : null }))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.((server.address() as AddressInfo).port)
// Without its parent there is nothing to test.
process.on('disconnect', () => process.exit())
