import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describeProxies } from '@acme/clerk-testing/adapters'
import Koa from 'koa'
import * as vitest from 'vitest'
import { clerkRoutes } from './index.js'

describeProxies(vitest, {
  name: 'Koa',
  ofList: 'https://outer.example.com',
  async start(clerk, trusted) {
    const app = new Koa()
    app.proxy = trusted === 1
    app.maxIpsCount = trusted
    app.use(clerkRoutes(clerk))
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () => new Promise((resolve) => server.close(resolve)),
    }
  },
})
