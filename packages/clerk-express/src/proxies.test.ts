import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { runProxySuite } from '@acme/adapter-suite'
import express from 'express'
import { clerkRoutes } from './index.js'

runProxySuite(async (clerk, trusted) => {
  const app = express()
  app.set('trust proxy', trusted)
  app.use(clerkRoutes(clerk))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}, 'https://outer.example.com')
