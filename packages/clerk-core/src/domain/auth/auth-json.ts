import type { AnonymousReason, UnavailableReason } from '../../ground/errors.js'
import type { MachineTokenType } from '../machines/machine-types.js'
import { type Asking, type Me, meOf } from './me.js'

/**
 * What `JSON.stringify(auth)` writes: who is asking, and no more than `/me` shows. Never claims, never the whole row, which
 * may hold a password hash, private metadata, or a `bigint` that JSON cannot write.
 */
export type AuthJson = UserAuthJson | LocalAuthJson | MachineAuthJson | NoAuthJson

export type UserAuthJson = { readonly kind: 'user' } & Me
export type LocalAuthJson = { readonly kind: 'local' } & Me
export type MachineAuthJson = {
  readonly kind: 'machine'
  readonly tokenType: MachineTokenType
  /** Of the credential. */
  readonly id: string
}
export type NoAuthJson =
  | { readonly kind: 'anonymous'; readonly reason: AnonymousReason }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

type Written = Asking & {
  readonly tokenType?: MachineTokenType
  readonly id?: string
  readonly reason?: AnonymousReason | UnavailableReason
}

/** One descriptor for all. Not enumerable: an `Auth` that is printed, compared or copied looks as if it were not there. */
const TO_JSON: PropertyDescriptor = {
  value: function toJSON(this: Written): object {
    const { kind, tokenType, id, reason } = this
    if (kind === 'machine') return { kind, tokenType, id }
    if (kind === 'user' || kind === 'local') return { kind, ...meOf(this) }
    return { kind, reason }
  },
}

/** Gives an `Auth` its `toJSON`, before it is frozen. */
export function withJson<A extends { toJSON(): object }>(auth: Omit<A, 'toJSON'>): A {
  return Object.defineProperty(auth, 'toJSON', TO_JSON) as A
}
