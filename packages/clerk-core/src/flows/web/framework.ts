import type { Credentials } from '../../domain/credentials/credentials.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { AnyAuth } from './any-clerk.js'
import type { DeniedError } from './denied-error.js'
import type { WebRequest } from './messages.js'
import type { BodySource } from './raw-body.js'
import type { Exchange } from './scope.js'

/**
 * What an adapter tells about its framework. Middleware, guards, routes and the webhook route are the same for every
 * framework and are built from this. `R`: the framework's request.
 */
export interface Framework<R extends object> {
  /** Name of the adapter's middleware, for the error that says it is missing. */
  readonly middleware: string
  /** How a body parser of this framework is told to keep the raw bytes of a webhook. */
  readonly rawBodyRemedy: string
  /** Puts the `Auth` where handlers of this framework look for it. */
  readonly setAuth: (request: R, auth: AnyAuth) => void
  readonly credentialsOf: (request: R, localUser: unknown) => Credentials
  readonly webRequestOf: (request: R) => WebRequest
  readonly bodySourceOf: (request: R) => MaybePromise<BodySource>
  /**
   * `authOf`, `userOf` or `currentAuth` is about to throw this in a handler: sees to it that a request which the
   * application's own error handlers leave alone is answered as a guard would. Called for a denial alone, so that the
   * requests of signed-in users pay nothing for it.
   */
  readonly answerDenied?: (request: R, error: DeniedError) => void
  /** Node's request and response, for `context: true`. Without them the context ends when what is behind the middleware has answered. */
  readonly exchangeOf?: (request: R) => Exchange | null
}
