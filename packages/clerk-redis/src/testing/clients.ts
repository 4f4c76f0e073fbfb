import { Redis as IoRedis6 } from 'ioredis'
import { Redis as IoRedis5 } from 'ioredis5'
import { createClient as createClient6 } from 'redis'
import { createClient as createClient5 } from 'redis5'
import type { RedisClient } from '../client.js'

/** A connected client of the application. */
export interface OpenClient {
  readonly client: RedisClient
  end(): void
}

async function nodeRedis(client: ReturnType<typeof createClient6>): Promise<OpenClient> {
  client.on('error', () => undefined)
  await client.connect()
  return { client, end: () => client.destroy() }
}

async function ioredis(client: IoRedis6): Promise<OpenClient> {
  client.on('error', () => undefined)
  return { client, end: () => client.disconnect() }
}

/** Every client that the package promises. */
export const CLIENTS: Record<string, (url: string) => Promise<OpenClient>> = {
  'redis 6': (url) => nodeRedis(createClient6({ url })),
  'redis 6 with RESP2': (url) => nodeRedis(createClient6({ url, RESP: 2 }) as never),
  'redis 5': (url) => nodeRedis(createClient5({ url }) as never),
  'ioredis 6': (url) => ioredis(new IoRedis6(url)),
  'ioredis 5': (url) => ioredis(new IoRedis5(url) as never),
}

/** Waits for a state of the test without a fixed time. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}
