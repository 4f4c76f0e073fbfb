import { describeProxies } from '@acme/clerk-testing/adapters'
import Fastify from 'fastify'
import * as vitest from 'vitest'
import { clerkRoutesPlugin } from './index.js'

describeProxies(vitest, {
  name: 'Fastify',
  ofList: 'http://inner.example.com',
  async start(clerk, trusted) {
    const app = Fastify(trusted === 1 ? { trustProxy: '127.0.0.1' } : {})
    await app.register(clerkRoutesPlugin, { clerk })
    return { origin: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
  },
})
