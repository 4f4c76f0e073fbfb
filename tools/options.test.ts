import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ROOT } from './services/ports.js'

type Callable = (...given: unknown[]) => unknown
type Names = Readonly<Record<string, Callable>>

const folderOf = (name: string) => join(ROOT, 'packages', name)
const load = (name: string): Promise<Names> =>
  import(pathToFileURL(join(folderOf(name), 'dist/index.js')).href) as Promise<Names>

const core = await load('clerk-core')
const { memoryStore, createClerk } = core as Record<'memoryStore' | 'createClerk', Callable>
const PUBLISHABLE_KEY = `pk_test_${Buffer.from('clerk.test.example$').toString('base64')}`
const RESOURCE = 'https://api.example.com/mcp'
const MINIMAL = {
  accept: { oauth: 'jwt' },
  provisioning: 'off',
  publishableKey: PUBLISHABLE_KEY,
  authorizedParties: ['https://app.example.com'],
  machineSecretKey: 'ak_0123456789',
  machineOrigins: [RESOURCE.slice(0, -'/mcp'.length)],
}
const clerk = createClerk({ ...MINIMAL, ...(memoryStore() as object) }) as {
  readonly webhooks: Names
  readonly close: Callable
}
const fastify = createRequire(join(folderOf('clerk-fastify'), 'package.json'))('fastify') as () => {
  register(plugin: unknown, options: unknown): unknown
  ready(): Promise<unknown>
}
/** As Fastify calls a plugin: with options of its own beside. */
const registered = (plugin: unknown, options: object) => {
  const app = fastify()
  app.register(plugin, { clerk, prefix: '/below', logLevel: 'silent', ...options })
  return app.ready()
}
const redis = { xAdd() {}, sendCommand() {}, duplicate() {} }
const models = {}

type Calls = Readonly<Record<string, (named: Callable, options: object) => unknown>>

/** Express, Koa and Hono have the same functions. */
const OF_MIDDLEWARES: Calls = {
  auditLog: (call, options) => call(clerk, { write() {}, ...options }),
  authOf: (call, options) => call({}, {}, options),
  clerkMiddleware: (call, options) => call(clerk, options),
  clerkProtectedResource: (call, options) => call(clerk, { resource: RESOURCE, ...options }),
  clerkRoutes: (call, options) => call(clerk, options),
  clerkWebhook: (call, options) => call(clerk, options),
  getAuth: (call, options) => call({}, options),
  requireAuth: (call, options) => call({}, options),
  userOf: (call, options) => call({}, {}, options),
}

/**
 * Every function of a package that takes options: how it is called with them. `options` has what is tested and nothing that
 * is required.
 */
const WITH_OPTIONS: Readonly<Record<string, Calls>> = {
  'clerk-core': {
    authenticateUpgrade: (call, options) => call(clerk, {}, options),
    createClerk: (call, options) => call({ ...MINIMAL, ...options }),
    createInboxWorker: (call, options) => call(clerk, options),
    machineFetch: (call, options) => call(clerk, RESOURCE, { token: options }),
    memoryStore: (call, options) => call(options),
  },
  'clerk-express': OF_MIDDLEWARES,
  'clerk-fastify': {
    auditLog: (call, options) => call(clerk, { write() {}, ...options }),
    authOf: (call, options) => call({}, {}, options),
    clerkPlugin: registered,
    clerkProtectedResource: (call, options) => call(clerk, { resource: RESOURCE, ...options }),
    clerkRoutesPlugin: registered,
    clerkWebhookPlugin: registered,
    getAuth: (call, options) => call({}, options),
    requireAuth: (call, options) => call({}, options),
    userOf: (call, options) => call({}, {}, options),
  },
  'clerk-fetch': {
    clerkFetch: (call, options) => call(clerk, options),
  },
  'clerk-hono': OF_MIDDLEWARES,
  'clerk-koa': OF_MIDDLEWARES,
  'clerk-drizzle': {
    drizzleStore: (call, options) => call({}, {}, options),
    organizationScope: (call, options) => call({ owned: [], ...options }),
  },
  'clerk-mongo': {
    mongoStore: (call, options) => call({}, options),
    scopedCollection: (call, options) => call({}, 'org_a', options),
  },
  'clerk-prisma': {
    organizationScope: (call, options) => call({ models, ...options }),
    prismaStore: (call, options) => call({}, options),
  },
  'clerk-redis': { redisInvalidation: (call, options) => call(redis, options) },
  'clerk-trpc': {
    createClerkContext: (call, options) => call(clerk, options),
    createGuards: (call, options) => call({}, options),
  },
}

/** All other functions. Where one of them is given an object, that says who may pass, and is checked as a requirement. */
const WITHOUT: Readonly<Record<string, readonly string[]>> = {
  'clerk-express': ['toMcpAuthInfo'],
  'clerk-fastify': ['toMcpAuthInfo'],
  'clerk-fetch': ['toMcpAuthInfo'],
  'clerk-hono': ['toMcpAuthInfo'],
  'clerk-koa': ['toMcpAuthInfo'],
  'clerk-core': ['authorize', 'currentAuth', 'fromEnv', 'refuseUpgrade', 'watchRequest', 'withConnection'],
}

/** A name that is taken by the types and refused by nothing would be missing here: values that fit no option. */
const WRONG_VALUES: readonly (readonly [name: string, options: object])[] = [
  ['clerkMiddleware', { localUser: 'lea' }],
  ['clerkMiddleware', { signInUrl: 'no url' }],
  ['clerkMiddleware', { context: 'true' }],
  ['clerkFetch', { prefix: 'auth' }],
  ['clerkFetch', { trustProxy: 1 }],
  ['clerkFetch', { session: {} }],
  ['clerkFetch', { resource: { resource: 'http://api.example.com' } }],
  ['clerkPlugin', { hook: 'onSend' }],
  ['clerkPlugin', { clerk: {} }],
  ['clerkPlugin', { clerk: undefined }],
  ['clerkRoutesPlugin', { signUpUrl: 7 }],
  ['clerkWebhookPlugin', { bodyTimeoutSeconds: '10' }],
  ['clerkWebhook', { bodyTimeoutSeconds: 0 }],
  ['clerkRoutes', { revokeAtClerk: 'false' }],
  ['clerkRoutes', { returnTo: 'https://app.example.com' }],
  ['clerkRoutes', { returnTo: ['capacitor://localhost'] }],
  ['clerkRoutes', { afterSignOutUrl: '//evil.example' }],
  ['clerkProtectedResource', { resource: 'http://api.example.com' }],
  ['clerkProtectedResource', { scopes: 'read' }],
  ['clerkProtectedResource', { scopes: ['re ad'] }],
  ['auditLog', { write: 'stdout' }],
  ['auditLog', { write: undefined }],
  ['requireAuth', { redirect: 1 }],
  ['requireAuth', { clerk: undefined }],
  ['getAuth', { clerk: null }],
  ['createClerkContext', { context: 1 }],
  ['createGuards', { clerk: {} }],
  ['createInboxWorker', { concurrency: 0 }],
  ['createInboxWorker', { prune: { olderThanSeconds: 1 } }],
  ['machineFetch', { tokenFormat: 'saml' }],
  ['memoryStore', { now: 0 }],
  ['authenticateUpgrade', { authorization: 7 }],
  ['redisInvalidation', { stream: '' }],
  ['mongoStore', { newId: 'uuid' }],
  ['mongoStore', { collections: { users: 1 } }],
  ['scopedCollection', { field: '$where' }],
  ['drizzleStore', { users: { fields: { email: 7 } } }],
  ['drizzleStore', { users: { unique: ['clerkId'] } }],
  ['prismaStore', { provider: 'oracle' }],
  ['prismaStore', { users: { fields: { email: 7 } } }],
  ['prismaStore', { users: { unique: ['clerkId'] } }],
  ['organizationScope', { clerk: {} }],
]

async function problemsOf(call: () => unknown): Promise<readonly { option: string; remedy: string }[]> {
  try {
    await call()
    return []
  } catch (error) {
    if ((error as Error).name !== 'ConfigurationError') throw error
    return (error as { problems: readonly { option: string; remedy: string }[] }).problems
  }
}

/** Functions that a package exports, without its classes. */
const functionsOf = (names: Names) =>
  Object.entries(names)
    .filter(([, value]) => typeof value === 'function' && !/^class\b/.test(String(value)))
    .map(([name]) => name)

describe.each(Object.entries(WITH_OPTIONS))('%s', async (name, calls) => {
  const names = await load(name)

  test('every function is known here', () => {
    expect(functionsOf(names).sort()).toEqual([...Object.keys(calls), ...(WITHOUT[name] ?? [])].sort())
    // Its own functions, or those of core's that it hands on.
    const report = [
      join(folderOf(name), 'api/index.api.md'),
      join(folderOf('clerk-core'), 'api/adapter.api.md'),
    ]
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n')
    for (const other of WITHOUT[name] ?? []) {
      const signature = new RegExp(`export function ${other}\\b[\\s\\S]*?;\r?\n\r?\n`).exec(report)?.[0] ?? ''
      expect(signature).not.toBe('')
      expect(signature.replace(/\): \w+;/, '')).not.toMatch(/\w+Options\b/)
    }
  })

  test.each(Object.entries(calls))('%s names an option that it does not know', async (of, call) => {
    const named = names[of] as Callable
    for (const unknown of ['unheardOf', 'constructor', 'onRequest']) {
      const problems = await problemsOf(() => call(named, { [unknown]: true }))
      expect([unknown, problems.map(({ option }) => option.split(' ').at(-1))]).toEqual([unknown, [unknown]])
      expect(problems[0]?.remedy).toMatch(/\.$/)
    }
  })

  test.each(WRONG_VALUES.filter(([of]) => of in calls))('%s refuses %o', async (of, options) => {
    const named = names[of] as Callable
    const problems = await problemsOf(() => calls[of]?.(named, options))
    expect(problems).toHaveLength(1)
    expect(problems[0]?.option).toContain(Object.keys(options)[0])
  })
})

test('what is asked of stored webhooks is checked as well', async () => {
  const { webhooks } = clerk
  for (const [method, options] of [
    ['list', { state: 'open' }],
    ['list', { status: 'opened' }],
    ['prune', { olderThan: 5 }],
    ['prune', { olderThanSeconds: '5' }],
  ] as const) {
    const problems = await problemsOf(() => webhooks[method]?.(options))
    expect(problems.map(({ option }) => option)).toEqual([
      `clerk.webhooks.${method} ${Object.keys(options)[0]}`,
    ])
  }
  await clerk.close()
})
