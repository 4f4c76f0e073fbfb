import { hash } from 'node:crypto'

/**
 * SHA-256 of the whole token, as a string of 32 bytes: the key of caches, which need no encoding. Of the whole token:
 * caches keyed by a part of it let one token pass for another (CVE-2026-35030, CVE-2026-35039).
 */
export function digestToken(token: string): string {
  return hash('sha256', token, 'binary')
}

/** A digest as it may be mentioned: base64url. */
export function encodeDigest(digest: string): string {
  return Buffer.from(digest, 'latin1').toString('base64url')
}
