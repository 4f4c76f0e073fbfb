import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Missing, service, servicesRequired } from '@acme/tools/services'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import pg from 'pg'
import { describe, expect, it } from 'vitest'

const guide = new URL('../../../../docs/write-your-own-store.md', import.meta.url)
const cwd = fileURLToPath(new URL('../..', import.meta.url))
const modules = ['database.ts', 'users.ts', 'inbox.ts', 'stores.ts']

const code = async (title: string) => (await readSnippet(guide, title)).code

describe('the guide to a store of your own', async () => {
  const postgres = await service('postgres')

  it('needs 60 lines for each store', async () => {
    for (const title of ['users.ts', 'inbox.ts']) {
      expect((await code(title)).trim().split('\n').length, title).toBeLessThanOrEqual(60)
    }
  })

  it('quotes messages as the kit gives them', async () => {
    const [, quoted = ''] = /```text\n([\s\S]*?)```/.exec(await readFile(guide, 'utf8')) ?? []
    expect(quoted).toContain('users/older-version-loses')
  })

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
