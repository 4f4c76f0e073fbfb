import type { World } from './world.js'

/** Milliseconds at which a credential that lives for `seconds` ends; null never. */
export const expiresAt = (world: World, seconds: number | null | undefined): number | null =>
  typeof seconds === 'number' ? world.now() + seconds * 1000 : null

export const isExpired = (world: World, { expiration }: { expiration: number | null }): boolean =>
  expiration !== null && world.now() >= expiration
