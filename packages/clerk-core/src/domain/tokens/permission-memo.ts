import { LRUCache } from 'lru-cache'
import { decodePermissions } from './organization-claims.js'

/** The compact permission claims of a session record. */
interface RecordedPermissions {
  readonly fea: string | null
  readonly per: string | null
  readonly fpm: string | null
}

/** An instance has a handful of roles, and each of them one combination of these claims. */
const COMBINATIONS = 256

/**
 * `decodePermissions` for requests that rest on a session record: they come without a verified token that would
 * hold the decoded list, and decoding took half of their time. One memo per `createClerk`.
 */
export function createPermissionDecoder(): (claims: RecordedPermissions) => readonly string[] {
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
