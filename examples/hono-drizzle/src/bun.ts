import { createInboxWorker } from '@acme/clerk-core'
import { createTeamNotes } from './app.js'

// bun --env-file=.env src/bun.ts
const { fetch, clerk } = await createTeamNotes(process.env)
// Webhooks that failed are tried again here, and old ones are removed.
createInboxWorker(clerk).start()

/** Bun serves what a module exports. In a container HOST=0.0.0.0: its network reaches nothing else. */
export default {
  port: Number(process.env['PORT'] ?? 4000),
  hostname: process.env['HOST'] ?? '127.0.0.1',
  fetch,
}
