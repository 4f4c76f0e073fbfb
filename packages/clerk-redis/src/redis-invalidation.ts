import { ConfigurationError } from '@acme/clerk-core'
import { type Invalidation, type OptionRules, readOptions, rule } from '@acme/clerk-core/store'
import { isRedisClient, type RedisClient, send } from './client.js'
import { createReader } from './reader.js'

export interface RedisInvalidationOptions {
  /** Key of the stream; one for each backend. Default `acme-clerk:changes`. */
  stream?: string | undefined
  /** About how many entries are left in the stream. Default 1000. */
  maxLength?: number | undefined
}

const OPTIONS: OptionRules<RedisInvalidationOptions> = {
  stream: rule.text,
  maxLength: rule.number({ least: 1, most: Number.MAX_SAFE_INTEGER, whole: true }),
}

/**
 * Tells the other processes over a Redis stream that the log has a new entry, so that they look at once and not after
 * `pollSeconds`. What comes over Redis is a hint: whoever can write there can cause looks at the log and nothing else. A
 * process that was cut off reads on from the last entry that it has seen. While Redis is away, processes poll as without it.
 *
 * Publishes over the application's connection, and reads over a connection of its own that `clerk.close()` ends.
 *
 * @param client of `redis` 5 or 6, or of `ioredis` 5 or 6; connected by the application
 * @throws {ConfigurationError} for another client, and for options that it does not know, or with a value that they cannot have
 */
export function redisInvalidation(client: RedisClient, options?: RedisInvalidationOptions): Invalidation {
  if (!isRedisClient(client)) {
    const message = 'is not a client of `redis` or `ioredis`.'
    const remedy = 'Hand in what `createClient()` or `new Redis()` returned.'
    throw new ConfigurationError([{ option: 'redisInvalidation client', message, remedy }])
  }
  const read = readOptions('redisInvalidation', options, OPTIONS)
  const { stream = 'acme-clerk:changes', maxLength = 1000 } = read
  /** The newest position that waits for the one under way; older ones need not be told. */
  let next: { position: string; told: Promise<void> } | null = null
  let underWay: Promise<void> | null = null

  async function add(position: string): Promise<void> {
    await send(client, [
      ...['XADD', stream, 'MAXLEN', '~', String(maxLength), '*'],
      ...['position', position],
    ])
  }

  function begin(position: string): Promise<void> {
    const adding = add(position).finally(() => {
      if (underWay === adding) underWay = null
    })
    underWay = adding
    return adding
  }

  return {
    publish(position) {
      if (underWay === null) return begin(position)
      if (next !== null) {
        next.position = position
        return next.told
      }
      const waiting: { position: string; told: Promise<void> } = {
        position,
        told: underWay
          .catch(() => undefined)
          .then(() => {
            next = null
            return begin(waiting.position)
          }),
      }
      next = waiting
      return waiting.told
    },
    async subscribe(listener) {
      const reader = createReader(client, stream, listener)
      await reader.begun
      return () => reader.close()
    },
  }
}
