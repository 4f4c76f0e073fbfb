import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ROOT } from './services/ports.js'

interface Manifest {
  name: string
  private?: boolean
  type?: string
  license?: string
  sideEffects?: unknown
  engines?: unknown
  files?: unknown
  publishConfig?: unknown
  exports?: Record<string, unknown>
  typesVersions?: Record<string, Record<string, readonly string[]>>
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

const IMPORTED = /^(?:import|export) (?:[^'"=;()]* from )?'([^']+)'|\bimport\('([^']+)'\)/gm
const DECLARED = /^export (?:declare )?(?:abstract )?(?:interface|type|class|function|const) (\w+)/gm

/** Everything @acme that a published package may import. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'clerk-core': [],
  'clerk-express': ['@acme/clerk-core'],
  'clerk-koa': ['@acme/clerk-core'],
  'clerk-fastify': ['@acme/clerk-core'],
  'clerk-fetch': ['@acme/clerk-core'],
  'clerk-hono': ['@acme/clerk-core'],
  'clerk-trpc': ['@acme/clerk-core'],
  'clerk-prisma': ['@acme/clerk-core'],
  'clerk-drizzle': ['@acme/clerk-core'],
  'clerk-mongo': ['@acme/clerk-core'],
  'clerk-redis': ['@acme/clerk-core'],
  'clerk-testing': ['@acme/clerk-core'],
  'clerk-cli': ['@acme/clerk-core'],
}

const ENTRIES: Record<string, readonly string[]> = {
  'clerk-core': ['.', './adapter', './store'],
  'clerk-drizzle': ['.', './pg', './mysql', './sqlite'],
  'clerk-testing': ['.', './adapters', './conformance'],
}

const packages = readdirSync(join(ROOT, 'packages'))
const folderOf = (name: string) => join(ROOT, 'packages', name)
const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8'))
const entriesOf = (name: string) => ENTRIES[name] ?? ['.']

/** Files that are built into `dist/`. */
function sourcesOf(name: string): string[] {
  const files = readdirSync(join(folderOf(name), 'src'), { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.endsWith('.ts') && !/\.test(-d)?\.ts$|^testing\//.test(file))
}

/** `@scope/name` or `name` of every import of another package. */
function importsOf(name: string): Set<string> {
  const found = new Set<string>()
  for (const file of sourcesOf(name)) {
    const text = readFileSync(join(folderOf(name), 'src', file), 'utf8').replace(/^\s*(\/\/|\/?\*).*$/gm, '')
    for (const match of text.matchAll(IMPORTED)) {
      const specifier = match[1] ?? match[2] ?? ''
      if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
      found.add(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'))
    }
  }
  return found
}

/** Every name, of a value or a type, that a declaration file of a built package exports. */
function exportedNames(declaration: string): string[] {
  const text = readFileSync(declaration, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = '']) =>
    names.split(','),
  )
  const names = [
    ...lists.map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .replace(/^.* as /, ''),
    ),
    ...[...text.matchAll(DECLARED)].map(([, name = '']) => name),
    ...[...text.matchAll(/^export (?:type )?\* from '(.*)\.js'/gm)].flatMap(([, file]) =>
      exportedNames(join(dirname(declaration), `${file}.d.ts`)),
    ),
  ]
  return [...new Set(names.filter(Boolean))].sort()
}

/** Every name behind an entry of a built package. */
function namesBehind(name: string, entry: string): string[] {
  const target = manifestOf(name).exports?.[entry] as { types: string }
  return exportedNames(join(folderOf(name), target.types))
}

/** What Node itself sees: vitest would transform the module. */
function importedNames(module: string): string[] {
  const script = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(pathToFileURL(module).href)}))))`
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }),
  )
}

test('every package is covered by the dependency rule', () => {
  expect(packages.sort()).toEqual(Object.keys(MAY_IMPORT).sort())
})

test('core depends on jose, svix and lru-cache, and on nothing else', () => {
  const { dependencies = {}, peerDependencies = {} } = manifestOf('clerk-core')
  expect(Object.keys(dependencies).sort()).toEqual(['jose', 'lru-cache', 'svix'])
  expect(peerDependencies).toEqual({})
})

test('of clerk-testing the kits alone need core, which is an optional peer', () => {
  const importing = sourcesOf('clerk-testing').filter((file) =>
    /^(?:import|export) (?!type )[^'"=;()]* from '@acme\/clerk-core/m.test(
      readFileSync(join(folderOf('clerk-testing'), 'src', file), 'utf8'),
    ),
  )
  expect(importing).not.toEqual([])
  expect(importing.filter((file) => !/^(?:adapters|conformance)[\\/]/.test(file))).toEqual([])
})

test('every name of core comes through one door only, and at most 100 through the root', () => {
  const names = entriesOf('clerk-core').flatMap((door) => namesBehind('clerk-core', door))
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  expect(namesBehind('clerk-core', '.').length).toBeLessThanOrEqual(100)
})

describe.each(packages)('%s', (name) => {
  const manifest = manifestOf(name)
  const targetOf = (entry: string) => (manifest.exports?.[entry] ?? {}) as Record<string, string>
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies }

  test('imports of ours only what the dependency rule allows', () => {
    const ours = [...importsOf(name)].filter((specifier) => /^@acme\//.test(specifier))
    expect(ours.filter((specifier) => !MAY_IMPORT[name]?.includes(specifier))).toEqual([])
    expect(
      Object.keys(declared).filter(
        (dependency) => dependency.startsWith('@acme/') && !MAY_IMPORT[name]?.includes(dependency),
      ),
    ).toEqual([])
  })

  test('imports nothing that it does not declare, and declares nothing that it does not import', () => {
    const imported = [...importsOf(name)].filter((specifier) => specifier !== manifest.name)
    expect(imported.filter((specifier) => !(specifier in declared))).toEqual([])
    expect(
      Object.keys(manifest.dependencies ?? {}).filter((dependency) => !imported.includes(dependency)),
    ).toEqual([])
  })

  test('is published as ESM with types, for every supported Node', () => {
    expect(manifest).toMatchObject({
      name: `@acme/${name}`,
      type: 'module',
      license: 'MIT',
      sideEffects: false,
      engines: { node: '^20.19 || ^22.12 || >=24' },
      files: expect.arrayContaining(['dist']),
      publishConfig: { access: 'public' },
    })
    expect(manifest.private).toBeUndefined()
    expect(Object.keys(manifest.exports ?? {}).sort()).toEqual([...entriesOf(name), './package.json'].sort())
    for (const entry of entriesOf(name)) {
      const target = targetOf(entry)
      // Conditions are tried in order: types after default would never be seen.
      expect(Object.keys(target)).toEqual(['types', 'default'])
      expect(target.types).toBe(target.default?.replace(/\.js$/, '.d.ts'))
    }
    expect(targetOf('.').default).toBe('./dist/index.js')
    // For `moduleResolution: node`, which knows no `exports`: it would find no types, and `req.auth` would be `any`.
    expect(manifest).toMatchObject({ main: './dist/index.js', types: './dist/index.d.ts' })
    const subpaths = entriesOf(name).filter((entry) => entry !== '.')
    expect(manifest.typesVersions?.['*'] ?? {}).toEqual(
      Object.fromEntries(subpaths.map((entry) => [entry.slice(2), [targetOf(entry).types]])),
    )
  })

  test.each(entriesOf(name))('entry %s exports what it did', (entry) => {
    const target = targetOf(entry)
    const names = namesBehind(name, entry)
    const values = importedNames(join(folderOf(name), target.default ?? ''))
    expect(values.filter((value) => !names.includes(value))).toEqual([])
    expect(names).toMatchSnapshot()
  })
})
