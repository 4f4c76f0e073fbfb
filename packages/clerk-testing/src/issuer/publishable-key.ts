import { createHash } from 'node:crypto'

/** `pk_test_` + base64 of `<frontend-api-host>$`, without padding. */
export function publishableKeyOf(frontendApiHost: string): string {
  return `pk_test_${Buffer.from(`${frontendApiHost}$`).toString('base64').replace(/=+$/, '')}`
}

/** Suffix of this instance's cookies: the first 8 characters of base64url(SHA-1(publishable key)). */
export function cookieSuffixOf(publishableKey: string): string {
  return createHash('sha1').update(publishableKey).digest('base64url').slice(0, 8)
}
