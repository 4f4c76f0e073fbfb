import { createInboxWorker } from '@acme/clerk-core'
import { start } from './app.js'

// node --env-file=.env dist/main.js
const { server, clerk, stop } = await start(process.env)
// Webhooks that failed are tried again here, and old ones are removed.
const worker = createInboxWorker(clerk)
worker.start()
// In a container HOST=0.0.0.0: its network reaches nothing else.
server.listen(Number(process.env['PORT'] ?? 4000), process.env['HOST'] ?? '127.0.0.1', () =>
  console.log('Team Notes listens', server.address()),
)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close(() => void worker.stop().then(stop))
    server.closeIdleConnections()
  })
}
