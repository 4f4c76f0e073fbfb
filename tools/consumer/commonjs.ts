import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../services/ports.js'
import { readSnippet } from '../snippets/index.js'
import { BABEL, compile, entries, packages } from './project.js'

const GREETINGS = '401, hello Ada'
/** From Node 24.9 on it needs no line. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const JEST_REQUIRES_MODULES = major > 24 || (major === 24 && minor >= 9)
const TIMEOUT = { timeout: 120_000 }

/** What the READMEs say about CommonJS, done in the project. */
export function commonjsTests(project: () => string): void {
  test.each([
    ['commonjs', 'typescript5', 'commonjs', { moduleResolution: 'node10' }],
    ['node16', 'typescript', 'module', {}],
    ['node20', 'typescript', 'commonjs', {}],
    ['nodenext', 'typescript', 'commonjs', {}],
  ] as const)(
    'an application compiled with module %s (%s, %s) runs',
    TIMEOUT,
    (module, compiler, type, more) => {
      const emitted = { module, noEmit: false, outDir: 'out', skipLibCheck: true, ...more }
      expect(compile(project(), 'greeting.ts', compiler, type, emitted)).toEqual([])
      expect(readFileSync(join(project(), 'out/greeting.js'), 'utf8').includes('require(')).toBe(
        type === 'commonjs',
      )
      const script = "import('./out/greeting.js').then(({ greetings }) => greetings()).then(console.log)"
      const stdout = execFileSync(process.execPath, ['--eval', script], { cwd: project(), encoding: 'utf8' })
      expect(stdout).toBe(`${GREETINGS}\n`)
    },
  )

  test('with module node16 TypeScript refuses to require an ES module, as the READMEs say', TIMEOUT, () => {
    const errors = compile(project(), 'greeting.ts', 'typescript', 'commonjs', { module: 'node16' })
    expect(errors[0]).toContain('TS1479')
  })

  describe('Jest', () => {
    const readme = (name: string) => join(ROOT, 'packages', name, 'README.md')
    let line: Record<string, unknown>

    beforeAll(async () => {
      line = JSON.parse((await readSnippet(readme('clerk-testing'), 'jest.config.json')).code)
    })

    test.each(packages)('the README of %s says the same about CommonJS', async (name) => {
      const section = (text: string) => text.split('\n## ').find((part) => part.startsWith('CommonJS'))
      const text = section(readFileSync(readme(name), 'utf8'))
      expect(text).toContain('"module": "node20"')
      expect(text).toContain('"preset": "ts-jest/presets/js-with-ts"')
      expect(text).toBe(section(readFileSync(readme('clerk-testing'), 'utf8')))
    })

    test.skipIf(JEST_REQUIRES_MODULES)(
      'without the line it says that it cannot load an ES module',
      TIMEOUT,
      async () => {
        const { output } = await jest('without', 'babel', {})
        expect(output).toContain('Must use import to load ES Module')
      },
    )

    test.each([
      ['babel', {}],
      ['ts-jest', { preset: 'ts-jest/presets/js-with-ts' }],
    ] as const)('with %s a test of every package passes', TIMEOUT, async (transformer, own) => {
      const { output } = await jest(transformer, transformer, { ...line, ...own })
      expect(output).toMatch(/Tests: +3 passed, 3 total/)
    })

    /** A folder with tests in the language of the transformer, and what the guide to the offline Clerk starts before them. */
    async function jest(
      name: string,
      transformer: 'babel' | 'ts-jest',
      config: object,
    ): Promise<{ output: string }> {
      const folder = join(project(), name)
      mkdirSync(folder)
      const extension = transformer === 'babel' ? 'js' : 'ts'
      copyFileSync(join(project(), 'greeting.ts'), join(folder, `greeting.${extension}`))
      const guide = join(ROOT, 'docs/offline-clerk.md')
      for (const title of ['jest.setup.mjs', 'jest.teardown.mjs'])
        writeFileSync(join(folder, title), (await readSnippet(guide, title)).code)
      const files = {
        [`greeting.test.${extension}`]: TEST,
        'babel.config.json': JSON.stringify({ plugins: BABEL }),
        'package.json': JSON.stringify({ private: true, type: 'commonjs' }),
        'tsconfig.json': JSON.stringify({ compilerOptions: TS_JEST }),
        'jest.config.json': JSON.stringify({
          globalSetup: './jest.setup.mjs',
          globalTeardown: './jest.teardown.mjs',
          cacheDirectory: join(project(), '.jest'),
          ...config,
        }),
      }
      for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content)
      const bin = join(realpathSync(join(project(), 'node_modules/jest')), 'bin/jest.js')
      const { stdout, stderr } = spawnSync(process.execPath, [bin, '--runInBand'], {
        cwd: folder,
        encoding: 'utf8',
      })
      return { output: stdout + stderr }
    }
  })
}

/** Jest's functions are global, and its types are not installed. */
const TS_JEST = {
  module: 'commonjs',
  target: 'es2022',
  esModuleInterop: true,
  isolatedModules: true,
  skipLibCheck: true,
}

const TEST = `
import { greetings } from './greeting'

test('a signed-in user is greeted', async () => {
  expect(await greetings()).toBe('${GREETINGS}')
})

test('every door of every package can be imported', async () => {
  for (const door of await Promise.all([${entries.map((entry) => `import('${entry}')`).join(', ')}]))
    expect(Object.keys(door)).not.toEqual([])
})

test('the offline Clerk of the global setup knows its users', async () => {
  const headers = { authorization: 'Bearer ' + process.env.CLERK_SECRET_KEY }
  const users = await (await fetch(process.env.CLERK_API_URL + '/v1/users', { headers })).json()
  expect(users[0].username).toBe('ada')
})
`
