import type { Instance } from './instance.js'

/** Milliseconds at which a credential that lives for `seconds` ends; null never. */
export const expiresAt = (instance: Instance, seconds: number | null | undefined): number | null =>
  typeof seconds === 'number' ? instance.now() + seconds * 1000 : null

export const isExpired = (instance: Instance, { expiration }: { expiration: number | null }): boolean =>
  expiration !== null && instance.now() >= expiration
