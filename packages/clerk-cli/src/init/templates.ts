import type { Found, Project } from './project.js'

const REGISTER = `
// Gives \`auth.user\` the type of your own row.
declare module '@acme/clerk-core' {
  interface Register {
    clerk: typeof clerk
  }
}
`

const MONGO_LIMITS = `{
  serverSelectionTimeoutMS: 3000,
  socketTimeoutMS: 10_000,
}`

/** What a store takes: imports, what is made before, the part of `createClerk`, and what closes it. */
interface Parts {
  readonly imports: string
  readonly before: string
  readonly part: string
  readonly close: string
}

/**
 * The module that makes the clerk.
 *
 * @param database where the application's client or database is
 * @param schema where its tables are
 */
export function clerkModule({ store, ending }: Project, database: Found, schema: string): string {
  const { imports, before, part, close } = PARTS[store](database, schema)
  const core = store === 'memory' ? 'createClerk, fromEnv, memoryStore' : 'createClerk, fromEnv'
  return `import { ${core} } from '@acme/clerk-core'
${imports}${before === '' ? '' : `\n${before}`}
export const clerk = createClerk(fromEnv(), ${part})
${ending === 'ts' ? REGISTER : ''}
/** When the process ends. */
export async function close() {
  await clerk.close()
${close}}
`
}

const PARTS: Readonly<Record<Project['store'], (database: Found, schema: string) => Parts>> = {
  prisma: ({ name, from }) => ({
    imports: `import { prismaStore } from '@acme/clerk-prisma'\nimport { ${name} } from '${from}'\n`,
    before: '',
    part: `prismaStore(${name})`,
    close: `  await ${name}.$disconnect()\n`,
  }),
  drizzle: ({ name, from, closes }, schema) => ({
    imports: `import { drizzleStore } from '@acme/clerk-drizzle'\nimport { ${closes ? 'close as closeDatabase, ' : ''}${name} } from '${from}'\nimport * as schema from '${schema}'\n`,
    before: '',
    part: `drizzleStore(${name}, schema)`,
    close: closes
      ? '  await closeDatabase()\n'
      : '  // The pool or the client of your database is yours to close here.\n',
  }),
  mongo: () => ({
    imports: `import { mongoStore } from '@acme/clerk-mongo'\nimport { MongoClient } from 'mongodb'\n`,
    before: `const client = new MongoClient(process.env.MONGODB_URL ?? 'mongodb://127.0.0.1/app', ${MONGO_LIMITS})
const store = mongoStore(client.db())
// The indexes on which the store's correctness rests. Does nothing where they exist.
await store.ensureIndexes()
`,
    part: 'store',
    close: '  await client.close()\n',
  }),
  mongoose: () => ({
    imports: `import { mongoStore } from '@acme/clerk-mongo'\nimport mongoose from 'mongoose'\n`,
    before: `await mongoose.connect(process.env.MONGODB_URL ?? 'mongodb://127.0.0.1/app', ${MONGO_LIMITS})
const store = mongoStore(mongoose.connection.getClient().db())
// The indexes on which the store's correctness rests. Does nothing where they exist.
await store.ensureIndexes()
`,
    part: 'store',
    close: '  await mongoose.disconnect()\n',
  }),
  memory: () => ({
    imports: '',
    before: '// Forgets everything at the end of the process.\n',
    part: 'memoryStore()',
    close: '',
  }),
}

/** @param from the module that makes the clerk, as the configuration imports it */
export const configModule = (from: string): string =>
  [
    "import { defineConfig } from '@acme/clerk-cli'",
    `import { clerk, close } from '${from}'`,
    '',
    'export default defineConfig({ clerk: () => clerk, close })',
    '',
  ].join('\n')
