import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Missing, service, servicesRequired } from '@acme/tools/services'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { conformanceCases } from './cases/index.js'
import { capabilities } from './harness.js'
import { brokenStores } from './testing/broken-stores.js'
import { type MemorySubjectOptions, memorySubject } from './testing/memory-subject.js'

const guide = new URL('../../../../docs/write-your-own-store.md', import.meta.url)
const cwd = fileURLToPath(new URL('../..', import.meta.url))
const modules = ['database.ts', 'users.ts', 'inbox.ts', 'log.ts', 'stores.ts']

const code = async (title: string) => (await readSnippet(guide, title)).code

/** What one case says of a broken store. */
async function verdict(id: string, options: MemorySubjectOptions): Promise<string> {
  const subject = memorySubject(options)
  const harness = await subject.open()
  try {
    await conformanceCases.find((candidate) => candidate.id === id)?.run(harness, subject.capabilities)
    return `${id} passes`
  } catch (error) {
    return `${id}: ${error instanceof Error ? error.message : error}`
  }
}

describe('the guide to a store of your own', async () => {
  const postgres = await service('postgres')

  it('needs 80 lines for the users, and as many for the inbox and its log', async () => {
    for (const [title, lines] of [
      ['users.ts', 80],
      ['inbox.ts', 100],
      ['log.ts', 60],
    ] as const) {
      expect((await code(title)).trim().split('\n').length, title).toBeLessThanOrEqual(lines)
    }
  })

  it('quotes what the kit says of broken stores', async () => {
    const [, quoted = ''] = /```text\n([\s\S]*?)```/.exec(await readFile(guide, 'utf8')) ?? []
    for (const line of quoted.trim().split('\n')) {
      const [id = ''] = line.split(': ')
      const said = await Promise.all(
        brokenStores.filter(({ caughtBy }) => caughtBy.includes(id)).map((options) => verdict(id, options)),
      )
      expect(said).toContain(line)
    }
  })

  it('names every capability, everything that a harness can have, and every rule', async () => {
    const page = await readFile(guide, 'utf8')
    /** What is code in the section under this heading. */
    const codeIn = (heading: string) => {
      const section = page.split(/^#{2,3} /m).find((part) => part.startsWith(heading)) ?? ''
      return [...section.matchAll(/`([^`]+)`/g)].map(([, code]) => code).join(' ')
    }
    const missing = (names: readonly string[], text: string) =>
      names.filter((name) => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text))
    const types = await readFile(new URL('../../api/conformance.api.md', import.meta.url), 'utf8')
    const membersOf = (type: string) => {
      const [, body = ''] = new RegExp(`export interface ${type} \\{\\r?\\n([^]*?)\\n\\}`).exec(types) ?? []
      const members = [...body.matchAll(/^ {4}(?:readonly )?(\w+)\??[:(]/gm)].map(([, name = '']) => name)
      expect(members, type).not.toEqual([])
      return members
    }
    const parts = ['ConformanceStores', 'Probe', 'LocalUser', 'CustomColumn', 'RaceProcesses', 'RaceOptions']
    expect(missing(Object.keys(capabilities), codeIn('Capabilities'))).toEqual([])
    expect(missing(['StoreHarness', ...parts].flatMap(membersOf), codeIn('The harness'))).toEqual([])
    expect(missing(Object.keys(await import('@acme/clerk-core/store')), page)).toEqual([])
    expect(missing(Object.keys(await import('./index.js')), page)).toEqual([])
  })

  it('compiles under strict rules', async () => {
    await mkdir(join(cwd, '.snippets'), { recursive: true })
    const folder = await mkdtemp(join(cwd, '.snippets', 'guide-'))
    try {
      for (const name of [...modules, 'store.test.ts']) await writeFile(join(folder, name), await code(name))
      const extended = '../../../../tsconfig.base.json'
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: extended, include: ['*.ts'] }))
      const tsc = join(cwd, 'node_modules/.bin/tsc')
      const { stdout } = await promisify(execFile)(tsc, ['-p', folder]).catch((error) => error)
      expect(stdout).toBe('')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 60_000)

  it.skipIf('missing' in postgres && !servicesRequired())(
    'passes the kit, run with node:test, in one process and in several',
    async () => {
      if ('missing' in postgres) throw new Error((postgres as Missing).missing)
      const database = await postgres.createDatabase('guide')
      try {
        const admin = new pg.Client(database.url)
        await admin.connect()
        await admin.query(await code('schema.sql'))
        await admin.end()
        const files = Object.fromEntries(
          await Promise.all(modules.map(async (name) => [name, await code(name)] as const)),
        )
        const run = await runSnippet(await code('store.test.ts'), {
          cwd,
          env: { DATABASE_URL: database.url, NODE_OPTIONS: '' },
          files,
        })
        const { code: status, stdout, stderr } = await run.finished
        expect(stdout, stderr).toMatch(/# fail 0|ℹ fail 0/)
        expect(stdout).toMatch(/users\/races-between-processes/)
        expect(stdout).toMatch(/not declared: linking/)
        expect(status, stdout).toBe(0)
      } finally {
        await database.drop()
      }
    },
    120_000,
  )
})
