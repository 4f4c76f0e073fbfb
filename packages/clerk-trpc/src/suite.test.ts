import { describeAdapter } from '@acme/clerk-testing/adapters'
import * as vitest from 'vitest'
import { authed, SERVERS } from './testing/servers.js'

for (const [name, start] of Object.entries(SERVERS)) {
  describeAdapter(vitest, {
    name: `tRPC on ${name}`,
    sessions: [],
    bodyParsers: [],
    unwrap: (body) => (body as { result: { data: unknown } }).result.data,
    guard: (...given) => authed(...(given as never)),
    start: async (spec) => {
      const { origin, stop } = await start(spec)
      return { origin, stop, writes: () => 0 }
    },
  })
}
