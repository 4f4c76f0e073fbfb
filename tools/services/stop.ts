// `tsx tools/services/stop.ts`: ends the shared servers of this checkout at once, even while tests use them.
import type { ServerName } from './definition.js'
import { DEFINITIONS } from './definitions.js'
import { stopServer } from './lease.js'

for (const name of Object.keys(DEFINITIONS) as ServerName[]) {
  if (await stopServer(name)) console.log(`${name}: stopped`)
}
