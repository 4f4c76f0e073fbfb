import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Auth, RegisteredAuth } from '../../domain/auth/auth.js'
import type { Credentials } from '../../domain/credentials/credentials.js'
import { authorize } from '../../domain/guard/authorize.js'
import { ANY_USER, type Denial, type Requirement } from '../../domain/guard/requirement.js'
import { validateRequirement } from '../../domain/guard/validate-requirement.js'
import type { SessionSlot } from '../../domain/session/slot.js'
import type { MembershipRecord, OrganizationRecord } from '../../domain/store/organization.js'
import type { UserRecord } from '../../domain/store/user.js'
import { type OptionRules, readOptions, rule } from '../../ground/options/read-options.js'
import { closingOf } from '../authentication/closing.js'
import type { Connection } from '../authentication/connection.js'
import type { AnyAuth, AnyClerk } from './any-clerk.js'
import { credentialsFrom } from './credentials-from.js'
import { withMetadata } from './protected-resource.js'
import { findState, type RequestState, stateOf } from './request-state.js'

export interface UpgradeOptions<A extends Auth = Auth> {
  /**
   * What the connection needs for as long as it is open. Where it is left out: what the guards asked that have let the
   * request pass, else any signed-in user.
   */
  requirement?: Requirement<A>
  /** `Bearer …`, for clients that send the token in the first message or in connection parameters. Default: the header. */
  authorization?: string | null | undefined
  /** The framework's session. Default: what the middleware of an adapter has found in the request. */
  session?: SessionSlot | undefined
  /** The user whom the application's own login has signed in. Default: what the middleware has found. */
  localUser?: unknown
}

const OPTIONS: OptionRules<UpgradeOptions> = {
  // `validateRequirement` looks.
  requirement: rule.any,
  authorization: {
    check: (value) =>
      typeof value === 'string' || value === null
        ? { value }
        : { message: 'is not a string.', remedy: 'Give `Bearer …`, or leave it out.' },
  },
  session: rule.object,
  localUser: rule.any,
}

/** The connection that a request asks for, if it may have it. */
export interface Upgrade<
  U extends UserRecord = UserRecord,
  M extends MembershipRecord = MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
> extends Connection<Auth<U, M, O>> {
  /** Not `null`: refuse the connection, with {@link refuseUpgrade} for instance. */
  readonly denial: Denial | null
}

/** Node's request, or the request of a framework that is made of one: of Express, Koa's context, Fastify's request. */
export type UpgradeRequest =
  | IncomingMessage
  | { readonly raw: IncomingMessage }
  | { readonly req: IncomingMessage }

/** A `Clerk`, as far as a connection needs it. */
interface AuthenticatingClerk<U extends UserRecord, M extends MembershipRecord, O extends OrganizationRecord>
  extends Omit<AnyClerk, 'watch'> {
  authenticate(credentials: Credentials): Promise<Auth<U, M, O>>
  watch(
    auth: Auth<U, M, O>,
    requirement?: Requirement<Auth<U, M, O>> | readonly Requirement<Auth<U, M, O>>[],
  ): Connection<Auth<U, M, O>>
}

/**
 * Authenticates a request that asks for a WebSocket. Browsers send cookies with it from every site, so that a cookie
 * counts only with a listed `Origin` (or `Sec-Fetch-Site: same-origin`).
 *
 * The framework's session counts where the middleware of an adapter has run for this request. It is only read: no
 * response follows that could set a cookie.
 *
 * @throws {ConfigurationError} for a requirement or options with an unknown key or value
 */
export async function authenticateUpgrade<
  U extends UserRecord,
  M extends MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
>(
  clerk: AuthenticatingClerk<U, M, O>,
  request: UpgradeRequest,
  given?: UpgradeOptions<Auth<U, M, O>>,
): Promise<Upgrade<U, M, O>> {
  const options = readOptions('authenticateUpgrade', given, OPTIONS)
  const req = nodeRequest(request)
  const state = findState(request, clerk as object as AnyClerk)
  const requirements = requirementsOf(state, options)
  // Node gives an upgraded socket without an error listener: a client that resets it while we wait would end the process.
  req.socket.on('error', ignore)
  const credentials = credentialsFrom(
    req,
    options.session ?? state?.session,
    options.localUser ?? (state?.auth.kind === 'local' ? state.auth.user : undefined),
  )
  const auth = await clerk.authenticate({
    ...credentials,
    authorization: options.authorization ?? credentials.authorization,
    clientAddress: req.socket.remoteAddress,
    upgrade: true,
  })
  const connection = clerk.watch(auth, requirements)
  const denial = requirements.reduce<Denial | null>((denied, requirement) => {
    if (denied !== null) return denied
    const denial = authorize(auth, requirement)
    return denial && withMetadata(denial, requirement as Requirement, clerk, () => req.url ?? null)
  }, null)
  // Not a copy: `ended` and `signal` are looked up when they are asked for.
  return Object.assign(connection, { denial })
}

function requirementsOf<A extends Auth>(
  state: RequestState | null,
  options: UpgradeOptions<A>,
): readonly Requirement<A>[] {
  const passed = (state?.passed ?? []) as readonly Requirement<A>[]
  // Not `requirement ?? {}`: one that came out undefined must not open the connection.
  if (Object.hasOwn(options, 'requirement'))
    return [...passed, validateRequirement(options.requirement as Requirement<A>)]
  return passed.length > 0 ? passed : [ANY_USER as Requirement<A>]
}

function nodeRequest(request: UpgradeRequest): IncomingMessage {
  if ('raw' in request) return request.raw
  return 'req' in request ? request.req : request
}

/**
 * The connection of a request that a middleware has authenticated and that goes on for long, an event stream for
 * instance. What the guards asked that have let it pass is needed for as long as it is open:
 *
 * ```ts
 * app.get('/events', requireAuth({ role: 'admin' }), (req, res) => {
 *   watchRequest(req).closes(res)
 * ```
 *
 * @param request of Express, Koa's context, Fastify's request
 * @throws {MiddlewareMissingError} where no middleware has authenticated it
 */
export function watchRequest(request: object): Connection<RegisteredAuth> {
  const state = stateOf(request, 'the middleware of an adapter')
  const { clerk, auth, passed = [] } = state
  state.connection = clerk.watch(auth, passed)
  return state.connection as Connection<RegisteredAuth>
}

/** RFC 6455 §7.4.2 leaves 4000–4999 to applications; 4401 resembles HTTP status 401. */
const ACCESS_ENDED = 4401
/** IANA: try again later. */
const TRY_AGAIN_LATER = 1013

/** Closes a WebSocket that was opened with a token that is refused, so that its client comes back with another one. */
export function closeRefused(socket: unknown, auth: AnyAuth): void {
  if (auth.kind !== 'anonymous' && auth.kind !== 'unavailable') return
  closingOf(socket).close({
    code: auth.kind === 'anonymous' ? ACCESS_ENDED : TRY_AGAIN_LATER,
    reason: auth.kind === 'anonymous' ? auth.reason : 'unavailable',
    denial: authorize(auth as Auth, {}) as Denial,
  })
}

function ignore(): void {
  // Node closes the socket, and the application gets `close`.
}

/** Sends the denial as the HTTP response to a WebSocket request and closes the connection. */
export function refuseUpgrade(socket: Duplex, { status, headers, body }: Denial): void {
  const text = JSON.stringify(body)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`)
}
