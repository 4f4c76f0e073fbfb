/** A client of `redis` 5 or 6 (node-redis), as far as it is used. */
export interface NodeRedisClient {
  readonly options?: { readonly socket?: object | undefined } | undefined
  duplicate(overrides: never): NodeRedisClient
  connect(): Promise<unknown>
  sendCommand(args: string[]): Promise<unknown>
  xAdd: unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  destroy(): void
}

/** A client of `ioredis` 5 or 6, as far as it is used. */
export interface IoRedisClient {
  duplicate(overrides: never): IoRedisClient
  connect(): Promise<unknown>
  call(command: string, args: string[]): Promise<unknown>
  xadd: unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  disconnect(): void
}

/** Told apart by their shape, so that neither package is imported. */
export type RedisClient = NodeRedisClient | IoRedisClient

/** A connection of our own to the server of the application's client. */
export interface Connection {
  send(args: readonly string[]): Promise<unknown>
  /** Ends it at once; what waits for an answer is rejected. */
  close(): void
}

const isNodeRedis = (client: RedisClient): client is NodeRedisClient => 'xAdd' in client

export const isRedisClient = (value: unknown): value is RedisClient =>
  typeof value === 'object' &&
  value !== null &&
  ('xAdd' in value ? 'sendCommand' in value : 'xadd' in value && 'call' in value) &&
  'duplicate' in value

/** Over the application's own connection. */
export const send = (client: RedisClient, [command = '', ...args]: readonly string[]): Promise<unknown> =>
  isNodeRedis(client) ? client.sendCommand([command, ...args]) : client.call(command, args)

/**
 * A new connection, because a read that blocks would hold up every other command. It does not reconnect by itself: the
 * reader has to know that it was cut off. @throws what the client throws when it cannot connect
 */
export async function open(client: RedisClient, connectTimeoutMs: number): Promise<Connection> {
  const own = isNodeRedis(client)
    ? client.duplicate({
        socket: { ...client.options?.socket, reconnectStrategy: false, connectTimeout: connectTimeoutMs },
        disableOfflineQueue: true,
      } as never)
    : client.duplicate({
        lazyConnect: true,
        retryStrategy: () => null,
        reconnectOnError: null,
        maxRetriesPerRequest: 0,
        connectTimeout: connectTimeoutMs,
      } as never)
  let reason: unknown = null
  // Without a listener an `error` event ends the process. ioredis says only here why it could not connect.
  own.on('error', (error) => {
    reason ??= error
  })
  const close = () => (isNodeRedis(own) ? destroy(own) : own.disconnect())
  try {
    await own.connect()
  } catch (error) {
    close()
    throw reason ?? error
  }
  return { send: (args) => send(own, args), close }
}

/** node-redis throws where the connection has ended by itself. */
function destroy(client: NodeRedisClient): void {
  try {
    client.destroy()
  } catch {
    // Ended already, which is what was wanted.
  }
}
