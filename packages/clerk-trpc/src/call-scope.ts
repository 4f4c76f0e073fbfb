import type { AnyAuth } from '@acme/clerk-core/adapter'
import { findConnection, latestAuth, openScope, runInScope, type Scope } from '@acme/clerk-core/adapter'
import { scopesIn } from './context-state.js'
import type { ClerkContext } from './types.js'

/** What `currentAuth(clerk)` is while a call is answered, for every clerk that was told `context: true`. */
export interface CallScope {
  /** Finds out who is asking over the connection now. */
  refresh(): Promise<unknown>
  run<T>(call: () => T): T
  /** The call goes on answering; as many times as it is ended. */
  hold(): void
  end(): void
}

/** `null` where no clerk was told so. */
export function callScope(context: ClerkContext<AnyAuth>): CallScope | null {
  const states = scopesIn(context)
  if (states.length === 0) return null
  let held = 1
  const scopes: Scope[] = []
  for (const { clerk, auth } of states) {
    const open = () =>
      openScope({
        clerk,
        auth: () => latestAuth(auth) as AnyAuth,
        isOver: () => held === 0,
        onDenied: undefined,
      })
    const outer = scopes.at(-1)
    scopes.push(outer === undefined ? open() : runInScope(outer, open))
  }
  const innermost = scopes.at(-1) as Scope
  return {
    refresh: () => Promise.all(states.map(({ auth }) => findConnection(auth)?.current())),
    run: (call) => runInScope(innermost, call),
    hold() {
      held += 1
    },
    end() {
      held -= 1
    },
  }
}

/** The same values, each made in the scope: a generator runs where its next value is asked for. */
export function inScope(source: AsyncIterable<unknown>, scope: CallScope): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = scope.run(() => source[Symbol.asyncIterator]())
      return {
        async next() {
          await scope.refresh()
          return scope.run(() => iterator.next())
        },
        return: (value) =>
          scope.run(() => iterator.return?.(value) ?? Promise.resolve({ done: true, value })),
      }
    },
  }
}
