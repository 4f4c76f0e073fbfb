import { describeProxies } from '@acme/clerk-testing/adapters'
import { Hono } from 'hono'
import * as vitest from 'vitest'
import { clerkMiddleware, clerkRoutes } from './index.js'
import { listen } from './testing/app.js'

describeProxies(vitest, {
  name: 'Hono',
  ofList: 'http://inner.example.com',
  async start(clerk, trusted) {
    const app = new Hono()
      .use(clerkMiddleware(clerk, { trustProxy: trusted === 1 }))
      .route('/', clerkRoutes(clerk))
    const { origin, stop } = await listen(app)
    return { origin, close: stop }
  },
})
