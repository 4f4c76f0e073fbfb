// A program that subscribes, unsubscribes, ends its own client, and has nothing left to wait for.
import { createClient } from 'redis'
import { redisInvalidation } from '../redis-invalidation.js'

const client = createClient({ url: process.argv[2] ?? '' })
await client.connect()
const unsubscribe = await redisInvalidation(client).subscribe({
  changed: () => undefined,
  gap: () => undefined,
  failed: (error) => {
    throw error
  },
})
await unsubscribe()
client.destroy()
process.stdout.write('closed\n')
