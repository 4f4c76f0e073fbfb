/**
 * Where a code is met.
 *
 * - `token`: `TokenError.reason`
 * - `anonymous`: `auth.reason` of an anonymous request, and the event `auth.failure`
 * - `unavailable`: `auth.reason` where the answer is not known, and the event `auth.unavailable`
 * - `denial`: `code` in the body of a request that a guard refused
 * - `route`: `code` in the body of an answer of our own routes
 * - `webhook`: `WebhookOutcome.kind`, and `code` of the event `webhook.failed`
 * - `webhook-body`: `code` in the body that Svix gets
 * - `webhook-refusal`: `message` of the event `webhook.failed`
 * - `session-end`: `reason` of the event `session.ended`
 * - `connection`: `reason` of the end of a connection, and the text of the close frame of a WebSocket
 * - `check`: `Diagnostic.code` of `clerk.check()`
 * - `thrown`: `code` of an error class
 * - `command`: `code` of a record `error` of the command line
 * - `warning`: `code` of a process warning
 */
export type CodeKind =
  | 'token'
  | 'anonymous'
  | 'unavailable'
  | 'denial'
  | 'route'
  | 'webhook'
  | 'webhook-body'
  | 'webhook-refusal'
  | 'session-end'
  | 'connection'
  | 'check'
  | 'thrown'
  | 'command'
  | 'warning'

export interface CodeEntry<K extends CodeKind = CodeKind> {
  /** Where it is met; the first one is where `docs/errors.md` explains it. */
  readonly metIn: readonly K[]
  /** One sentence: what has happened. Fixed text, without anything that a client sent. */
  readonly meaning: string
  /** One or two sentences: what to do about it. */
  readonly remedy: string
}

const metIn =
  <const K extends CodeKind>(...kinds: readonly K[]) =>
  (meaning: string, remedy: string): CodeEntry<K> => ({ metIn: kinds, meaning, remedy })

const refusedToken = metIn('token', 'anonymous')
const refusedMachine = metIn('anonymous')
const endedMachine = metIn('anonymous', 'connection')
const anonymous = metIn('anonymous')
const unavailable = metIn('unavailable')
const denial = metIn('denial')
const route = metIn('route')
const outcome = metIn('webhook')
const webhookBody = metIn('webhook-body')
const webhookRefusal = metIn('webhook-refusal')
const check = metIn('check')
const thrown = metIn('thrown')
const command = metIn('command')
const warning = metIn('warning')

const NOT_OURS = 'It is not a session token of Clerk. Find out which part of the client sends it.'
const SAME_INSTANCE = 'Check that the front end uses the publishable key of the same Clerk instance.'
const CLOCK = 'Check the clock of this machine (NTP), or raise `clockToleranceSeconds`.'
const LIST_ORIGINS = 'List the origins of your pages in `authorizedParties` (`CLERK_AUTHORIZED_PARTIES`).'
const DATABASE =
  'Check that the database runs, that its address and password are right, and that it was migrated.'
const SVIX_RETRIES = 'Svix sends it again.'

/**
 * Every code that a client or an operator can meet, once, with its meaning and its remedy. The unions below are made of
 * it, so that no code exists without an explanation; `docs/errors.md` is made of it too, and a test compares both.
 */
export const CODES = {
  // Session tokens: form, header, signature, claims, time, in the order of the checks.
  'token-too-large': refusedToken(
    'The token is longer than 8 KiB.',
    "Keep custom claims small. Clerk's own limit for the cookie is 4 KB.",
  ),
  'token-malformed': refusedToken(
    'The token is not a compact JWS of three canonical base64url parts with JSON objects.',
    'Send the token as Clerk’s front end gives it, with nothing added or encoded again.',
  ),
  'token-type-not-allowed': refusedToken(
    'The header `typ` is not `JWT`: this is not a session token.',
    'Send a session token. An OAuth access token does not sign a user in.',
  ),
  'token-category-not-allowed': refusedToken(
    'The header `cat` says that this is a JWT template or M2M token, not a session token.',
    'Call `getToken()` without a template.',
  ),
  'algorithm-not-allowed': refusedToken('The header `alg` is not RS256.', NOT_OURS),
  'critical-header-not-allowed': refusedToken(
    'The header asks for an extension (`crit`, `b64`, `zip`); none is supported.',
    NOT_OURS,
  ),
  'key-id-missing': refusedToken(
    'The header has no `kid` string, so that no key of the key set can be chosen.',
    NOT_OURS,
  ),
  'key-not-found': refusedToken(
    'The key set has no key with this `kid`: the token is of another Clerk instance, or forged.',
    SAME_INSTANCE,
  ),
  'signature-invalid': refusedToken(
    'The signature does not verify with the key named.',
    `${SAME_INSTANCE} With \`jwtKey\`, check that it is the key of this instance.`,
  ),
  'issuer-mismatch': refusedToken(
    'The claim `iss` is not the issuer of this Clerk instance.',
    `${SAME_INSTANCE} Behind a proxy, set \`issuer\` to what the tokens say.`,
  ),
  'subject-invalid': refusedToken(
    'The claim `sub` is not the id of a user.',
    'Machines authenticate with the credentials that `accept` names, not with a session token.',
  ),
  'session-id-invalid': refusedToken(
    'The claim `sid` is missing: a JWT template token cannot sign a user in.',
    'Call `getToken()` without a template.',
  ),
  'time-claim-invalid': refusedToken('The claims `exp`, `iat` and `nbf` must be whole seconds.', NOT_OURS),
  'lifetime-too-long': refusedToken(
    'The token lives longer than 24 hours.',
    'Shorten its lifetime: revocations are kept for 24 hours.',
  ),
  'token-expired': refusedToken(
    'The token has expired.',
    'Usual: the front end fetches a new one every minute. If all tokens expire, check the clock of this machine (NTP).',
  ),
  'token-not-yet-valid': refusedToken('The claim `nbf` lies in the future.', CLOCK),
  'token-issued-in-future': refusedToken('The claim `iat` lies in the future.', CLOCK),
  'authorized-party-missing': refusedToken(
    'The token has no `azp`.',
    'Native apps and the Backend API send such bearer tokens: set `allowMissingAzp`. A cookie token needs an `Origin` that `authorizedParties` lists by name, or a request of the same origin.',
  ),
  'authorized-party-mismatch': refusedToken(
    'The claim `azp` is not one of `authorizedParties`.',
    'Add the origin to `authorizedParties` if it is one of yours.',
  ),
  'audience-mismatch': refusedToken(
    'The claim `aud` names none of the configured `audience`.',
    'Make `audience` and the `aud` of the session token, as customised in the Clerk dashboard, the same.',
  ),
  'session-pending': refusedToken(
    'The session has open tasks (`sts: pending`).',
    'Let the user finish them, or set `allowPending` to accept such sessions.',
  ),
  'session-revoked': metIn(
    'token',
    'anonymous',
    'connection',
  )('The session, or its user, has been revoked.', 'The user signs in again.'),
  'keys-unavailable': metIn('token', 'unavailable')(
    'The key set cannot be fetched, so that it is not known whether the token is valid.',
    'Wait `retryAfterSeconds`. `clerk.check()` says what fails.',
  ),

  // Machine credentials.
  'machine-type-not-accepted': refusedMachine(
    'The machine credential is of a type that `accept` does not name.',
    'Set `accept.apiKeys`, `accept.m2m` or `accept.oauth`.',
  ),
  'machine-jwt-not-accepted': refusedMachine(
    'The machine credential is a JWT, and `accept` does not name its type in that form, or it came in a cookie.',
    'Set `accept.oauth`, or `accept.m2m` and `machineId`, and send the token as a bearer.',
  ),
  'machine-receiver-mismatch': endedMachine(
    'The M2M token was not made for this machine: its `scopes`, or else its `aud`, do not hold `machineId`.',
    'Let the machine that makes the token have this one in its scopes, in the Clerk dashboard → Machines.',
  ),
  'machine-resource-mismatch': endedMachine(
    'The OAuth access token was issued for another service: its `aud` does not name `accept.oauth.resource`.',
    'Let the client ask for its token with `resource` (RFC 8707), as the protected resource metadata says. Clerk does not tell what an opaque token is for: let it issue JWTs.',
  ),
  'several-credentials': anonymous(
    'The request carries an `X-API-Key` header and a bearer token: it is not known which of them is meant.',
    'Send one of them.',
  ),
  'machine-credential-invalid': endedMachine(
    'Clerk does not know the machine credential, or it has the wrong form.',
    'Check that it was copied whole and belongs to this instance.',
  ),
  'machine-credential-revoked': endedMachine(
    'The machine credential has been revoked at Clerk.',
    'Issue a new one.',
  ),
  'machine-credential-expired': endedMachine(
    'The machine credential has expired, or a JWT is older than `accept.maxAgeSeconds`.',
    'Issue a new one.',
  ),

  // Requests without a user.
  'no-credentials': anonymous(
    'The request carries no token, no machine credential and no session of ours.',
    'Usual for a visitor. If a client was to send a token, check its `Authorization` header or its cookies.',
  ),
  'not-looked-at': anonymous(
    'The request was answered, or is looked at by another hook, before the hook of `clerkPlugin` ran.',
    'Usual in an error handler or a log serializer. Register a hook that reads `request.auth` after `clerkPlugin`.',
  ),
  'cookie-outdated': anonymous(
    'The cookie token is older than `__client_uat`, the last sign-in or sign-out of the browser.',
    'Usual right after a sign-in: the front end writes a new token. If it stays, check which cookies a proxy passes on.',
  ),
  'signed-out': anonymous('The browser says that it is signed out (`__client_uat=0`).', 'The user signs in.'),
  'cross-site-request': metIn('anonymous', 'route')(
    'An unsafe request, or a WebSocket upgrade, carries cookies and comes from a page that is not listed.',
    'Add the origin of the page to `authorizedParties` if it is one of yours, or send the token as a bearer.',
  ),
  'session-ended': anonymous(
    'Clerk says that the session is not active any more.',
    'The user signs in again.',
  ),
  'session-stale': anonymous(
    'The session has not been confirmed within `revalidateAfterSeconds`, and without a secret key Clerk cannot be asked.',
    'Set `CLERK_SECRET_KEY`, or let the client send a token.',
  ),
  'user-not-provisioned': metIn('anonymous', 'connection')(
    'The token is valid, and its user is not in the store: `provisioning` is `off`, or Clerk does not know the user.',
    "Set `provisioning` to `'api'` or `'claims'`, or import the user.",
  ),
  'user-inactive': metIn('anonymous', 'connection')(
    'The user may not sign in: banned, deleted or withdrawn by a directory at Clerk, or switched off by the application.',
    'Lift the ban at Clerk, or set `isActive` in the row and call `clerk.users.forget(clerkId)`.',
  ),

  // What could not be reached. Never reported as anonymous.
  'clerk-unavailable': unavailable(
    'Clerk had to be asked and did not answer, or refused the secret key.',
    'Wait `retryAfterSeconds`. The log and the event `api.error` say whether the network or the key is at fault; so does `clerk.check()`.',
  ),
  'store-unavailable': metIn('unavailable', 'thrown')(
    'The database of a store cannot be reached, or did not answer in time.',
    DATABASE,
  ),
  'store-fault': metIn('unavailable', 'thrown')(
    'The database answered and refused for good: the user, or the membership, can be neither read nor stored. Thrown as `StoreFaultError`, whose `fault`, `model`, `field` and `index` say what.',
    'The event `store.fault` and the message of the error say what to change in the schema or in the code. `clerk.check()` finds most of them before they happen.',
  ),
  'changes-unavailable': unavailable(
    'The log of changes could not be read for longer than `graceSeconds`: revocations may have been missed.',
    `${DATABASE} The event \`changes.error\` names the failure.`,
  ),
  'session-unavailable': unavailable(
    'The session of the framework cannot be read, so that it is not known who is asking.',
    'Check the session store of the application.',
  ),

  // Bodies of denied requests.
  unauthenticated: denial(
    'The route needs a user, and the request is anonymous.',
    'Sign in. The logger, outside production, and the event `auth.failure` say why the request is anonymous.',
  ),
  'organization-required': denial(
    'The route needs an organisation, and none is active.',
    'Choose an organisation in the front end, or send `X-Organization-Id`.',
  ),
  'organization-mismatch': denial(
    'The header `X-Organization-Id` names an organisation that the user is not a member of.',
    'Send the id of an organisation of the user. A membership that is new may need its webhook first.',
  ),
  forbidden: denial(
    'The requirement of the route is not met: role, permission, plan, feature, scope, or the kind of caller.',
    'Grant what the route requires, or let the route accept `machine` or `local` callers.',
  ),
  'insufficient-scope': denial(
    'The OAuth access token lacks a scope that the route, or `accept.oauth.scopes`, requires. `WWW-Authenticate` names them.',
    'Let the client ask for a token with these scopes.',
  ),
  'reverification-required': denial(
    'The route needs a recent verification of the user.',
    "Let Clerk's front end verify the user again; it recognises the body of this answer.",
  ),
  unavailable: metIn(
    'denial',
    'route',
    'webhook',
    'webhook-body',
    'connection',
  )(
    'The keys, Clerk, or a store cannot be reached, so that there is no answer yet.',
    'Repeat after `Retry-After`. The event `auth.unavailable` or `webhook.failed` says what is missing.',
  ),

  // Bodies of our own routes.
  'raw-body-required': route(
    "A body parser has read the webhook before it reached Clerk's route, and the signature covers the raw bytes.",
    'Mount the webhook before the parser, or let the parser keep the bytes: the warning `ACME_CLERK_RAW_BODY` says how.',
  ),
  'webhook-timeout': route(
    'The body of the webhook did not arrive within `bodyTimeoutSeconds`.',
    `${SVIX_RETRIES} If it happens often, check the proxy in front.`,
  ),
  'request-malformed': route(
    'The method is TRACE, or the target of the request is no URL (`//`).',
    'Find out what sends it: browsers and Clerk do not.',
  ),
  'method-not-allowed': route(
    'The metadata of a protected resource is read with GET.',
    'Find out what sends the request: clients of OAuth do not.',
  ),
  'return-target-refused': route(
    '`returnTo` or `redirect_url` does not lead to this origin or to a listed one, has a form that browsers read differently, or is there twice.',
    'Use a path of this application, or list the origin in the option `returnTo`.',
  ),
  'sign-in-url-required': route(
    'There is no page to send the browser to.',
    'Set `signInUrl` and `signUpUrl`, or a publishable key, whose Account Portal is used then.',
  ),

  // How a webhook ended.
  processed: outcome('The event was applied, and its handlers have run.', 'Nothing.'),
  duplicate: outcome('The event had been processed before.', 'Nothing: Svix may send an event twice.'),
  'unknown-type': outcome(
    'No table and no handler of this application knows the type of the event.',
    'Nothing, or register a handler with `clerk.on()`.',
  ),
  malformed: outcome(
    'The body is not UTF-8, not JSON, or lacks what the type of the event requires.',
    'If it comes from Clerk, compare the event in the dashboard with `message` of the event `webhook.failed`.',
  ),
  refused: outcome(
    'Signature, timestamp or headers do not make it a delivery of Clerk.',
    'The logger, and `message` of the event `webhook.failed`, say which. Check the signing secret of the endpoint.',
  ),
  'too-large': metIn('webhook', 'webhook-refusal')(
    'The body is larger than `webhook.maxBodyBytes`.',
    'Keep metadata small, or raise the limit.',
  ),
  busy: outcome(
    'The same event is being processed, by this process or another one.',
    `${SVIX_RETRIES} If it goes on, a handler is slow; or a process was killed, and the event is free after \`webhook.leaseSeconds\`.`,
  ),
  failed: metIn('webhook', 'route')(
    'A handler threw or took too long, or the event or the sign-out could not be written.',
    `${SVIX_RETRIES} The logger has what the handler threw; the event \`webhook.failed\` names the handler and the class of the error, and \`store.fault\` what the database refused.`,
  ),
  'not-configured': outcome(
    'No webhook secret is configured.',
    'Set `CLERK_WEBHOOK_SIGNING_SECRET` to the signing secret of the endpoint.',
  ),
  'webhook-malformed': webhookBody('The outcome was `malformed` (400).', 'See [malformed](#malformed).'),
  'webhook-refused': webhookBody('The outcome was `refused` (403).', 'See [refused](#refused).'),
  'webhook-busy': webhookBody('The outcome was `busy` (409).', 'See [busy](#busy).'),
  'webhook-too-large': webhookBody('The outcome was `too-large` (413).', 'See [too-large](#too-large).'),
  'webhook-failed': webhookBody('The outcome was `failed` (500).', 'See [failed](#failed).'),
  'webhook-not-configured': webhookBody(
    'The outcome was `not-configured` (500).',
    'See [not-configured](#not-configured).',
  ),
  'not-utf8': webhookRefusal(
    'The body of the webhook is not UTF-8.',
    'It does not come from Clerk, or a proxy has changed it.',
  ),
  headers: webhookRefusal(
    'A header of `svix-id`, `svix-timestamp` and `svix-signature` is missing, came twice, or has the wrong form.',
    'It does not come from Clerk, or a proxy drops headers.',
  ),
  timestamp: webhookRefusal(
    'The timestamp is further from the clock of this machine than `webhook.toleranceSeconds`.',
    'Check the clock of this machine (NTP). An old delivery that is played back is refused on purpose.',
  ),
  signature: webhookRefusal(
    'No signature verifies with a configured secret.',
    'Copy the signing secret of this very endpoint. During a rotation configure both secrets.',
  ),

  // Sessions and connections.
  revoked: metIn('session-end')(
    'The session was ended because it or its user was revoked, or because the browser has signed out.',
    'Nothing: the user signs in again.',
  ),
  'ended-at-clerk': metIn('session-end')(
    'The session was ended because Clerk says that it is not active any more.',
    'Nothing: the user signs in again.',
  ),
  'organization-lost': metIn('connection')(
    'The user has left the organisation that the connection was opened for.',
    'Open a new connection.',
  ),
  'revalidation-failed': metIn('connection')(
    'The window of trust is over, and without a secret key Clerk cannot be asked about the session, or without a store of organisations nothing tells of the organisation.',
    'Open a new connection with a new token. Set `CLERK_SECRET_KEY`, and give `createClerk` the stores.',
  ),
  'requirement-failed': metIn('connection')(
    'What the connection was opened with is not met any more: a role, a permission, a plan, a feature, or the age of a factor.',
    'Open a new connection; its refusal says what is missing. For reverification, let the user verify again first.',
  ),

  // Findings of `clerk.check()`.
  'authorized-parties-any': check('`authorizedParties` is `any` in production.', LIST_ORIGINS),
  'authorized-parties-empty': check('`authorizedParties` is empty: every token is refused.', LIST_ORIGINS),
  'test-keys-in-production': check(
    '`NODE_ENV` is `production`, and the keys are of a test instance.',
    'Use the keys of the production instance (`sk_live_…`, `pk_live_…`), or another `NODE_ENV`.',
  ),
  'keys-of-different-instances': check(
    'One of the keys is of a test instance, the other of a production instance.',
    'Copy both keys from the same instance in the Clerk dashboard.',
  ),
  'webhook-secret-missing': check(
    'There is a store and no webhook secret: rows are not updated, and revocations do not arrive.',
    'Create an endpoint under Webhooks in the Clerk dashboard and set `CLERK_WEBHOOK_SIGNING_SECRET`.',
  ),
  'webhook-secret-too-short': check(
    'A webhook secret has fewer bytes than those that Svix makes.',
    'Copy the whole signing secret (`whsec_…`) of the endpoint, or rotate it.',
  ),
  'inbox-missing': check(
    'Webhooks are configured without an inbox: duplicates are processed again, and other processes do not hear of changes.',
    'Give `createClerk` an inbox; every store factory brings one.',
  ),
  'keys-unreachable': check(
    'The signing keys cannot be fetched: no token can be verified.',
    'Check the publishable key or `jwksUrl`, and that this host may reach it over HTTPS.',
  ),
  'clock-off': check(
    "The clock of this host differs from Clerk's.",
    'Synchronise the clock (NTP): tokens live for a minute, and are refused by a clock that is off.',
  ),
  'store-clock-off': check(
    'The clock of this host differs from the one of the database that holds the inbox.',
    'Synchronise both clocks (NTP). Nothing is missed meanwhile: the log is ordered by the database alone.',
  ),
  'secret-key-refused': check(
    'Clerk refuses the secret key.',
    'Copy the secret key of this instance from the Clerk dashboard (API keys).',
  ),
  'api-unreachable': check(
    "Clerk's Backend API does not answer, or answers with an error.",
    'Check `apiUrl`, and that this host may reach it over HTTPS.',
  ),
  'api-limit-reached': check(
    'Clerk answers 429: requests with this secret key have reached its limit, those of other processes too.',
    'Run the check again later. Where several processes use the key, give each its part of it with the option `api.share`.',
  ),
  'store-schema': check(
    'The schema of a store will refuse a write, or make reads slow. `message` names table and column.',
    'Do what `remedy` of the finding says: it has the statement. `clerk.ready()` rejects while an error of this kind is left.',
  ),
  'webhook-events-failed': check(
    'Webhook events were given up: they have failed as often as they may.',
    'Look at `acme-clerk webhooks list --status failed` (`clerk.webhooks.list`), mend what their `error` names, and replay (`webhooks replay`) or discard them.',
  ),
  'webhook-events-overdue': check(
    'Webhook events are due that Svix does not send any more.',
    'Start a worker with `createInboxWorker(clerk)`, or run `acme-clerk webhooks replay --status open` (`clerk.webhooks.replay(id)`).',
  ),
  'log-not-pruned': check(
    'The log of changes has entries that stopped counting long ago: nothing prunes it, and it grows.',
    'Start a worker with `createInboxWorker(clerk)`, or run `acme-clerk webhooks prune` (`clerk.webhooks.prune()`) by a schedule.',
  ),
  'store-unreachable-users': check('The store of users cannot be used.', DATABASE),
  'store-unreachable-organizations': check('The store of organisations cannot be used.', DATABASE),
  'store-unreachable-inbox': check('The inbox cannot be used.', DATABASE),

  // Errors that are thrown. The scopes of the store packages are here too, so that there is one list.
  configuration: thrown(
    '`ConfigurationError`: options or environment variables are missing or contradict each other.',
    'Every entry of `problems` names the option, what is wrong with it, and what to write.',
  ),
  token: thrown(
    '`TokenError`: a session token was refused, or could not be verified.',
    'Look up its `reason` on this page.',
  ),
  'store-input': thrown(
    '`StoreInputError`: what a store was given is not an id, an address or a time.',
    'Correct the caller. Nothing was sent to the database.',
  ),
  'webhook-data': thrown(
    "`WebhookDataError`: the data of an event, or an answer of Clerk's API, is not what its type says.",
    'The message names the field. If the shape is documented by Clerk, report it.',
  ),
  'clerk-api': thrown(
    "`ClerkApiError`: Clerk's Backend API answered with an error, or not at all (`status` 0).",
    "Look at `status`, Clerk's own `codes` and `retryAfterSeconds`; give `traceId` to Clerk's support.",
  ),
  'access-ended': thrown(
    '`AccessEndedError`: the values of `connection.whileAllowed()` ended, because the right to them did.',
    'Its `end` has the reason, and the answer that a request would get now.',
  ),
  'middleware-missing': thrown(
    '`MiddlewareMissingError`: a guard or handler asks about a request that was not authenticated.',
    "Mount the adapter's middleware before the guards and handlers that need it.",
  ),
  'clerk-not-named': thrown(
    '`ClerkNotNamedError`: several instances of `createClerk` have authenticated the request, and a guard names none of them.',
    'Name the one whose users may pass: `requireAuth({ … }, { clerk })`.',
  ),
  'no-current-auth': thrown(
    '`CurrentAuthError`: `currentAuth(clerk)` is called where no request of this clerk is being answered.',
    'Give the middleware of that clerk `context: true`, and mount it before. For messages over a connection use `withConnection(clerk, connection, …)`.',
  ),
  'current-auth-ended': thrown(
    '`CurrentAuthError`: `currentAuth(clerk)` is called after the response has ended.',
    'Read it before the response, and hand what is needed to the work that goes on.',
  ),
  'organization-scope': thrown(
    '`OrganizationScopeError` (Prisma, Drizzle): the operation cannot be confined to the organisation.',
    'Name the model and its relations, or the table, in the scope, or use the plain client where every organisation is meant.',
  ),
  'tenant-scope': thrown(
    '`TenantScopeError` (MongoDB): the operation cannot be confined to the tenant.',
    'Use an operation that the scope allows, or the plain collection where every tenant is meant.',
  ),

  // The command line.
  usage: command(
    'The command was not called as it has to be, or what it needs is not there.',
    'Do what its `remedy` says. `acme-clerk <command> --help` shows the options.',
  ),
  unknown: command(
    "The application's own code, or a library of it, threw while the command ran.",
    'Run the command again with `--debug`, which shows the stack.',
  ),

  // Process warnings.
  ACME_CLERK_RAW_BODY: warning(
    "A body parser reads webhooks before they reach Clerk's route. Told once per route.",
    'Do what the warning says: it names the setting of this framework.',
  ),
  ACME_CLERK_SIGN_IN_URL: warning(
    'A route that redirects has no page to send the browser to.',
    'Set `signInUrl` and `signUpUrl`, or a publishable key.',
  ),
  ACME_CLERK_AUDIT: warning(
    'An entry of the audit log could not be written. The request went on.',
    'Check the target that `auditLog` writes to; the warning names the class of the error.',
  ),
  ACME_CLERK_TEST_KEYS: warning(
    '`NODE_ENV` is `production`, and the keys are of a development instance of Clerk. Told when `createClerk` is called.',
    'Usual on a staging host. In production use the keys of the production instance (`sk_live_…`, `pk_live_…`).',
  ),
  ACME_CLERK_PLACEHOLDER: warning(
    'An option, a variable or an entry of a list holds what a template left there (`sk_test_...`, `your_secret_key`), and counts as missing. Told when `createClerk` is called.',
    'Set it, or remove it.',
  ),
  ACME_CLERK_ENV: warning(
    'A variable is set that has no effect: it is of the Django packages, or its name is nearly one of ours. Told when `createClerk` is called.',
    'Do what the warning says, or remove the variable.',
  ),
  ACME_CLERK_OTHER_INSTANCE: warning(
    'A webhook with a valid signature is about another Clerk instance than the one whose tokens are accepted. It was processed. Told once per instance.',
    'Give each instance an endpoint, a signing secret and stores of its own; remove the secret of the other instance from `webhookSecrets`.',
  ),
  ACME_CLERK_REVOKE: warning(
    'A session was signed out here, and refused by every process, but could not be revoked at Clerk. Told once a minute.',
    "Check `CLERK_SECRET_KEY` and that this host reaches Clerk's Backend API; `revokeAtClerk: false` leaves it to the front end.",
  ),
  ACME_CLERK_KEEP_CLAIMS: warning(
    'The claims that `session.keepClaims` names took more than 1 KB, and the session keeps none of them. Told once.',
    'Name smaller claims: a cookie session has 4 KB for everything.',
  ),
  ACME_CLERK_LOCAL_USER: warning(
    'What `localUser` gave is no user: a list, an empty object, an empty string or a number that is not positive. The request is anonymous. Told once a minute.',
    "Give the user's row or id, or `undefined` where no user is signed in.",
  ),
  ACME_CLERK_WATCH: warning(
    'A callback of a connection of `clerk.watch()` threw when the connection ended. The other connections were closed as usual.',
    'Catch the error in the callback; the warning names its class.',
  ),
} satisfies Readonly<Record<string, CodeEntry>>

/** Every code there is. */
export type Code = keyof typeof CODES

/** The codes that are met there. */
export type CodesIn<K extends CodeKind> = {
  [C in Code]: K extends (typeof CODES)[C]['metIn'][number] ? C : never
}[Code]

/** Why a session token was refused. Every refusal of {@link Clerk.verifyToken} carries exactly one. */
export type TokenErrorReason = CodesIn<'token'>

/** Why a machine credential (API key, M2M token, OAuth access token) was refused. */
export type MachineErrorReason = Extract<CodesIn<'anonymous'>, `machine-${string}`>

/** Why a request is anonymous although it may have carried something. */
export type AnonymousReason = CodesIn<'anonymous'>

/** What could not be reached, so that it is not known who is asking. Never reported as anonymous. */
export type UnavailableReason = CodesIn<'unavailable'>

/** Codes in the body of a denied request. */
export type DenialCode = CodesIn<'denial'>

/** Codes in the body of a request refused by one of our routes, for what it is rather than for who sent it. */
export type WebErrorCode = CodesIn<'route'>
