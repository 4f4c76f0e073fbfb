import { LRUCache } from 'lru-cache'
import { decodePermissions, type PermissionDecoder } from './organization-claims.js'

/** An instance has a handful of roles, and each of them one combination of these claims. */
const COMBINATIONS = 256

/**
 * `decodePermissions` for new tokens, of which an active user has one every minute, and for requests that rest on a session
 * record: decoding took half of their time. One memo per `createClerk`.
 */
export function createPermissionDecoder(): PermissionDecoder {
  const decoded = new LRUCache<string, readonly string[]>({ max: COMBINATIONS })
  return ({ fea, per, fpm }) => {
    if (fea === null || per === null || fpm === null) return decodePermissions({ fea, per, fpm })
    // With their lengths: no other three claims have this key, whatever characters are in them.
    const key = `${fea.length},${per.length},${fea}${per}${fpm}`
    let permissions = decoded.get(key)
    if (permissions === undefined) {
      permissions = decodePermissions({ fea, per, fpm })
      decoded.set(key, permissions)
    }
    return permissions
  }
}
