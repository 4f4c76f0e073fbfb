import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ROOT } from '../services/ports.js'
import { readSnippets, type Snippet } from './index.js'
import { asModule, COMPANIONS, COMPILED_WITH } from './prelude.js'

// Every `ts` block of README.md, the guides and the READMEs of the packages, as the editor of a user who pastes it sees it. A
// block with a title is a file of the application that the document builds, beside the others of that document. One without
// is a fragment: what it does not declare itself is what ./prelude.ts says the reader has.

const documents = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
  ...readdirSync(join(ROOT, 'packages')).map((name) => join('packages', name, 'README.md')),
]

mkdirSync(join(ROOT, 'tools/.snippets'), { recursive: true })
const project = mkdtempSync(join(ROOT, 'tools/.snippets/compile-'))
afterAll(() => rmSync(project, { recursive: true, force: true }))
linkModules()

/** What any of the packages has installed, for blocks that use several of them together. */
function linkModules(): void {
  const packages = readdirSync(join(ROOT, 'packages'))
  for (const name of packages) link(`@acme/${name}`, join(ROOT, 'packages', name))
  const others = ['tools', 'tools/guides'].map((folder) => join(ROOT, folder))
  for (const from of [...packages.map((name) => join(ROOT, 'packages', name)), ...others]) {
    const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))
    for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
      if (!dependency.startsWith('@acme/')) link(dependency, join(from, 'node_modules', dependency))
    }
  }
}

function link(name: string, target: string): void {
  const path = join(project, 'node_modules', name)
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path, 'junction')
}

/** The errors of a folder of files, each at its line in the document. */
function errorsIn(folder: string, files: ReadonlyMap<string, Placed>, options: object = {}): string[] {
  const config = {
    extends: '../../../../tsconfig.base.json',
    include: ['*.ts', '*.tsx'],
    compilerOptions: { ...COMPILER, ...options },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const require = createRequire(import.meta.url)
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  const errors = stdout.split('\n').filter((line) => line.includes('error TS'))
  if (status !== 0) expect(errors, stdout).not.toEqual([])
  return errors.map((error) => {
    const [, file = '', line = '0'] = /^(?:.*\/)?([^/(]+)\((\d+),/.exec(error) ?? []
    const { document, offset } = files.get(file) ?? { document: file, offset: 0 }
    return `${document}:${offset + Number(line)}: ${error.replace(/^.*?: /, '')}`
  })
}

/** A fragment shows one thing, and may leave a value unused. */
const COMPILER = {
  declaration: false,
  noEmit: true,
  noUnusedLocals: false,
  noUnusedParameters: false,
  allowImportingTsExtensions: true,
  // NestJS has no others.
  experimentalDecorators: true,
}

interface Placed {
  readonly document: string
  /** Line of the document before the first line of the file. */
  readonly offset: number
}

let count = 0

/** One program of files that may see each other. */
function compile(document: string, snippets: readonly Snippet[]): string[] {
  count += 1
  const folder = join(project, `${count}`)
  mkdirSync(folder)
  const files = new Map<string, Placed>()
  const [{ info: title = '' } = {}] = snippets
  const companions = COMPANIONS[`${document} ${title}`] ?? COMPANIONS[document] ?? {}
  for (const [name, content] of Object.entries(companions)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  for (const { info, code, line } of snippets) {
    const name = info === '' ? `line-${line}.ts` : basename(info)
    const text = info === '' ? asModule(document, code) : code
    files.set(name, { document, offset: line - (text.split('\n').length - code.split('\n').length) })
    writeFileSync(join(folder, name), text)
  }
  return errorsIn(folder, files, COMPILED_WITH[document])
}

/** What one file declares for everything must not reach the others: such a file is a program of its own. */
const isAmbient = ({ code }: Snippet) => /^declare (?:module|global)/m.test(code)

test.each(documents)('every TypeScript block of %s compiles', { timeout: 120_000 }, async (document) => {
  const snippets = (await readSnippets(join(ROOT, document))).filter(({ language }) =>
    /^tsx?$/.test(language),
  )
  const isAlone = (snippet: Snippet) => isAmbient(snippet) || `${document} ${snippet.info}` in COMPANIONS
  const together = snippets.filter((snippet) => !isAlone(snippet))
  const programs = [
    ...(together.length > 0 ? [together] : []),
    ...snippets.filter(isAlone).map((one) => [one]),
  ]
  expect(programs.flatMap((program) => compile(document, program))).toEqual([])
})

test('a block that does not compile is found, with its line', () => {
  const wrong: Snippet = { language: 'ts', info: '', code: 'const n: number = clerk.nothing\n', line: 7 }
  expect(compile('README.md', [wrong])).toEqual([expect.stringMatching(/^README\.md:8: error TS2339/)])
})

test('every document with code is looked at', () => {
  const all = execFileSync('git', ['grep', '-l', '^```ts', '--', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  const left = all
    .trim()
    .split('\n')
    .filter((file) => !documents.includes(file))
  expect(
    left.filter(
      (file) => !/^(?:\.changeset|docs\/decisions|packages\/[^/]+\/api)\/|^CONTRIBUTING\.md$/.test(file),
    ),
  ).toEqual([])
})
