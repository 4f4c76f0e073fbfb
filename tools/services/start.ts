// `tsx tools/services/start.ts postgres chromium`: makes sure that these are there, downloading what is missing, so that
// the first test does not wait for it.
import { requireService, type ServiceName } from './index.js'

for (const name of process.argv.slice(2) as ServiceName[]) {
  const found = await requireService(name)
  console.log(`${name}: ${'url' in found ? found.url : found.path}`)
}
process.exit()
