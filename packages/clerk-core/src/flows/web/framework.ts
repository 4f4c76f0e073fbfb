import type { Credentials } from '../../domain/credentials/credentials.js'
import type { AnyAuth } from './any-clerk.js'
import type { WebRequest } from './messages.js'
import type { BodySource } from './raw-body.js'

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
  readonly bodySourceOf: (request: R) => BodySource
}
