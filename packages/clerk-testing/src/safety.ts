import { isLoopbackHost } from './server/origin.js'

/** What has to be said in so many words to run where it is not meant to. */
export const dangers = ['production', 'other-hosts'] as const
export type Danger = (typeof dangers)[number]

/**
 * This server signs every user in without a password: it is for development and tests, on the developer's own machine.
 * @throws {Error} with `NODE_ENV=production`, or for an address that other machines reach
 */
export function assertSafe({
  host = '127.0.0.1',
  dangerouslyAllow = [],
}: {
  host?: string | undefined
  dangerouslyAllow?: readonly Danger[] | undefined
}): void {
  if (process.env.NODE_ENV === 'production' && !dangerouslyAllow.includes('production')) {
    throw new Error(
      "The offline Clerk signs users in without a password and does not start with NODE_ENV=production. If this is a test, say dangerouslyAllow: ['production'].",
    )
  }
  const bracketed = host.includes(':') ? `[${host}]` : host
  if (!isLoopbackHost(bracketed) && !dangerouslyAllow.includes('other-hosts')) {
    throw new Error(
      `The offline Clerk signs users in without a password, and other machines reach ${host}. In a container of your own, say dangerouslyAllow: ['other-hosts'].`,
    )
  }
}
