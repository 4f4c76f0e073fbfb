import { runAdapterSuite } from '@acme/adapter-suite'
import type { Clerk } from '@acme/clerk-core'
import { SERVERS } from './testing/servers.js'

for (const [name, start] of Object.entries(SERVERS)) {
  runAdapterSuite({
    name: `tRPC on ${name}`,
    sessions: [],
    bodyParsers: [],
    unwrap: (body) => (body as { result: { data: unknown } }).result.data,
    start: async ({ clerk }) => {
      const { origin, stop } = await start(clerk as Clerk)
      return { origin, stop, writes: () => 0 }
    },
  })
}
