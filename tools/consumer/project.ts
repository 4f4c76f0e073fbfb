import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { ROOT } from '../services/ports.js'

// The packages as npm would publish them, in a project that knows nothing of this workspace.

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const TOOLS = join(ROOT, 'tools')

/** What @babel/preset-env does to modules, for Jest. */
export const BABEL = ['@babel/plugin-transform-dynamic-import', '@babel/plugin-transform-modules-commonjs']

/** The compiler of the workspace, and the one before, which ts-jest needs: it has no API any more. */
const COMPILERS = {
  typescript: join(TOOLS, 'node_modules/typescript/bin/tsc'),
  typescript5: join(TOOLS, 'consumer/node_modules/typescript/bin/tsc'),
}
export type ModuleType = 'module' | 'commonjs'

export const packages = readdirSync(join(ROOT, 'packages'))
const folderOf = (name: string) => join(ROOT, 'packages', name)
const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8'))

/** What an application can import: every door of every package. */
export const entries = packages.flatMap((name) =>
  Object.keys(manifestOf(name).exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => `@acme/${name}${entry.slice(1)}`),
)

export function createProject(files: readonly string[]): string {
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'acme-clerk-consumer-')))
  const modules = join(project, 'node_modules')
  for (const name of packages) install(name, project, modules)
  for (const tool of ['jest', 'ts-jest', 'typescript', ...BABEL])
    link(tool, join(TOOLS, 'consumer/node_modules', tool), modules)
  const used = {
    'clerk-koa': ['@koa/router'],
    'clerk-hono': ['@hono/node-server', 'iron-session'],
    'clerk-drizzle': ['@libsql/client'],
  }
  for (const [name, others] of Object.entries(used))
    for (const other of others) link(other, join(folderOf(name), 'node_modules', other), modules)
  for (const file of files) copyFileSync(join(TOOLS, 'consumer', file), join(project, file))
  return project
}

/** What `npm pack` would publish, beside links to what the package depends on. */
function install(name: string, project: string, modules: string): void {
  const target = join(modules, '@acme', name)
  mkdirSync(target, { recursive: true })
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
      cwd: folderOf(name),
      encoding: 'utf8',
    }),
  )
  execFileSync('tar', ['-xzf', join(project, filename), '--strip-components=1', '-C', target])
  const { dependencies, devDependencies = {}, peerDependencies } = manifestOf(name)
  const types = Object.keys(devDependencies).filter((dependency) => dependency.startsWith('@types/'))
  for (const dependency of [...Object.keys({ ...dependencies, ...peerDependencies }), ...types]) {
    if (!dependency.startsWith('@acme/'))
      link(dependency, join(folderOf(name), 'node_modules', dependency), modules)
  }
}

function link(name: string, target: string, modules: string): void {
  const path = join(modules, name)
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(realpathSync(target), path, 'junction')
}

/** Errors in the application and in our declarations. What other packages declare is not ours to mend. */
export function compile(
  project: string,
  file: string,
  compiler: keyof typeof COMPILERS,
  type: ModuleType,
  options: object,
): string[] {
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type }))
  const config = {
    files: [file],
    compilerOptions: {
      target: 'es2022',
      strict: true,
      noEmit: true,
      esModuleInterop: true,
      skipLibCheck: false,
      types: ['node'],
      ...options,
    },
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config))
  const { status, stdout } = spawnSync(
    process.execPath,
    [COMPILERS[compiler], '-p', '.', '--pretty', 'false'],
    {
      cwd: project,
      encoding: 'utf8',
    },
  )
  const errors = stdout.split('\n').filter((line) => /error TS\d+/.test(line))
  // An option that the compiler refuses is an error of no file.
  if (status !== 0) expect(errors).not.toEqual([])
  return errors.filter((line) => /^(?:[\w-]+\.ts|node_modules\/@acme\/|error)/.test(line))
}
