import type { Credentials } from '../../domain/credentials/credentials.js'
import type { Authorized, Narrowing } from '../../domain/guard/authorized.js'
import type { Connection } from '../authentication/connection.js'
import { latestAuth } from '../authentication/connections.js'
import type { AnyAuth } from './any-clerk.js'
import { narrow } from './narrow.js'
import { currentScope, openScope, runInScope } from './scope.js'

/**
 * The `Auth` of the request that is being answered, without the request: for services that are called by many handlers.
 * The middleware of this clerk must have been given `context: true`. Over a connection it is what is true now.
 *
 * @param narrowing who may be asking. Default: a user signed in at Clerk
 * @throws {DeniedError} for any other; the adapter answers as a guard would
 * @throws {CurrentAuthError} where no request of this clerk is being answered, and after its response
 * @throws {ConfigurationError} for a key that is not one of those
 */
export function currentAuth<A extends AnyAuth, const N extends Narrowing = Record<never, never>>(
  clerk: { authenticate(credentials: Credentials): Promise<A> },
  ...narrowing: readonly [] | readonly [narrowing: N & Narrowing]
): Authorized<A, N> {
  const { auth, onDenied } = currentScope(clerk)
  return narrow(auth(), narrowing, clerk, onDenied) as Authorized<A, N>
}

/**
 * Clerk's id of the organisation of the request that is being answered; a user's, or a machine's.
 *
 * @param clerk needed where the middlewares of several clerks have been given `context: true`
 * @throws {CurrentAuthError} where no request is being answered
 * @throws {DeniedError} where the request has no organisation
 */
export function currentOrganizationId(clerk?: object): string {
  const scope = currentScope(clerk)
  const { orgId } = narrow(scope.auth(), [ANY_MEMBER], scope.clerk, scope.onDenied) as {
    readonly orgId: string
  }
  return orgId
}

const ANY_MEMBER: Narrowing = Object.freeze({ org: true, machine: 'allow' })

/**
 * Calls a function for which `currentAuth(clerk)` is who is asking over the connection now: for each message.
 *
 * ```ts
 * socket.on('message', (message) => withConnection(clerk, connection, () => handle(message)))
 * ```
 */
export async function withConnection<A, T>(
  clerk: { authenticate(credentials: Credentials): Promise<A> },
  connection: Connection<A>,
  call: () => T,
): Promise<Awaited<T>> {
  await connection.current()
  let isOver = false
  const scope = openScope({
    clerk,
    auth: () => latestAuth(connection.auth as object) as AnyAuth,
    isOver: () => isOver,
    onDenied: undefined,
  })
  try {
    // A query that runs when it is awaited is awaited in the scope too.
    return await runInScope(scope, async () => call())
  } finally {
    isOver = true
  }
}
