import { runProxySuite } from '@acme/adapter-suite'
import Fastify from 'fastify'
import { clerkRoutesPlugin } from './index.js'

runProxySuite(async (clerk, trusted) => {
  const app = Fastify(trusted === 1 ? { trustProxy: '127.0.0.1' } : {})
  await app.register(clerkRoutesPlugin, { clerk })
  return { origin: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
}, 'http://inner.example.com')
