import type { Span } from '../../ground/timing/span.js'
import type { VerificationKey } from '../keys/key-source.js'
import { lacksAzp } from './checks.js'
import { decodeOrganizationClaims, type PermissionDecoder } from './organization-claims.js'
import type { Remembered } from './remembered.js'
import type { OrganizationClaims, SessionClaims, VerifiedToken } from './session-claims.js'
import { encodeDigest } from './token-hash.js'

/**
 * A token with a good signature that passed every check that does not depend on the time or the request. The one entry that a
 * token has in memory: what is derived from it is derived when it is asked for.
 */
export class CachedToken implements VerifiedToken, Remembered {
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

  span(toleranceSeconds: number): Span {
    const { iat, nbf, exp } = this.claims
    return {
      from: Math.ceil(Math.max(iat, nbf) - toleranceSeconds) * 1000,
      until: Math.floor((exp + toleranceSeconds) * 1000) - 1,
    }
  }

  isRefused(
    revocations: { isRevoked(sub: string, sid: string): boolean },
    allowMissingAzp: boolean,
  ): boolean {
    const { sub, sid, azp } = this.claims
    return revocations.isRevoked(sub, sid) || lacksAzp(azp, allowMissingAzp)
  }
}
