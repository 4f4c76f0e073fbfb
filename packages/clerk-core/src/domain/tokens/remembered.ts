import type { Span } from '../../ground/timing/span.js'
import type { VerificationKey } from '../keys/key-source.js'

/** A token that was verified before, whatever its kind, or a session record: what the answer depends on, beside rows. */
export interface Remembered {
  /** The key it was verified with: once that is no longer published, it has to be verified anew. `null`: with none. */
  readonly key: VerificationKey | null
  /** The `Auth` that was made of it. */
  readonly ready: object | null
  /** When its checks pass by the clock alone. A millisecond too short, whatever fractions the tolerance has. */
  span(toleranceSeconds: number): Span
  /** Whether a check fails that depends on neither clock nor rows. */
  isRefused(revocations: { isRevoked(sub: string, sid: string): boolean }, allowMissingAzp: boolean): boolean
}
