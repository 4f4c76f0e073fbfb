import type { VerificationKey } from '../keys/key-source.js'
import { decodeOrganizationClaims, type PermissionDecoder } from './organization-claims.js'
import type { OrganizationClaims, SessionClaims, VerifiedToken } from './session-claims.js'
import { encodeDigest } from './token-hash.js'

/**
 * A token with a good signature that passed every check that does not depend on the time or the request. The one entry that a
 * token has in memory: what is derived from it is derived when it is asked for.
 */
export class CachedToken implements VerifiedToken {
  readonly claims: SessionClaims
  /** SHA-256 of the whole token, as the cache's key. */
  readonly digest: string
  /** The key it was verified with: once that is no longer published, it has to be verified anew. */
  readonly key: VerificationKey
  ready: object | null = null
  /** Since the cache last looked for a place. */
  used = false
  readonly #decode: PermissionDecoder
  #organization: OrganizationClaims | null | undefined = undefined

  constructor(claims: SessionClaims, digest: string, key: VerificationKey, decode: PermissionDecoder) {
    this.claims = claims
    this.digest = digest
    this.key = key
    this.#decode = decode
  }

  get organization(): OrganizationClaims | null {
    if (this.#organization === undefined)
      this.#organization = decodeOrganizationClaims(this.claims, this.#decode)
    return this.#organization
  }

  get hash(): string {
    return encodeDigest(this.digest)
  }
}
