import type { AnonymousReason, UnavailableReason } from '../../ground/errors.js'
import type { Observer } from '../../ground/observe/observer.js'
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

/** Gives an `Auth` its `toJSON`, before it is frozen. */
export type WithJson = <A extends { toJSON(): object }>(auth: Omit<A, 'toJSON'>) => A

/** Who hears of what a predicate throws about an `Auth`, by the `toJSON` that all of one clerk share. */
const observers = new WeakMap<object, Pick<Observer, 'thrown'>>()

/**
 * One function and one descriptor for all `Auth` of a clerk: which clerk has made an `Auth` is known by it, without a field.
 * Not enumerable: an `Auth` that is printed, compared or copied looks as if it were not there.
 */
export function createWithJson(observer: Pick<Observer, 'thrown'>): WithJson {
  function toJSON(this: Written): object {
    const { kind, tokenType, id, reason } = this
    if (kind === 'machine') return { kind, tokenType, id }
    if (kind === 'user' || kind === 'local') return { kind, ...meOf(this) }
    return { kind, reason }
  }
  observers.set(toJSON, observer)
  const descriptor: PropertyDescriptor = { value: toJSON }
  return <A extends { toJSON(): object }>(auth: Omit<A, 'toJSON'>) =>
    Object.defineProperty(auth, 'toJSON', descriptor) as A
}

/** A copy of an `Auth`, made by the same clerk. */
export function copyWithJson<A extends { toJSON(): object }>(auth: A): A {
  return Object.defineProperty({ ...auth }, 'toJSON', { value: auth.toJSON })
}

/** Of the clerk that has made this `Auth`; `undefined` where none of this package has. */
export const observerOf = (auth: { toJSON?: unknown }): Pick<Observer, 'thrown'> | undefined =>
  typeof auth.toJSON === 'function' ? observers.get(auth.toJSON) : undefined
