export type { IoRedisClient, NodeRedisClient, RedisClient } from './client.js'
export { type RedisInvalidationOptions, redisInvalidation } from './redis-invalidation.js'
