import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commonjsTests } from './commonjs.js'
import { kitTests } from './kits.js'
import { compile, createProject, entries } from './project.js'
import { walkTests } from './walk.js'

let project: string

beforeAll(() => {
  project = createProject(['application.ts', 'greeting.ts'])
}, 300_000)

afterAll(() => rmSync(project, { recursive: true, force: true }))

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
    expect(compile(project, 'application.ts', compiler, type, { moduleResolution, ...options })).toEqual([])
  },
  120_000,
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

commonjsTests(() => project)
kitTests(() => project)
walkTests(() => project)
