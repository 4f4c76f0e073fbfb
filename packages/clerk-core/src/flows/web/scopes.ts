import { latestAuth } from '../authentication/connections.js'
import type { AnyAuth, AnyClerk } from './any-clerk.js'
import type { Framework } from './framework.js'
import { findState } from './request-state.js'
import { carry, openScope, runInScope } from './scope.js'

/**
 * What a middleware with `context: true` does: it runs what is behind it in a scope of the request. `null` without the
 * option, so that it costs nothing.
 */
export function createScopes<R extends object>(
  { exchangeOf, answerDenied }: Pick<Framework<R>, 'exchangeOf' | 'answerDenied'>,
  clerk: AnyClerk,
  { context }: { readonly context?: boolean | undefined },
): (<T>(request: R, next: () => T) => T) | null {
  if (context !== true) return null
  return (request, next) => {
    const exchange = exchangeOf?.(request) ?? null
    let hasAnswered = false
    const scope = openScope({
      clerk,
      auth() {
        const state = findState(request, clerk)
        const { connection } = state ?? {}
        return (connection === undefined ? state?.auth : latestAuth(connection.auth)) as AnyAuth
      },
      isOver: () =>
        exchange === null ? hasAnswered : exchange.res.writableEnded || exchange.res.destroyed === true,
      onDenied: (error) => answerDenied?.(request, error),
    })
    if (exchange !== null) {
      carry(exchange.req, scope)
      carry(exchange.res, scope)
      return runInScope(scope, next)
    }
    return whenDone(runInScope(scope, next), () => {
      hasAnswered = true
    })
  }
}

function whenDone<T>(answer: T, done: () => void): T {
  if (answer instanceof Promise) return answer.finally(done) as T
  done()
  return answer
}
