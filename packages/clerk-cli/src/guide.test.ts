import { readFileSync } from 'node:fs'
import { readSnippet, readSnippets } from '@acme/tools/snippets'
import { describe, expect, onTestFinished, test } from 'vitest'
import { COMMANDS } from './commands/table.js'
import type { RecordType } from './output/records.js'
import { envOf, offlineClerk } from './testing/offline.js'
import { run } from './testing/run.js'
import { scratchProject } from './testing/scratch.js'

const guide = new URL('../../../docs/cli.md', import.meta.url)
const text = readFileSync(guide, 'utf8')
const code = async (title: string) => (await readSnippet(guide, title)).code

/** Every type of record; one that is missing here does not compile. */
const TYPES: Readonly<Record<RecordType, true>> = {
  ...{ finding: true, event: true, item: true, progress: true },
  ...{ file: true, todo: true, summary: true, error: true },
}

describe('docs/cli.md', () => {
  test('walks through the commands as it says', async () => {
    const offline = await offlineClerk()
    const ada = offline.createUser({ emailAddress: ['ada@example.com'] })
    offline.createUser({ emailAddress: ['grace@example.com'] })
    offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    const files = ['acme-clerk.config.ts', 'clerk.ts', 'users.csv']
    const cwd = scratchProject({
      ...Object.fromEntries(await Promise.all(files.map(async (name) => [name, await code(name)]))),
      // One store for all command lines, as a database is.
      'store.ts': `import { memoryStore } from '@acme/clerk-core'
        const shared = globalThis as { store?: ReturnType<typeof memoryStore> }
        shared.store ??= memoryStore()
        export const store = shared.store`,
    })
    const env = envOf(offline)
    const before = { ...process.env }
    Object.assign(process.env, env)
    onTestFinished(() => {
      for (const name of Object.keys(env)) delete process.env[name]
      Object.assign(process.env, before)
      delete (globalThis as { store?: unknown }).store
    })
    const written = await code('walk.console')
    let walked = ''
    for (const [, line = ''] of written.matchAll(/^\$ acme-clerk (.*)$/gm)) {
      const { code: exit, stdout, stderr } = await run(line.split(' '), { cwd })
      expect(exit, `${line}\n${stdout}${stderr}`).toBe(0)
      walked += `$ acme-clerk ${line}\n${stdout}`
    }
    expect(walked).toBe(written)
  })

  test('names every command and every type of record, and no other', () => {
    for (const { path } of COMMANDS) {
      const [first = '', second] = path.split(' ')
      expect(text, path).toMatch(
        new RegExp(`\\\`${first}${second === undefined ? '' : `[ \`\\w]*${second}`}\``),
      )
    }
    const [, table = ''] = /\| type \| fields \|\n.*\n((?:\|.*\n)+)/.exec(text) ?? []
    expect([...table.matchAll(/^\| `(\w+)` /gm)].map(([, type]) => type)).toEqual(Object.keys(TYPES))
  })

  test('every command line in it, and in the other documents, is one that the program takes', async () => {
    const documents = ['cli', 'existing-users', 'migrating-from-django'].map(
      (name) => new URL(`../../../docs/${name}.md`, import.meta.url),
    )
    const blocks = (
      await Promise.all([...documents, new URL('../README.md', import.meta.url)].map(readSnippets))
    ).flat()
    const lines = blocks
      .filter(({ language }) => language === 'sh' || language === 'console')
      .flatMap((block) =>
        [...block.code.matchAll(/^(?:\$ )?(?:npx )?acme-clerk (.*)$/gm)].map(([, line = '']) => line),
      )
    expect(lines.length).toBeGreaterThan(15)
    for (const line of lines) {
      const command = COMMANDS.find(({ path }) => `${line} `.startsWith(`${path} `))
      expect(command, line).toBeDefined()
      const known = [
        ...Object.keys(command?.options ?? {}),
        'config',
        'env-file',
        'json',
        'quiet',
        'debug',
        'help',
      ]
      const used = [...line.matchAll(/--([\w-]+)/g)].map(([, flag = '']) => flag)
      expect(command?.passThrough ? [] : used.filter((flag) => !known.includes(flag)), line).toEqual([])
    }
  })
})
