/** The hot path never waits: what is known at once is returned as it is, without a promise and its microtask. */
export type MaybePromise<T> = T | Promise<T>

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise
}

/** `await` that stays synchronous where it can. Not called `then`: that would make the module itself a thenable. */
export function chain<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Both at the same time; synchronous where both are. */
export function both<A, B>(one: MaybePromise<A>, other: MaybePromise<B>): MaybePromise<readonly [A, B]> {
  return isPromise(one) || isPromise(other) ? Promise.all([one, other]) : [one, other]
}
