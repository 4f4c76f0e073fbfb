import { hash } from 'node:crypto'

/**
 * SHA-256, base64url: the only form in which a token is kept or mentioned. Of the whole token: caches keyed by a part of
 * it let one token answer for another (CVE-2026-35030, CVE-2026-35039).
 */
export function hashToken(token: string): string {
  return hash('sha256', token, 'base64url')
}
