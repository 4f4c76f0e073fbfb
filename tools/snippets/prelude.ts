// What a fragment of a document takes for granted. A reader finds it a few lines above, or has it in the application.

const CORE = [
  'toMcpAuthInfo',
  'createClerk',
  'fromEnv',
  'memoryStore',
  'currentAuth',
  'withConnection',
  'authenticateUpgrade',
]
const EXPRESS = [
  'clerkMiddleware',
  'clerkRoutes',
  'requireAuth',
  'userOf',
  'authOf',
  'getAuth',
  'clerkWebhook',
  'clerkProtectedResource',
  'toMcpAuthInfo',
]

const importing = (names: readonly string[], from: string) =>
  Object.fromEntries(names.map((name) => [name, `import { ${name} } from '${from}'`]))
const handler = (name: string) => ({
  [name]: `declare const ${name}: import('express').RequestHandler`,
})
const clerk = (name: string) => ({ [name]: `declare const ${name}: import('@acme/clerk-core').Clerk` })

const ANYWHERE: Readonly<Record<string, string>> = {
  ...importing(CORE, '@acme/clerk-core'),
  ...importing(EXPRESS, '@acme/clerk-express'),
  ...importing(['maySignIn'], '@acme/clerk-core/store'),
  ...importing(['prismaStore', 'organizationScope'], '@acme/clerk-prisma'),
  ...importing(['drizzleStore'], '@acme/clerk-drizzle'),
  ...importing(['mongoStore', 'scopedCollection'], '@acme/clerk-mongo'),
  ...importing(['MongoClient'], 'mongodb'),
  ...clerk('clerk'),
  ...clerk('shop'),
  ...clerk('administration'),
  invoicesOf: 'declare function invoicesOf(userId: string): Promise<object[]>',
  ...handler('chooseOrganization'),
  ...handler('invoices'),
  ...handler('orders'),
  ...handler('reports'),
  app: "declare const app: import('express').Express",
  stores: "declare const stores: ReturnType<typeof import('@acme/clerk-core').memoryStore>",
  url: 'declare const url: string',
  client: "declare const client: import('mongodb').MongoClient",
  store: "declare const store: ReturnType<typeof import('@acme/clerk-mongo').mongoStore>",
  prisma: `declare const prisma: import('${generated('app')}').PrismaClient`,
}

/** What is another thing there than elsewhere. */
const IN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'docs/users-and-organizations.md': {
    stores: `declare const stores: {
      readonly users: import('@acme/clerk-core/store').UserStore<
        import('@acme/clerk-core/store').UserRecord & { readonly isStaff: boolean }
      >
    }`,
  },
  'docs/administrators.md': {
    staffById:
      'declare function staffById(id: number): Promise<{ readonly id: number; readonly isStaff: true } | null>',
  },
  'docs/koa.md': {
    ...importing(['requireAuth'], '@acme/clerk-koa'),
    router: "declare const router: import('@koa/router').Router",
  },
  'docs/mcp.md': {
    ...handler('mcp'),
    transport: `declare const transport: {
      handleRequest(req: object, res: object, body: unknown): Promise<void>
    }`,
  },
  'docs/prisma.md': {
    PrismaClient: `import { PrismaClient } from '${generated('app')}'`,
    adapter: "declare const adapter: import('@prisma/adapter-libsql').PrismaLibSql",
    softDelete: 'declare const softDelete: { readonly name: string }',
    snapshot: "declare const snapshot: import('@acme/clerk-core/store').UserSnapshot",
  },
  'docs/drizzle.md': {
    db: "declare const db: import('drizzle-orm/node-postgres').NodePgDatabase",
    schema:
      "declare const schema: typeof import('../../../../packages/clerk-drizzle/src/testing/schema.pg.ts')",
    snapshot: "declare const snapshot: import('@acme/clerk-core/store').UserSnapshot",
  },
  'docs/write-your-own-store.md': {
    pgUsers: "import { pgUsers } from './users.js'",
    pgInbox: "import { pgInbox } from './inbox.js'",
    pool: "declare const pool: import('pg').Pool",
  },
}

/** An application that has orders. */
const SHOP = { prisma: `declare const prisma: import('${generated('shop')}').PrismaClient` }

function generated(schema: string): string {
  return `../../../../packages/clerk-prisma/generated/v7-sqlite-${schema}/client.ts`
}

const client = (schema: string) =>
  `import type { PrismaClient } from '${generated(schema)}'\nexport declare const prisma: PrismaClient\n`
const exportedClerk = "import type { Clerk } from '@acme/clerk-core'\nexport declare const clerk: Clerk\n"

const exportedStore =
  "export declare const store: ReturnType<typeof import('@acme/clerk-core').memoryStore>\n"

const exportedClerkAndClose = `${exportedClerk}export declare const close: () => Promise<void>\n`

/** What Vite's templates ship. */
const viteTypes = { 'vite-env.d.ts': '/// <reference types="vite/client" />\n' }

/** Files of the application that blocks of a document import; of one block, where they differ. */
export const COMPANIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'docs/existing-users.md': { 'prisma.ts': client('shop') },
  // What Bun and Deno have as globals.
  'docs/fetch.md': {
    'runtimes.d.ts': `
      type Answer = (request: Request) => Response | Promise<Response>
      declare const Bun: { serve(options: { port: number; routes: Record<string, Answer> }): object }
      declare const Deno: {
        env: { get(name: string): string | undefined }
        serve(options: { port: number }, answer: Answer): object
      }
`,
  },
  'docs/prisma.md': { 'prisma.ts': client('app') },
  'docs/prisma.md database.ts': {
    'generated/client.ts': `export { PrismaClient } from '../${generated('app')}'\n`,
  },
  'docs/prisma.md tenants.ts': { 'prisma.ts': client('scope') },
  'packages/clerk-prisma/README.md': { 'prisma.ts': client('app') },
  'docs/observability.md': { 'clerk.ts': exportedClerk },
  'docs/webhooks.md': {
    'clerk.ts': exportedClerk,
    'app.ts': `${exportedClerk}export declare const server: import('node:http').Server\n`,
  },
  'docs/offline-clerk.md': viteTypes,
  'docs/frontend.md': {
    ...viteTypes,
    // A package of 200 for one snippet: its types are those that React's hands out.
    'clerk-js.d.ts': `declare module '@clerk/clerk-js' {
      export const Clerk: new (publishableKey: string) => ReturnType<typeof import('@clerk/react').useClerk> & { load(): Promise<void> }
    }\n`,
  },
  'packages/clerk-cli/README.md': { 'clerk.ts': exportedClerkAndClose },
  'docs/cli.md': { 'store.ts': exportedStore },
  'docs/migrating-from-django.md': { 'clerk.ts': exportedClerk },
  'docs/scaling.md': { 'store.ts': exportedStore },
}

/** What a page is compiled with, beside the backend's options. */
const BROWSER = { lib: ['es2023', 'dom', 'dom.iterable'], jsx: 'react-jsx' }
export const COMPILED_WITH: Readonly<Record<string, object>> = {
  'docs/frontend.md': BROWSER,
  'docs/offline-clerk.md': BROWSER,
}

/** The fragment as a file: in front of it, on one line each, what it uses and does not declare. */
export function asModule(document: string, code: string): string {
  const shop = /\btx\.order\b/.test(code) ? SHOP : {}
  const known: Readonly<Record<string, string>> = { ...ANYWHERE, ...IN[document], ...shop }
  // What stands in comments, strings, and behind a dot is no name of a variable.
  const names = new Set(
    code.replace(/\/\/.*$|'[^'\n]*'/gm, '').match(/(?<![\w.])[A-Za-z]\w*|(?<=\.\.\.)[A-Za-z]\w*/g) ?? [],
  )
  const declared = new Set(
    [...code.matchAll(/\b(?:const|let|function|class)\s+(\w+)|import \{([^}]*)\}/g)].flatMap(
      ([, name, list = '']) => (name === undefined ? list.split(',').map((one) => one.trim()) : [name]),
    ),
  )
  const lines = [...names].filter((name) => !declared.has(name)).flatMap((name) => known[name] ?? [])
  return [...lines, 'export {}', code].join('\n')
}
