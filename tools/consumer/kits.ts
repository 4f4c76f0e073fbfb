import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../services/ports.js'

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const TIMEOUT = { timeout: 120_000 }
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Both kits as they are published, in projects of their own without vitest, as the author of an adapter or a store has them. */
export function kitTests(project: () => string): void {
  describe.concurrent('outside the workspace', () => {
    test.each([
      ['fetch', 'fetchBinding'],
      ['hono', 'honoBinding'],
    ])('clerk-%s passes the kit for adapters', TIMEOUT, async (name, binding) => {
      const app = textOf(`packages/clerk-${name}/src/testing/app.ts`)
      await expectPassed(join(project(), `adapter-${name}`), 70, {
        'app.ts': app.replaceAll("'../index.js'", `'@acme/clerk-${name}'`),
        'kit.test.ts': `
          import * as nodeTest from 'node:test'
          import { describeAdapter } from '@acme/clerk-testing/adapters'
          import { ${binding} } from './app.js'
          describeAdapter(nodeTest, ${binding})`,
      })
    })

    test('clerk-drizzle passes the kit for stores, on the tables of an example', TIMEOUT, async () => {
      const example = 'examples/hono-drizzle'
      cpSync(join(ROOT, example, 'drizzle'), join(project(), 'drizzle'), { recursive: true })
      await expectPassed(join(project(), 'store-drizzle'), 130, {
        'schema.ts': textOf(`${example}/src/schema.ts`),
        'database.ts': textOf(`${example}/src/database.ts`),
        'kit.test.ts': textOf('tools/consumer/store.ts'),
      })
    })
  })
}

/** @param atLeast how many tests, so that a kit that runs none does not pass */
async function expectPassed(folder: string, atLeast: number, files: Record<string, string>): Promise<void> {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  const { status, output } = await run(folder)
  expect(output).toMatch(/^[#ℹ] fail 0$/m)
  expect(Number(/^[#ℹ] pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(atLeast)
  expect(status).toBe(0)
}

function run(cwd: string): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const args = ['--import', TSX, 'kit.test.ts']
    const env = { PATH: process.env['PATH'], NO_COLOR: '1' }
    const child = execFile(
      process.execPath,
      args,
      { cwd, env, maxBuffer: 64 << 20 },
      (_error, stdout, stderr) => resolve({ status: child.exitCode, output: stdout + stderr }),
    )
  })
}
