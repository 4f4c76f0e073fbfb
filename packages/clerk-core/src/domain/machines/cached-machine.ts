import type { Span } from '../../ground/timing/span.js'
import type { VerificationKey } from '../keys/key-source.js'
import type { Remembered } from '../tokens/remembered.js'
import { encodeDigest } from '../tokens/token-hash.js'
import type { MachineCredential } from './machine-types.js'

/** Times of a JWT, in seconds. */
type Times = { readonly iat: number; readonly nbf?: number; readonly exp: number }

/** A JWT of a machine with a good signature that passed every check that depends neither on the time nor on the request. */
export class CachedMachine implements Remembered {
  readonly machine: MachineCredential
  readonly claims: Times
  /** SHA-256 of the whole token, as the cache's key. */
  readonly digest: string
  readonly key: VerificationKey
  ready: object | null = null
  used = false
  /** Milliseconds: when it was last looked at, and when it has to be looked at again. */
  since = 0
  until = 0

  constructor(machine: MachineCredential, claims: Times, digest: string, key: VerificationKey) {
    this.machine = machine
    this.claims = claims
    this.digest = digest
    this.key = key
  }

  get hash(): string {
    return encodeDigest(this.digest)
  }

  /** Expiry is in {@link until}, as is all that a connection has to look at every minute. */
  span(toleranceSeconds: number): Span {
    const { iat, nbf = iat } = this.claims
    const from = Math.ceil(Math.max(iat, nbf) - toleranceSeconds) * 1000
    return { from: Math.max(from, this.since), until: Math.floor(this.until) - 1 }
  }

  isRefused(revocations: { isRevoked(sub: string, sid: string): boolean }): boolean {
    return revocations.isRevoked(this.machine.subject, '')
  }
}
