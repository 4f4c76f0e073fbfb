import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../services/ports.js'

// The packages as npm would publish them, in a project that knows nothing of this workspace.

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const packages = readdirSync(join(ROOT, 'packages'))
const folderOf = (name: string) => join(ROOT, 'packages', name)
const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8'))
const require = createRequire(import.meta.url)

let project: string

beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'acme-clerk-consumer-')))
  const modules = join(project, 'node_modules')
  for (const name of packages) install(name, modules)
  copyFileSync(join(ROOT, 'tools/consumer/application.ts'), join(project, 'application.ts'))
}, 120_000)

afterAll(() => rmSync(project, { recursive: true, force: true }))

/** What `npm pack` would publish, beside links to what the package depends on. */
function install(name: string, modules: string): void {
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
    const link = join(modules, dependency)
    if (dependency.startsWith('@acme/') || existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(realpathSync(join(folderOf(name), 'node_modules', dependency)), link, 'junction')
  }
}

/** Errors in the application and in our declarations. What other packages declare is not ours to mend. */
function compile(
  compiler: 'typescript' | 'typescript5',
  type: 'module' | 'commonjs',
  options: object,
): string[] {
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type }))
  const config = {
    files: ['application.ts'],
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
  const tsc = join(dirname(require.resolve(`${compiler}/package.json`)), 'bin', 'tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
    cwd: project,
    encoding: 'utf8',
  })
  const errors = stdout.split('\n').filter((line) => /error TS\d+/.test(line))
  // An option that the compiler refuses is an error of no file.
  if (status !== 0) expect(errors).not.toEqual([])
  return errors.filter((line) => /^(?:application\.ts|node_modules\/@acme\/|error)/.test(line))
}

test.each([
  // Dropped by TypeScript 7, and still what many applications have.
  ['node10', 'typescript5', 'commonjs', { module: 'commonjs' }],
  ['node16', 'typescript', 'module', { module: 'node16' }],
  ['nodenext', 'typescript', 'module', { module: 'nodenext' }],
  ['nodenext', 'typescript', 'commonjs', { module: 'nodenext' }],
  ['bundler', 'typescript', 'module', { module: 'esnext' }],
] as const)(
  'with moduleResolution %s (%s, %s) every door has its types, and auth is never any',
  (moduleResolution, compiler, type, options) => {
    expect(compile(compiler, type, { moduleResolution, ...options })).toEqual([])
  },
  120_000,
)

const entries = packages.flatMap((name) =>
  Object.keys(manifestOf(name).exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => `@acme/${name}${entry.slice(1)}`),
)

test.each(entries)('%s can be imported and required', (entry) => {
  const script = `
    const imported = Object.keys(await import('${entry}'))
    const { createRequire } = await import('node:module')
    const required = Object.keys(createRequire(process.cwd() + '/')('${entry}'))
    console.log(JSON.stringify(imported.filter((name) => !required.includes(name))))`
  const stdout = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: project,
    encoding: 'utf8',
  })
  expect(JSON.parse(stdout)).toEqual([])
})
