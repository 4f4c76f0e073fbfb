import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { ROOT } from '../services/ports.js'

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** The applications of two adapters' own suites, outside the workspace, in the kit as it is published, without vitest. */
export function adapterTests(project: () => string): void {
  test.concurrent.each([
    ['fetch', 'fetchBinding'],
    ['hono', 'honoBinding'],
  ])(
    'clerk-%s passes the kit for adapters in a project of its own',
    { timeout: 120_000 },
    async (name, binding) => {
      const folder = join(project(), `adapter-${name}`)
      mkdirSync(folder)
      const app = readFileSync(join(ROOT, 'packages', `clerk-${name}`, 'src/testing/app.ts'), 'utf8')
      const files = {
        'package.json': '{ "type": "module" }',
        'app.ts': app.replaceAll("'../index.js'", `'@acme/clerk-${name}'`),
        'adapter.test.ts': `
        import * as nodeTest from 'node:test'
        import { describeAdapter } from '@acme/clerk-testing/adapters'
        import { ${binding} } from './app.js'
        describeAdapter(nodeTest, ${binding})`,
      }
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
      const { status, output } = await run(folder)
      expect(output).toMatch(/^[#ℹ] fail 0$/m)
      expect(Number(/^[#ℹ] pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(70)
      expect(status).toBe(0)
    },
  )
}

function run(cwd: string): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const args = ['--import', TSX, 'adapter.test.ts']
    const env = { PATH: process.env['PATH'], NO_COLOR: '1' }
    const child = execFile(
      process.execPath,
      args,
      { cwd, env, maxBuffer: 64 << 20 },
      (_error, stdout, stderr) => resolve({ status: child.exitCode, output: stdout + stderr }),
    )
  })
}
