/** A package manager, and how it adds packages. */
export interface Manager {
  readonly name: string
  readonly locks: readonly string[]
  readonly add: string
  readonly addDevelopment: string
  /** In front of a program of the project. */
  readonly run: string
}

export const MANAGERS: readonly [Manager, ...Manager[]] = [
  {
    name: 'npm',
    locks: ['package-lock.json'],
    add: 'npm install',
    addDevelopment: 'npm install --save-dev',
    run: 'npx --yes ',
  },
  {
    name: 'pnpm',
    locks: ['pnpm-lock.yaml'],
    add: 'pnpm add',
    addDevelopment: 'pnpm add --save-dev',
    run: 'pnpm exec ',
  },
  { name: 'yarn', locks: ['yarn.lock'], add: 'yarn add', addDevelopment: 'yarn add --dev', run: 'yarn ' },
  {
    name: 'bun',
    locks: ['bun.lock', 'bun.lockb'],
    add: 'bun add',
    addDevelopment: 'bun add --dev',
    run: 'bunx ',
  },
]

/** A framework with an adapter, and the lines that mount it. */
export interface Framework {
  readonly name: string
  /** What its projects depend on: all of them. */
  readonly signs: readonly string[]
  /** Frameworks that it is made of, and whose adapters it does not need by themselves. */
  readonly contains?: readonly string[]
  readonly adapter: string
  readonly routes: string
  /** Written beside the module of the clerk. */
  readonly files?: readonly FrameworkFile[]
}

/** A file of a guide: in `templates/`, as the guide has it. */
export interface FrameworkFile {
  readonly name: string
  readonly template: string
  /** What the file declares: by this a copy is told from another file of that name. */
  readonly declares: string
  /** Only where the project depends on it. */
  readonly with?: string
}

const NEST_FILES: readonly FrameworkFile[] = [
  { name: 'auth.ts', template: 'nestjs/auth.ts.txt', declares: 'ClerkGuard' },
  { name: 'denied.filter.ts', template: 'nestjs/denied.filter.ts.txt', declares: 'DeniedFilter' },
  {
    name: 'sockets.ts',
    template: 'nestjs/sockets.ts.txt',
    declares: 'ClerkGateway',
    with: '@nestjs/platform-ws',
  },
]

const NEST_MODULE = [
  '// app.module.ts: a handler that is not @Public() is for users who are signed in',
  "import { APP_FILTER, APP_GUARD } from '@nestjs/core'",
  "import { ClerkGuard } from './auth.js'",
  "import { DeniedFilter } from './denied.filter.js'",
  '',
  '@Module({',
  '  providers: [',
  '    { provide: APP_GUARD, useClass: ClerkGuard },',
  '    { provide: APP_FILTER, useClass: DeniedFilter },',
  '  ],',
  '})',
].join('\n')

export const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'NestJS on Fastify',
    signs: ['@nestjs/core', '@nestjs/platform-fastify'],
    contains: ['NestJS on Express', 'Fastify', 'Express'],
    adapter: '@acme/clerk-fastify',
    files: NEST_FILES,
    routes: [
      NEST_MODULE,
      '',
      '// main.ts',
      "import { clerkPlugin, clerkRoutesPlugin } from '@acme/clerk-fastify'",
      "import { clerk } from './clerk.js'",
      '',
      'const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { rawBody: true })',
      'await app.register(clerkPlugin, { clerk })',
      "await app.register(clerkRoutesPlugin, { clerk, prefix: '/clerk' })",
    ].join('\n'),
  },
  {
    name: 'NestJS on Express',
    signs: ['@nestjs/core'],
    contains: ['Express'],
    adapter: '@acme/clerk-express',
    files: NEST_FILES,
    routes: [
      NEST_MODULE,
      '',
      '// main.ts',
      "import { clerkMiddleware, clerkRoutes } from '@acme/clerk-express'",
      "import { clerk } from './clerk.js'",
      '',
      'const app = await NestFactory.create<NestExpressApplication>(AppModule, { rawBody: true })',
      'app.use(clerkMiddleware(clerk)) // after the session, where there is one',
      "app.use('/clerk', clerkRoutes(clerk)) // /me, /health, /webhook, /sign-in …",
    ].join('\n'),
  },
  {
    name: 'Fastify',
    signs: ['fastify'],
    adapter: '@acme/clerk-fastify',
    routes: `import { clerkPlugin, clerkRoutesPlugin, requireAuth } from '@acme/clerk-fastify'

await app.register(clerkPlugin, { clerk })
await app.register(clerkRoutesPlugin, { clerk, prefix: '/clerk' })
app.get('/hello', { onRequest: requireAuth() }, (request) => ({ hello: request.auth.userId }))`,
  },
  {
    name: 'Koa',
    signs: ['koa'],
    adapter: '@acme/clerk-koa',
    routes: `import { clerkMiddleware, clerkRoutes, requireAuth } from '@acme/clerk-koa'

app.use(clerkMiddleware(clerk))
app.use(clerkRoutes(clerk, { prefix: '/clerk' }))
router.get('/hello', requireAuth(), (ctx) => {
  ctx.body = { hello: ctx.state.auth.userId }
})`,
  },
  {
    name: 'Express',
    signs: ['express'],
    adapter: '@acme/clerk-express',
    routes: `import { clerkMiddleware, clerkRoutes, requireAuth } from '@acme/clerk-express'

app.use(clerkMiddleware(clerk)) // before the routes
app.use('/clerk', clerkRoutes(clerk)) // before body parsers
app.get('/hello', requireAuth(), (req, res) => res.json({ hello: req.auth.userId }))`,
  },
  {
    name: 'Hono',
    signs: ['hono'],
    adapter: '@acme/clerk-hono',
    routes: `import { clerkMiddleware, clerkRoutes, requireAuth } from '@acme/clerk-hono'

app.use(clerkMiddleware(clerk)) // before the routes
app.route('/clerk', clerkRoutes(clerk))
app.get('/hello', requireAuth(), (c) => c.json({ hello: c.var.auth.userId }))`,
  },
  {
    name: 'Next',
    signs: ['next'],
    adapter: '@acme/clerk-fetch',
    routes: `import { clerkFetch } from '@acme/clerk-fetch'

// app/clerk/[...route]/route.ts; one clerk for all bundles: https://github.com/acme/clerk/blob/main/docs/fetch.md
const { handler } = clerkFetch(clerk, { prefix: '/clerk', trustProxy: true })
export const GET = handler
export const POST = handler`,
  },
  {
    name: 'tRPC',
    signs: ['@trpc/server'],
    adapter: '@acme/clerk-trpc',
    routes: `import { createClerkContext, createGuards } from '@acme/clerk-trpc'

const createContext = createClerkContext(clerk)
const t = initTRPC.context<typeof createContext>().create()
const { authed } = createGuards(t)
const appRouter = t.router({ hello: authed().query(({ ctx }) => ctx.auth.userId) })`,
  },
]

export type StoreKind = 'prisma' | 'drizzle' | 'mongoose' | 'mongo' | 'memory'

/** By which dependencies a store is chosen: the first that fits. */
export const STORES: readonly {
  readonly kind: StoreKind
  readonly signs: readonly string[]
  readonly packages: readonly string[]
}[] = [
  { kind: 'prisma', signs: ['@prisma/client', 'prisma'], packages: ['@acme/clerk-prisma'] },
  { kind: 'drizzle', signs: ['drizzle-orm'], packages: ['@acme/clerk-drizzle'] },
  { kind: 'mongoose', signs: ['mongoose'], packages: ['@acme/clerk-mongo'] },
  { kind: 'mongo', signs: ['mongodb'], packages: ['@acme/clerk-mongo'] },
  { kind: 'memory', signs: [], packages: [] },
]

/** The lines of `.env.example`, by the variable. `fromEnv()` takes these placeholders for missing. */
export const VARIABLES: Readonly<Record<string, string>> = {
  CLERK_PUBLISHABLE_KEY: 'pk_test_...',
  CLERK_SECRET_KEY: 'sk_test_...',
  CLERK_WEBHOOK_SIGNING_SECRET: 'whsec_...',
  CLERK_AUTHORIZED_PARTIES: 'http://localhost:3000',
}
