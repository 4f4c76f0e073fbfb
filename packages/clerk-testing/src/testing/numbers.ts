import { startClerk } from '../clerk.js'
import type { OfflineClerk } from '../options.js'

// Prints how long it takes to start, to seed and to list: the best of a few times, in processor time, which does not
// measure what else the machine does. "list" counts the client as well.

async function least(times: number, run: () => Promise<unknown>): Promise<number> {
  const durations: number[] = []
  for (let index = 0; index < times; index++) {
    const before = process.cpuUsage()
    await run()
    const { user, system } = process.cpuUsage(before)
    durations.push((user + system) / 1000)
  }
  return Math.round(Math.min(...durations) * 10) / 10
}

const users = Array.from({ length: 10_000 }, (_, index) => ({
  emailAddress: `u${index}@example.com`,
  firstName: 'Ada',
  lastName: 'Lovelace',
}))
let offline: OfflineClerk = await startClerk()
const startMs = await least(5, async () => {
  await offline.stop()
  offline = await startClerk()
})
const seedMs = await least(3, async () => {
  await offline.reset()
  offline.plant({ users })
})
const listMs = await least(20, async () => {
  const headers = { authorization: `Bearer ${offline.secretKey}` }
  const answer = await fetch(`${offline.url}/v1/users?limit=500`, { headers })
  await answer.arrayBuffer()
})
process.stdout.write(`${JSON.stringify({ startMs, seedMs, listMs })}\n`)
await offline.stop()
