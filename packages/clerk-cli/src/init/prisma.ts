import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { CliError } from '../cli-error.js'
import type { Planned } from './planned.js'
import { extendModel, fieldsOf, modelsOf } from './prisma-schema.js'
import { withoutColumns } from './prisma-sql.js'
import type { Project } from './project.js'

/** What Prisma needs, and what only the owner of the schema can decide. */
export interface PrismaPlan {
  readonly files: readonly Planned[]
  readonly todos: readonly string[]
}

interface SchemaFile {
  readonly path: string
  readonly text: string
}

/** The databases of Prisma for which the package has a schema. */
const PROVIDERS: Readonly<Record<string, string>> = {
  postgresql: 'postgresql',
  postgres: 'postgresql',
  cockroachdb: 'postgresql',
  mysql: 'mysql',
  sqlite: 'sqlite',
}
const GUIDE = 'https://github.com/acme/clerk/blob/main/docs/existing-users.md'

/**
 * The models and the migration of `@acme/clerk-prisma`, as they are installed, for the project's own schema and database.
 *
 * @throws {CliError} without a schema, for another database, and where the package is not installed
 */
export function planPrisma(project: Project, now: Date): PrismaPlan {
  const files = schemaOf(project)
  const whole = files.map(({ text }) => text).join('\n')
  const [, named = ''] = /datasource\s+\w+\s*\{[^}]*?provider\s*=\s*"(\w+)"/.exec(whole) ?? []
  const provider = PROVIDERS[named]
  if (provider === undefined)
    throw new CliError(
      named === '' ? 'The Prisma schema has no datasource.' : `There is no store for Prisma on ${named}.`,
      named === 'mongodb'
        ? 'Use @acme/clerk-mongo, which needs no Prisma.'
        : `Use one of ${Object.keys(PROVIDERS).join(', ')}.`,
    )
  const shipped = packageOf(project)
  const models = modelsOf(readFileSync(join(shipped, 'schema', `${provider}.prisma`), 'utf8'))
  const there = modelsOf(whole)
  const user = there.get('User')
  const shippedUser = models.get('User') ?? ''
  const missing = [...models].filter(([name]) => !there.has(name))
  if (missing.length === 0 && isExtended(user)) return { files: [], todos: [] }

  const problems = [
    ...[...models.keys()].filter((name) => name !== 'User' && there.has(name)).map(nameTaken),
    ...(user === undefined ? [] : userProblems(user, shippedUser)),
  ]
  if (problems.length > 0) return { files: [], todos: problems }

  const extended = files.map(({ path, text }) => ({
    path,
    before: text,
    after:
      user !== undefined && text.includes(user) ? text.replace(user, extendModel(user, shippedUser)) : text,
  }))
  const added = missing.map(([, model]) => model).join('\n\n')
  const [only] = extended
  const schema: Planned[] =
    extended.length === 1 && only !== undefined
      ? [{ ...only, after: `${only.after.trimEnd()}\n\n${added}\n` }]
      : [
          ...extended,
          { path: join(dirname(only?.path ?? ''), 'clerk.prisma'), before: null, after: `${added}\n` },
        ]
  return {
    files: [...schema.filter(({ before, after }) => before !== after), ...migration()],
    todos: user === undefined ? [] : optionalFields(user, shippedUser),
  }

  function migration(): Planned[] {
    const folder = join(dirname(only?.path ?? ''), files.length > 1 ? '..' : '', 'migrations')
    const made = existsSync(join(project.folder, folder))
      ? readdirSync(join(project.folder, folder)).some((name) => name.endsWith('_clerk'))
      : false
    if (made) return []
    const sql = (name: string) =>
      readFileSync(join(shipped, 'migrations', provider ?? '', `${name}.sql`), 'utf8')
    const users =
      user === undefined
        ? sql('users')
        : withoutColumns(sql('existing-users'), [...fieldsOf(user).keys()], user)
    const time = now.toISOString().replace(/\D/g, '').slice(0, 14)
    const after = [users, sql('clerk'), sql('roles')].map((part) => part.trim()).join('\n\n')
    return [{ path: join(folder, `${time}_clerk`, 'migration.sql'), before: null, after: `${after}\n` }]
  }
}

/** `init` has been here. */
const isExtended = (user: string | undefined) => user !== undefined && fieldsOf(user).has('clerkId')

const nameTaken = (name: string) =>
  `The schema has a model ${name} of your own. Add the models of node_modules/@acme/clerk-prisma by hand under other names, and name them in prismaStore: https://github.com/acme/clerk/blob/main/docs/prisma.md#options`

/** What of the model User only the owner of the schema can decide. */
function userProblems(user: string, shipped: string): string[] {
  const own = fieldsOf(user)
  if (/@@?map\(/.test(user))
    return [`The model User has other names in the database (@map). Add the columns by hand: ${GUIDE}`]
  if (!own.has('email'))
    return [
      `The model User has no field email. Add the columns by hand, and name yours in prismaStore: ${GUIDE}`,
    ]
  return [...fieldsOf(shipped)].flatMap(([name, type]) => {
    const given = own.get(name)
    if (name === 'id' || given === undefined || base(given) === base(type)) return []
    return `User.${name} is a ${given}, and would have to be a ${type}. Add the columns by hand, and name another one in prismaStore: ${GUIDE}`
  })
}

/** Fields of the application's own that have to take what Clerk may lack. */
const optionalFields = (user: string, shipped: string): string[] =>
  [...fieldsOf(shipped)].flatMap(([name, type]) => {
    const given = fieldsOf(user).get(name)
    // A required clerkId is a decision of the application's: every row is a Clerk user's. The doctor tells what it excludes.
    return given !== undefined &&
      !['id', 'clerkId'].includes(name) &&
      type.endsWith('?') &&
      !given.endsWith('?')
      ? [`Make User.${name} optional (${type}) in the schema: users whom Clerk deleted have none. ${GUIDE}`]
      : []
  })

const base = (type: string) => type.replace('?', '')

/** The schema: what `package.json` or `prisma.config.ts` names, else where Prisma looks. A folder has several files. */
function schemaOf({ folder }: Project): readonly SchemaFile[] {
  const read = (file: string) =>
    existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : ''
  const [, inConfig] = /schema:\s*['"]([^'"]+)['"]/.exec(read('prisma.config.ts')) ?? []
  const [, inManifest] = /"prisma"\s*:\s*\{[^}]*"schema"\s*:\s*"([^"]+)"/.exec(read('package.json')) ?? []
  const places = [inConfig, inManifest, 'prisma/schema.prisma', 'schema.prisma', 'prisma/schema']
  const place = places.find((one) => one !== undefined && existsSync(join(folder, one)))
  if (place === undefined)
    throw new CliError(
      'There is no Prisma schema here.',
      'Make one with `npx --yes prisma init`, and run the command again.',
    )
  const path = join(folder, place)
  if (!statSync(path).isDirectory())
    return [{ path: relative(folder, path), text: readFileSync(path, 'utf8') }]
  return readdirSync(path)
    .filter((name) => name.endsWith('.prisma'))
    .sort()
    .map((name) => ({ path: join(place, basename(name)), text: readFileSync(join(path, name), 'utf8') }))
}

function packageOf({ folder, manager, missing }: Project): string {
  try {
    return dirname(createRequire(join(folder, 'package.json')).resolve('@acme/clerk-prisma/package.json'))
  } catch (error) {
    throw new CliError(
      '@acme/clerk-prisma, which has the schema, is not installed here.',
      `Install it first: ${manager.add} ${['@acme/clerk-prisma', ...missing.runtime.filter((name) => name !== '@acme/clerk-prisma')].join(' ')}`,
      { cause: error },
    )
  }
}
