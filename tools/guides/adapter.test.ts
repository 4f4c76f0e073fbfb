import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type AppBinding,
  type AppSpec,
  changedGuard,
  changeRows,
  describeAuth,
  GUARDS,
  namedGuards,
  type RunningApp,
  runAdapterSuite,
} from '@acme/adapter-suite'
import type { AuditOptions, RegisteredAuth } from '@acme/clerk-core'
import type {
  AnyClerk,
  GuardArguments,
  MiddlewareOptions,
  ProtectedResourceOptions,
  RoutesOptions,
  WebhookRouteOptions,
} from '@acme/clerk-core/adapter'
import { readSnippet } from '@acme/tools/snippets'
import { afterAll } from 'vitest'

// The adapter of docs/write-your-own-adapter.md, in the suite that the adapters of this repository share.

interface Call {
  readonly req: import('node:http').IncomingMessage
  readonly res: import('node:http').ServerResponse
  readonly trustProxy: boolean
  auth?: RegisteredAuth
  route?: string
}
type Middleware = (call: Call, next: () => unknown) => unknown

interface Adapter {
  auditLog(clerk: AnyClerk, options: AuditOptions): Middleware
  clerkMiddleware(clerk: AnyClerk, options?: MiddlewareOptions<Call>): Middleware
  clerkProtectedResource(clerk: AnyClerk, options?: ProtectedResourceOptions): Middleware
  clerkRoutes(clerk: AnyClerk, options?: RoutesOptions<Call> & { prefix?: string }): Middleware
  clerkWebhook(clerk: AnyClerk, options?: WebhookRouteOptions): (call: Call) => unknown
  requireAuth(...given: GuardArguments): Middleware
}

const { code } = await readSnippet(
  new URL('../../docs/write-your-own-adapter.md', import.meta.url),
  'adapter.ts',
)
const parent = fileURLToPath(new URL('.snippets/', import.meta.url))
mkdirSync(parent, { recursive: true })
const folder = mkdtempSync(join(parent, 'adapter-'))
writeFileSync(join(folder, 'adapter.ts'), code)
const adapter = (await import(join(folder, 'adapter.ts'))) as Adapter
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const binding: AppBinding = {
  name: 'an adapter of one’s own',
  sessions: [],
  bodyParsers: ['loses'],
  guard: (...given) => adapter.requireAuth(...(given as never)),
  start: (spec) => listen(build(spec), spec.trustProxy),
}

function build(spec: AppSpec): readonly Middleware[] {
  const { auditLog, clerkMiddleware, clerkRoutes, clerkWebhook, requireAuth } = adapter
  const { clerk, webhook, routes, resource } = spec
  const json =
    (describe: (auth: RegisteredAuth) => unknown): Middleware =>
    (call) =>
      call.res
        .setHeader('Content-Type', 'application/json')
        .end(JSON.stringify(describe(call.auth as RegisteredAuth)))
  const shown = json(describeAuth)
  return [
    auditLog(clerk, { write: spec.audit }),
    ...(resource === undefined ? [] : [adapter.clerkProtectedResource(clerk, resource)]),
    ...(spec.bodyParser === 'none' ? [] : [loseBody]),
    clerkMiddleware(clerk, { localUser: spec.localUser }),
    ...(spec.second === undefined ? [] : [clerkMiddleware(spec.second)]),
    clerkRoutes(clerk, { ...routes, prefix: '/auth' }),
    clerkRoutes(spec.other, { prefix: '/other' }),
    route('/hooks/clerk', clerkWebhook(clerk, webhook)),
    route('/open', shown),
    route('/users/:id', shown),
    route('/broken', () => {
      throw new Error('broken')
    }),
    ...Object.entries(GUARDS).map(([path, given]) => route(path, requireAuth(...given), shown)),
    ...Object.entries(namedGuards(spec)).map(([path, named]) =>
      route(path, requireAuth({}, { clerk: named }), shown),
    ),
    route('/changed', changedGuard(requireAuth), shown),
    route('/change', requireAuth(), json(changeRows)),
  ]
}

/** The little of a router that is needed here. */
function route(path: string, ...chain: readonly Middleware[]): Middleware {
  const pattern = new RegExp(`^${path.replace(/:\w+/, '[^/]+')}$`)
  return (call, next) => {
    if (!pattern.test((call.req.url ?? '').replace(/\?.*$/s, ''))) return next()
    call.route = path
    return run(chain, call)
  }
}

async function run(chain: readonly Middleware[], call: Call): Promise<unknown> {
  const [first, ...rest] = chain
  return first?.(call, () => run(rest, call))
}

const loseBody: Middleware = async ({ req }, next) => {
  for await (const _ of req);
  return next()
}

async function listen(app: readonly Middleware[], trustProxy: boolean): Promise<RunningApp> {
  const last: Middleware = ({ res }) => res.writeHead(404).end()
  const server = createServer((req, res) => {
    run([...app, last], { req, res, trustProxy }).catch(() => {
      if (!res.headersSent) res.writeHead(500)
      res.end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes: () => 0,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

runAdapterSuite(binding)
