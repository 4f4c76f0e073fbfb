import type { SessionRecord } from '../../domain/session/record.js'
import type { VerifiedToken } from '../../domain/tokens/session-claims.js'

/** What an `Auth` was made of, so that a connection can make it anew. */
export type Origin =
  | {
      readonly kind: 'user'
      readonly from: VerifiedToken | SessionRecord
      /** `X-Organization-Id`. */
      readonly requested: string | undefined
    }
  | {
      readonly kind: 'machine'
      /** Clerk confirms a machine credential by its secret alone. */
      readonly credential: string
      readonly requested: string | undefined
      /** Milliseconds: how long Clerk's confirmation counts. Later, once the same `Auth` was returned again. */
      until: number
    }

/** A constructor that returns its argument lets a class add its private field to an object that exists. */
const Existing = function (this: unknown, value: object) {
  return value
} as unknown as new (
  value: object,
) => object

/**
 * The origin is a private field of the `Auth` itself: nothing can read it there, neither a property nor `util.inspect`
 * nor JSON. A `WeakMap` with an entry for each request costs far more.
 */
class WithOrigin extends Existing {
  readonly #origin: Origin

  constructor(auth: object, origin: Origin) {
    super(auth)
    this.#origin = origin
  }

  static of(auth: object): Origin | null {
    return #origin in auth ? auth.#origin : null
  }
}

/** Notes what an `Auth` was made of. Before it is frozen: a frozen object may not take private fields in the future. */
export function noteOrigin(auth: object, origin: Origin): void {
  new WithOrigin(auth, origin)
}

/** `null`: this package has not made it, or it is a copy, or it has nothing that could end. */
export const originOfAuth = (auth: object): Origin | null => WithOrigin.of(auth)
