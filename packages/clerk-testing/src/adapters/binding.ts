import type {
  AnyClerk,
  AuditWriter,
  ProtectedResourceOptions,
  RoutesOptions,
  WebhookRouteOptions,
} from '@acme/clerk-core/adapter'
import { type OptionRule, type OptionRules, readOptions, rule } from '@acme/clerk-core/store'
import type { SessionTable } from './session-table.js'

/**
 * The application that every adapter builds, on 127.0.0.1 and a free port.
 *
 * | route | answers |
 * |---|---|
 * | any `/open` | JSON of `describeAuth(auth)` |
 * | any path of `GUARDS` | the same, behind that guard |
 * | any `/first` `/second` `/elsewhere` | the same, behind a guard that names `clerk`, `second`, `other` |
 * | any `/changed` | the same, behind `changedGuard` |
 * | `GET /change` | `changeRows(auth)`, behind a guard |
 * | `POST /cart` | puts `cart: 1` into the session, 204 |
 * | `POST /login` | puts `localName: 'lea'` into the session, 204: the application's own login |
 * | `GET /session` | `{ cart, localName, id }` of the session |
 * | `POST /hooks/clerk` | `clerkWebhook` |
 * | `/auth/…` | `clerkRoutes` |
 * | `/other/…` | `clerkRoutes` of `other` |
 * | `GET /users/:id` | `describeAuth(auth)` |
 * | `GET /broken` | throws |
 *
 * `localUser` answers `LOCAL_USER` when the session has a `localName`.
 */
export interface AppSpec {
  /** Its middleware runs before every route. */
  readonly clerk: AnyClerk
  readonly sessions: 'none' | SessionKind
  readonly bodyParser: 'none' | BodyParser
  readonly routes: Omit<RoutesOptions<never>, 'localUser'>
  readonly webhook: WebhookRouteOptions
  /** Where given: `clerkProtectedResource`, before everything but `auditLog`. */
  readonly resource?: ProtectedResourceOptions
  /** Where `auditLog` writes, mounted before everything else. */
  readonly audit: AuditWriter
  /** Believe `X-Forwarded-…` of the next hop. */
  readonly trustProxy: boolean
  /** A second Clerk instance in the same process. */
  readonly other: AnyClerk
  /** Its middleware runs after that of `clerk`. */
  readonly second?: AnyClerk
  /** Where a `server` session is stored. Default: a table of its own. */
  readonly table?: SessionTable
  /** Instead of what the session says. */
  readonly localUser?: () => unknown
}

/** Where the framework's package keeps a session: behind an id, or in the cookie. */
export type SessionKind = 'server' | 'cookie'

/** A parser before the webhook route that keeps the raw bytes, keeps them as the body, or keeps nothing. */
export type BodyParser = 'keeps' | 'raw' | 'loses'

export interface RunningApp {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string
  /** Writes to the store of a `server` session so far. */
  writes(): number
  stop(): Promise<void>
}

/** An adapter under test: what its framework can do, and how its application is started. */
export interface AdapterBinding {
  /** Heads the tests. */
  readonly name: string
  /** Kinds of sessions that the framework's packages have. None: a request is known by its token alone. */
  readonly sessions: readonly SessionKind[]
  /** The parsers the framework can have before the route; none where its route cannot be reached by one. */
  readonly bodyParsers: readonly BodyParser[]
  /**
   * For an adapter that has no routes of its own and wraps every response: takes the data out of a successful one. Then only the
   * guards are tested, and only the status of a refusal.
   */
  unwrap?(body: unknown): unknown
  /**
   * For an adapter without a middleware: every guard authenticates for its own clerk, and there is no audit log that could see
   * every request.
   */
  readonly standsAlone?: true
  /** The server of the host takes a request on a connection when the one before is answered, and not earlier. */
  readonly oneAtATime?: true
  /** Makes a guard of what an application gives to it: a requirement and options, or what it takes for them by mistake. */
  guard(...given: readonly unknown[]): unknown
  /** Starts what `AppSpec` describes, once for every test. */
  start(spec: AppSpec): Promise<RunningApp>
}

const listOf = (required: string, ...words: readonly string[]): OptionRule => ({
  required,
  entries: (entry) =>
    words.includes(entry as string)
      ? { value: entry }
      : {
          message: 'has an entry it cannot have.',
          remedy: `Use some of ${words.map((word) => `'${word}'`).join(', ')}, or none.`,
        },
})

const BINDING: OptionRules<AdapterBinding> = {
  name: { ...rule.text, required: 'Name the adapter: it heads the tests.' },
  sessions: listOf('Give the kinds of sessions that are tested, `[]` for none.', 'server', 'cookie'),
  bodyParsers: listOf('Give the parsers that are tested, `[]` for none.', 'keeps', 'raw', 'loses'),
  unwrap: rule.code,
  standsAlone: rule.flag,
  oneAtATime: rule.flag,
  guard: {
    ...rule.code,
    required: 'Give a function that makes a guard: `(...given) => requireAuth(...given)`.',
  },
  start: { ...rule.code, required: 'Give a function that starts the application that `AppSpec` describes.' },
}

/** @throws {ConfigurationError} */
export const readBinding = (binding: AdapterBinding): AdapterBinding =>
  readOptions('describeAdapter', binding, BINDING)

/** The guards of the application, by path: a requirement, and the options of the guard. */
export const GUARDS = {
  '/private': [{}, {}],
  '/org': [{ org: true }, {}],
  '/admin': [{ role: 'admin' }, {}],
  '/machine': [{ machine: 'only' }, {}],
  '/api-key': [{ machine: ['api_key'] }, {}],
  '/m2m': [{ machine: ['m2m', 'oauth'] }, {}],
  '/oauth': [
    { machine: ['oauth'], oauth: { resource: 'https://mcp.example.com/mcp', scopes: ['write'] } },
    {},
  ],
  '/pending': [{ pending: 'allow' }, {}],
  '/local': [{ local: 'allow' }, {}],
  '/page': [{}, { redirect: true }],
} as const

/** The guards that name their clerk, by path. */
export function namedGuards({ clerk, second, other }: Pick<AppSpec, 'clerk' | 'second' | 'other'>) {
  return { '/first': clerk, '/elsewhere': other, ...(second === undefined ? {} : { '/second': second }) }
}

/** A guard for administrators, whose requirement is emptied after it was given. */
export function changedGuard<G>(make: (requirement: { role: string }) => G): G {
  const given: { role?: string } = { role: 'admin' }
  const guard = make(given as { role: string })
  delete given.role
  return guard
}

/** Whom the application's own login knows. What is not shown by `/me` must not be seen. */
export const LOCAL_USER = { id: 7, email: 'lea@app.example', passwordHash: 'never to be seen' }
