import autocannon from 'autocannon'
import type { Suite } from '../suite.js'
import { startServer } from '../web/load.js'
import { createSetup } from '../web/setup.js'

/** Whether requests leak memory, over a million of them. */
export const webHeap: Suite = {
  name: 'web-heap',
  async run({ pick }) {
    const amount = pick(1_000_000, 5_000)
    const setup = await createSetup()
    const server = await startServer('fastify', 'ours', setup)
    try {
      const headers = setup.tokens.map((token) => ({ authorization: `Bearer ${token}` }))
      const send = (requests: number) =>
        autocannon({
          url: server.url,
          connections: 32,
          amount: requests,
          requests: headers.map((one) => ({ method: 'GET', path: '/', headers: one })),
        })
      await send(amount / 10)
      const before = (await server.heap()).heapBytes
      await send(amount)
      const grown = ((await server.heap()).heapBytes - before) / 1024 / 1024
      return [
        {
          what: `heap after ${amount.toLocaleString('en')} requests to Fastify`,
          results: [{ who: 'grown by', value: grown, unit: 'MB' }],
          targets: [{ text: '≤ 2 MB more than after a tenth of them', met: grown <= 2 }],
        },
      ]
    } finally {
      server.stop()
    }
  },
}
