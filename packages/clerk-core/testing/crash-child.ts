// A backend that receives webhooks and has its stores in another process. Arguments: port of the stores, clock (ms).
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connectStores } from './remote-stores.js'
import { webhookHarness } from './webhook-harness.js'

const [port, clock] = process.argv.slice(2).map(Number) as [number, number]
const { log, ...stores } = await connectStores(port)
const effects = log('effects') as { note(handler: string, event: string): Promise<void> }

const { webhooks } = webhookHarness({ stores, clock: { ms: clock } })
for (const name of ['first', 'second']) {
  webhooks.on('*', ({ id }) => effects.note(name, id), { name })
}

const server = createServer(async (req, res) => {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const { status, body } = await webhooks.receive({
    id: req.headers['svix-id'],
    timestamp: req.headers['svix-timestamp'],
    signature: req.headers['svix-signature'],
    body: Buffer.concat(chunks),
  })
  res.writeHead(status).end(JSON.stringify(body))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.((server.address() as AddressInfo).port)
// Without its parent there is nothing to test.
process.on('disconnect', () => process.exit())
