import type { RegisteredAuth, Requirement } from '@acme/clerk-core'
import type {
  AnyAuth,
  Authorized,
  Exactly,
  FetchSession,
  MaybePromise,
  PeerOptions,
  ProtectedResourceOptions,
  RoutesOptions,
} from '@acme/clerk-core/adapter'

/** `S`: the application's session. */
export interface ClerkFetchOptions<S extends FetchSession = FetchSession>
  extends Omit<RoutesOptions<Request>, 'localUser'>,
    PeerOptions<Request> {
  /**
   * The user whom the application's own login has signed in. An object with a property of its own, a string that is not empty,
   * a positive number or a bigint; `undefined`, `null` and `false` say that there is none. A promise is awaited.
   *
   * @param session what the option `session` has loaded for this request
   */
  localUser?: ((request: Request, session: () => Promise<S>) => unknown) | undefined
  /** Path that `handler` has its routes below, e.g. `/auth`. Default: the root. */
  prefix?: string | undefined
  /**
   * The application's session, called where a request needs it and once for each. What is set on `response.headers` is sent
   * with the response. Without it a request is known by its token, and signed out by Clerk's `__client_uat` cookie.
   */
  session?: ((request: Request, response: Response) => MaybePromise<S>) | undefined
  /** `handler` describes this service to clients of OAuth and MCP (RFC 9728), at `/.well-known/…` below no prefix. */
  resource?: ProtectedResourceOptions | undefined
}

/** What `withAuth` gives to a handler, after the request. */
export interface AuthContext<A, S extends FetchSession = FetchSession> {
  readonly auth: A
  /** The session that the option `session` has loaded for this request. @throws {TypeError} without that option */
  readonly session: () => Promise<S>
}

export interface WithAuthOptions {
  /** Send a person who navigates to a page (`Sec-Fetch-Dest: document`) to `signInUrl` instead of answering 401. */
  redirect?: boolean | undefined
}

/** No function of it needs `this`. */
export interface ClerkFetch<A extends AnyAuth = RegisteredAuth, S extends FetchSession = FetchSession> {
  /**
   * Answers `/webhook`, `/health`, `/ready`, `/me`, `/sign-in`, `/sign-up`, `/callback` and `/sign-out` below the prefix, and
   * everything else with 404.
   */
  readonly handler: (request: Request) => Promise<Response>
  /** The webhook alone, for a path of your own. Reads the raw bytes itself. */
  readonly webhook: (request: Request) => Promise<Response>
  /**
   * Who is asking; refuses no request. The application's session is read and not written: no response is there that could
   * set a cookie.
   */
  readonly authenticate: (request: Request) => Promise<A>
  /**
   * A handler for requests that meet the requirement; `{}` asks for a signed-in user. All others are answered 401, 403 or 503.
   * What a host gives beside the request (parameters, bindings) follows behind the context.
   *
   * @throws {ConfigurationError} for a requirement or options with an unknown key or value, `undefined` included
   */
  readonly withAuth: <
    const R extends Requirement<A & RegisteredAuth>,
    Q extends Request = Request,
    Rest extends readonly unknown[] = readonly [],
  >(
    requirement: R & Requirement<A & RegisteredAuth> & Exactly<R>,
    handler: (request: Q, context: AuthContext<Authorized<A, R>, S>, ...rest: Rest) => MaybePromise<Response>,
    options?: WithAuthOptions,
  ) => (request: Q, ...rest: Rest) => Promise<Response>
  /** A handler for everybody; `auth` says who is asking. */
  readonly open: <Q extends Request = Request, Rest extends readonly unknown[] = readonly []>(
    handler: (request: Q, context: AuthContext<A, S>, ...rest: Rest) => MaybePromise<Response>,
  ) => (request: Q, ...rest: Rest) => Promise<Response>
}
