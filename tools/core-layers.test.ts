import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from './services/ports.js'

/**
 * Core, from the bottom to the top. A file belongs to the layer that names its folder (or itself), and imports its own
 * layer and those that are listed before it, never one that is listed after it. Imports of types count. There are no
 * exceptions: what does not fit is in the wrong file.
 */
const STOREYS = {
  /** Infrastructure: it knows HTTP, JSON and time, and neither users nor sessions. */
  ground: [
    'ground/codes.ts',
    'ground/error-name.ts',
    'ground/safe-cause.ts',
    'ground/errors.ts',
    'ground/store-fault.ts',
    'ground/timing/',
    'ground/json/',
    'ground/options/',
    'ground/observe/',
    'ground/http/',
    'ground/api/',
  ],
  /** What a store, a token, a session, a user is, and what follows from it: credentials → tokens → … → Auth → guard. */
  domain: [
    'domain/store/',
    'domain/changes/',
    'domain/backend-api/',
    'domain/credentials/',
    'domain/keys/',
    'domain/tokens/',
    'domain/session/',
    'domain/users/',
    'domain/organizations/',
    'domain/machines/',
    'domain/auth/',
    'domain/guard/',
  ],
  /** What happens: a request is authenticated, a webhook received, a configuration checked, a route answered. */
  flows: ['flows/authentication/', 'flows/webhooks/', 'flows/check/', 'flows/web/'],
  /** What applications see, and the one place where everything is put together. */
  roof: [
    'options.ts',
    'options-table.ts',
    'merge-options.ts',
    'env.ts',
    'configure.ts',
    'clerk.ts',
    'create-clerk.ts',
    'adapter.ts',
    'store.ts',
    'index.ts',
  ],
} as const

const LAYERS: readonly string[] = Object.values(STOREYS).flat()

/** Paths of files of core, each with the files that it imports; relative to `src/`. */
type ImportGraph = Readonly<Record<string, readonly string[]>>

const layerOf = (file: string) =>
  LAYERS.findIndex((layer) => file === layer || (layer.endsWith('/') && file.startsWith(layer)))

/** What breaks the table, in sentences. */
function violations(graph: ImportGraph): string[] {
  const found: string[] = []
  for (const [file, imports] of Object.entries(graph)) {
    const own = layerOf(file)
    if (own === -1) {
      found.push(`${file} belongs to no layer: move it, or add its folder to the table`)
      continue
    }
    for (const imported of imports) {
      const other = layerOf(imported)
      if (!(imported in graph)) found.push(`${file} imports ${imported}, which does not exist`)
      else if (other > own) {
        found.push(`${file} imports ${imported}: ${LAYERS[own]} is below ${LAYERS[other]}`)
      }
    }
  }
  return [...found, ...circles(graph)]
}

/** Files that import each other, directly or through others; each circle once. */
function circles(graph: ImportGraph): string[] {
  const found = new Set<string>()
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file)
    if (start !== -1) {
      const circle = path.slice(start)
      const first = circle.indexOf([...circle].sort()[0] ?? '')
      const ordered = [...circle.slice(first), ...circle.slice(0, first)]
      found.add(`circle: ${[...ordered, ordered[0]].join(' → ')}`)
      return
    }
    if (done.has(file)) return
    for (const imported of graph[file] ?? []) visit(imported, [...path, file])
    done.add(file)
  }
  for (const file of Object.keys(graph)) visit(file, [])
  return [...found]
}

const SOURCE = join(ROOT, 'packages/clerk-core/src')
const IMPORTED = /^(?:import|export) (?:[^'"=;()]* from )?'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm

/** Relative imports in a source text; those in comments are examples. */
function importsIn(text: string): string[] {
  const code = text.replace(/^\s*(\/\/|\/?\*).*$/gm, '')
  return [...code.matchAll(IMPORTED)].map((match) => match[1] ?? match[2] ?? '')
}

function readGraph(): ImportGraph {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  const imports = (file: string) =>
    importsIn(readFileSync(join(SOURCE, file), 'utf8')).map((specifier) =>
      posix.join(dirname(file), specifier).replace(/\.js$/, '.ts'),
    )
  return Object.fromEntries(files.map((file) => [file, imports(file)]))
}

describe('core is built in storeys', () => {
  const graph = readGraph()

  test('every file imports only what lies below it, and no files import each other in a circle', () => {
    expect(violations(graph)).toEqual([])
  })

  test('the table lists no layer that has no file', () => {
    const used = new Set(Object.keys(graph).map(layerOf))
    const unused = LAYERS.filter((_, index) => !used.has(index))
    expect(unused.filter((layer) => !STOREYS.roof.some((door) => door === layer))).toEqual([])
  })

  test('all of core is read', () => {
    expect(Object.keys(graph)).toContain('domain/session/decide.ts')
    expect(graph['create-clerk.ts']).toContain('domain/session/session-status-client.ts')
    expect(graph['domain/session/decide.ts']).toContain('domain/session/decision.ts')
  })
})

describe('an invented core', () => {
  const sound: ImportGraph = {
    'ground/errors.ts': [],
    'domain/tokens/verify.ts': ['ground/errors.ts'],
    'domain/session/decide.ts': ['domain/tokens/verify.ts'],
    'flows/authentication/authenticate.ts': ['domain/session/decide.ts', 'ground/errors.ts'],
    'index.ts': ['flows/authentication/authenticate.ts'],
  }

  test('that keeps the rules has nothing wrong with it', () => {
    expect(violations(sound)).toEqual([])
  })

  test.each<[string, ImportGraph, string]>([
    [
      'infrastructure that knows the domain',
      { 'ground/errors.ts': ['domain/tokens/verify.ts'] },
      'ground/errors.ts imports domain/tokens/verify.ts: ground/errors.ts is below domain/tokens/',
    ],
    [
      'a token that knows of sessions',
      { 'domain/tokens/verify.ts': ['domain/session/decide.ts'] },
      'domain/tokens/verify.ts imports domain/session/decide.ts: domain/tokens/ is below domain/session/',
    ],
    [
      'a session that knows of requests',
      { 'domain/session/decide.ts': ['flows/authentication/authenticate.ts'] },
      'domain/session/decide.ts imports flows/authentication/authenticate.ts: domain/session/ is below flows/authentication/',
    ],
    [
      'a flow that knows the whole',
      { 'flows/authentication/authenticate.ts': ['index.ts'] },
      'flows/authentication/authenticate.ts imports index.ts: flows/authentication/ is below index.ts',
    ],
    [
      'a folder without a place',
      { 'helpers/text.ts': [] },
      'helpers/text.ts belongs to no layer: move it, or add its folder to the table',
    ],
    [
      'an import of what is not there',
      { 'domain/session/decide.ts': ['domain/session/gone.ts'] },
      'domain/session/decide.ts imports domain/session/gone.ts, which does not exist',
    ],
    [
      'a circle within one layer',
      {
        'domain/session/decide.ts': ['domain/session/slot.ts'],
        'domain/session/slot.ts': ['domain/session/decide.ts'],
      },
      'circle: domain/session/decide.ts → domain/session/slot.ts → domain/session/decide.ts',
    ],
  ])('with %s is refused', (_what, changes, message) => {
    expect(violations({ ...sound, ...changes })).toContain(message)
  })

  test('imports are read whether of values, types, re-exports or at run time, and not from comments', () => {
    const text = [
      "import { a } from './value.js'",
      "import type { B } from './type.js'",
      "import {\n  c,\n  type D,\n} from './lines.js'",
      "import './effect.js'",
      "export * from './all.js'",
      "export type { E } from './named.js'",
      "const f = await import('./late.js')",
      "import { g } from 'elsewhere'",
      " * import { h } from './comment.js'",
    ].join('\n')
    expect(importsIn(text)).toEqual([
      './value.js',
      './type.js',
      './lines.js',
      './effect.js',
      './all.js',
      './named.js',
      './late.js',
    ])
  })
})
