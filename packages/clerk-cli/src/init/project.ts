import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { CliError } from '../cli-error.js'
import {
  FRAMEWORKS,
  type Framework,
  type FrameworkFile,
  MANAGERS,
  type Manager,
  STORES,
  type StoreKind,
} from './tables.js'

/** What `init` recognises of a project. */
export interface Project {
  readonly folder: string
  readonly manager: Manager
  readonly frameworks: readonly Framework[]
  /** That the frameworks want. */
  readonly frameworkFiles: readonly FrameworkFile[]
  readonly store: StoreKind
  /** `src`, or nothing. */
  readonly source: string
  /** Whether its files are ES modules, as `package.json` says. */
  readonly isModule: boolean
  /** Of the files that are made. */
  readonly ending: 'ts' | 'js' | 'mjs'
  /** Packages of ours that `package.json` does not name yet. */
  readonly missing: { readonly runtime: readonly string[]; readonly development: readonly string[] }
}

interface Manifest {
  readonly type?: string
  readonly packageManager?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** @throws {CliError} where there is no `package.json` */
export function recognise(folder: string): Project {
  const manifest = manifestOf(folder)
  const dependencies = { ...manifest.dependencies, ...manifest.devDependencies }
  const has = (name: string) => Object.hasOwn(dependencies, name)
  const frameworks = frameworksOf(has)
  const store = STORES.find(({ signs }) => signs.some(has)) ?? STORES.at(-1)
  if (store === undefined) throw new Error('the table of stores is empty')
  const typescript = has('typescript') || existsSync(join(folder, 'tsconfig.json'))
  const runtime = ['@acme/clerk-core', ...frameworks.map(({ adapter }) => adapter), ...store.packages]
  return {
    folder,
    manager: managerOf(folder, manifest),
    frameworks,
    frameworkFiles: frameworks.flatMap(({ files = [] }) =>
      files.filter((file) => file.with === undefined || has(file.with)),
    ),
    store: store.kind,
    source: existsSync(join(folder, 'src')) ? 'src' : '',
    isModule: manifest.type === 'module',
    ending: typescript ? 'ts' : manifest.type === 'module' ? 'js' : 'mjs',
    missing: {
      runtime: runtime.filter((name) => !has(name)),
      development: ['@acme/clerk-cli', '@acme/clerk-testing'].filter((name) => !has(name)),
    },
  }
}

function frameworksOf(has: (name: string) => boolean): readonly Framework[] {
  const found = FRAMEWORKS.filter(({ signs }) => signs.every(has))
  const contained = new Set(found.flatMap(({ contains = [] }) => contains))
  return found.filter(({ name }) => !contained.has(name))
}

function manifestOf(folder: string): Manifest {
  const file = join(folder, 'package.json')
  if (!existsSync(file))
    throw new CliError('There is no package.json here.', 'Change to the folder of the project.')
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest
  } catch (error) {
    throw new CliError('The package.json is no JSON.', 'Correct it, and run the command again.', {
      cause: error,
    })
  }
}

/** By `packageManager`, else by the lock file, here or in the workspace above. */
function managerOf(folder: string, { packageManager }: Manifest): Manager {
  const named = MANAGERS.find(({ name }) => packageManager?.startsWith(`${name}@`))
  if (named !== undefined) return named
  for (let at = folder; ; at = dirname(at)) {
    const found = MANAGERS.find(({ locks }) => locks.some((lock) => existsSync(join(at, lock))))
    if (found !== undefined) return found
    if (at === dirname(at)) break
  }
  const [npm] = MANAGERS
  return npm
}

const PRISMA_CLIENT = /export const (\w+)[^=\n]*=[^=][\s\S]{0,200}?new PrismaClient\b/
const DRIZZLE = /export const (\w+)[^=\n]*=\s*drizzle(?:<[^(]*>)?\(/
const DRIZZLE_TABLES = /from '(?:drizzle-orm\/)(pg|mysql|sqlite)-core'[\s\S]*\b(?:pg|mysql|sqlite)Table\(/
const CLOSES = /^export (?:const|(?:async )?function) close\b/m
const SOURCE = /\.(ts|mts|js|mjs)$/
const NO_SOURCE = /^(node_modules|dist|build|generated|\..*)$/
const DEEPEST = 5

/** A module of the application's, as another imports it, and a name that it exports. */
export interface Found {
  readonly name: string
  readonly from: string
  /** Whether it exports a `close` too. */
  readonly closes?: boolean
}

/** The module that makes the application's PrismaClient, and what it is called there. */
export const prismaClientOf = (project: Project, file: string) => moduleWith(project, file, PRISMA_CLIENT)

/** The module that makes the application's database of Drizzle, and what it is called there. */
export const drizzleDatabaseOf = (project: Project, file: string) => moduleWith(project, file, DRIZZLE)

/** The module with the application's tables, and which of Drizzle's databases they are for: `pg`, `mysql` or `sqlite`. */
export const drizzleSchemaOf = (project: Project, file: string) => moduleWith(project, file, DRIZZLE_TABLES)

/** Whether a table of the application's has the columns of `@acme/clerk-drizzle` already. */
export const hasClerkColumns = ({ folder, source }: Project): boolean =>
  [...sourcesIn(join(folder, source), DEEPEST)].some((path) =>
    /\bclerkUserColumns\(/.test(readFileSync(path, 'utf8')),
  )

/** The first module of the application in which the pattern finds a name. @param file that imports it */
function moduleWith({ folder, source }: Project, file: string, pattern: RegExp): Found | null {
  for (const path of sourcesIn(join(folder, source), DEEPEST)) {
    const text = readFileSync(path, 'utf8')
    const [, exported] = pattern.exec(text) ?? []
    if (exported === undefined) continue
    const to = relative(dirname(join(folder, file)), path).replaceAll('\\', '/')
    const from = `${to.startsWith('.') ? '' : './'}${to}`.replace(/\.ts$/, '.js').replace(/\.mts$/, '.mjs')
    return { name: exported, from, closes: CLOSES.test(text) }
  }
  return null
}

/** Modules of the application itself. Links are not followed: they may lead in a circle. */
function* sourcesIn(folder: string, depth: number): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isFile() && SOURCE.test(entry.name)) yield path
    if (entry.isDirectory() && depth > 0 && !NO_SOURCE.test(entry.name)) yield* sourcesIn(path, depth - 1)
  }
}
