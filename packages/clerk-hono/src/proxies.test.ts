import { runProxySuite } from '@acme/adapter-suite'
import { Hono } from 'hono'
import { clerkMiddleware, clerkRoutes } from './index.js'
import { listen } from './testing/app.js'

runProxySuite(async (clerk, trusted) => {
  const app = new Hono()
    .use(clerkMiddleware(clerk, { trustProxy: trusted === 1 }))
    .route('/', clerkRoutes(clerk))
  const { origin, stop } = await listen(app)
  return { origin, close: stop }
}, 'http://inner.example.com')
