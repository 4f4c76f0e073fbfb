import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { planFramework } from './framework.js'
import type { Planned } from './planned.js'
import { planPrisma } from './prisma.js'
import {
  drizzleDatabaseOf,
  drizzleSchemaOf,
  hasClerkColumns,
  type Project,
  prismaClientOf,
} from './project.js'
import { VARIABLES } from './tables.js'
import { clerkModule, configModule } from './templates.js'

/** What `init` writes, and what it leaves to the owner of the project, in order. */
export interface Plan {
  readonly files: readonly Planned[]
  /** Files that would have been made and are there already. */
  readonly left: readonly string[]
  readonly todos: readonly string[]
}

const WEBHOOK = 'https://dashboard.clerk.com → Webhooks'

/** @throws {CliError} where the database's part cannot be planned */
export function planOf(project: Project, now: Date): Plan {
  const { folder, source, ending, manager, store, missing, frameworks } = project
  const clerkFile = join(source, `clerk.${ending}`)
  const configFile = `acme-clerk.config.${ending}`
  const found =
    store === 'prisma'
      ? prismaClientOf(project, clerkFile)
      : store === 'drizzle'
        ? drizzleDatabaseOf(project, clerkFile)
        : null
  const tables = store === 'drizzle' ? drizzleSchemaOf(project, clerkFile) : null
  const prisma = store === 'prisma' ? planPrisma(project, now) : { files: [], todos: [] }
  const suffix = ending === 'ts' ? 'js' : ending
  const made: Planned[] = [
    {
      path: clerkFile,
      before: null,
      after: clerkModule(
        project,
        found ??
          (store === 'drizzle'
            ? { name: 'db', from: `./database.${suffix}` }
            : { name: 'prisma', from: `./prisma.${suffix}` }),
        tables?.from ?? `./schema.${suffix}`,
      ),
    },
    {
      path: configFile,
      before: null,
      after: configModule(`./${source === '' ? '' : `${source}/`}clerk.${suffix}`),
    },
  ]
  const framework = planFramework(project)
  made.push(...framework.files)
  const isThere = ({ path }: Planned) => existsSync(join(folder, path))
  const env = planEnv(project)
  return {
    files: [...prisma.files, ...made.filter((file) => !isThere(file)), ...env],
    left: made.filter(isThere).map(({ path }) => path),
    todos: [
      ...(missing.runtime.length > 0 ? [`${manager.add} ${missing.runtime.join(' ')}`] : []),
      ...(missing.development.length > 0
        ? [`${manager.addDevelopment} ${missing.development.join(' ')}`]
        : []),
      ...prisma.todos,
      ...(store === 'prisma' && found === null
        ? [
            `Export your PrismaClient as \`prisma\` from ${join(source, `prisma.${ending}`)}, or correct the import in ${clerkFile}.`,
          ]
        : []),
      ...(prisma.files.length > 0 ? [`${manager.run}prisma migrate dev`] : []),
      ...(store === 'drizzle' ? drizzleTodos(project, clerkFile, found !== null, tables?.name ?? null) : []),
      ...framework.todos,
      ...(ending === 'ts' && !project.isModule && (store === 'mongo' || store === 'mongoose')
        ? [
            `${clerkFile} has \`await\` at its top level, which only an ES module may: set "type": "module" in package.json, or move these lines to where the application starts.`,
          ]
        : []),
      ...frameworks.map(({ name, routes }) => `Mount the routes (${name}):\n\n${routes}\n`),
      ...(frameworks.length === 0
        ? ['No framework was recognised: https://github.com/acme/clerk#readme lists the adapters.']
        : []),
      `Fill .env as .env.example says, and send webhooks to /clerk/webhook (${WEBHOOK}).`,
      `${manager.run}acme-clerk doctor`,
    ],
  }
}

/** `init` edits no table: what Drizzle's schema needs is for its owner to write. @param core `pg`, `mysql`, `sqlite` */
function drizzleTodos(
  project: Project,
  clerkFile: string,
  hasDatabase: boolean,
  core: string | null,
): string[] {
  const { manager, source, ending } = project
  const door = `@acme/clerk-drizzle/${core ?? 'pg'}`
  return [
    ...(hasDatabase
      ? []
      : [
          `Export your database of Drizzle as \`db\` from ${join(source, `database.${ending}`)}, or correct the import in ${clerkFile}.`,
        ]),
    ...(hasClerkColumns(project)
      ? []
      : [
          `Spread \`...clerkUserColumns()\` of ${door} into your table \`users\`, and export the other tables from the same module: https://github.com/acme/clerk/blob/main/docs/drizzle.md#tables`,
        ]),
    `${manager.run}drizzle-kit generate, then ${manager.run}drizzle-kit migrate`,
  ]
}

/** The variables that `.env.example` does not name yet. */
function planEnv({ folder, store }: Project): Planned[] {
  const path = '.env.example'
  const before = existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : null
  const wanted: Readonly<Record<string, string>> = {
    ...VARIABLES,
    ...((store === 'mongo' || store === 'mongoose') && { MONGODB_URL: 'mongodb://127.0.0.1/app' }),
  }
  const lines = Object.entries(wanted)
    .filter(([name]) => !new RegExp(`^#?\\s*${name}=`, 'm').test(before ?? ''))
    .map(([name, value]) => `${name}=${value}`)
  if (lines.length === 0) return []
  const start = before === null || before === '' ? '' : `${before.trimEnd()}\n\n`
  return [{ path, before, after: `${start}${lines.join('\n')}\n` }]
}
