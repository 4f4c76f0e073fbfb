import { ConfigurationError } from '@acme/clerk-core'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { afterAll, describe, expect, test } from 'vitest'
import { openScope } from '../testing/scope/databases.js'
import { organizationScope } from './organization-scope.js'

const scoped = await openScope('sqlite')
const { db, tables, scope } = scoped
const { notes, countries } = tables
const undeclared = sqliteTable('people', { id: text('id').primaryKey() })
const a = scope(db, 'org_a')
afterAll(() => scoped.close())

describe('a mistake says what to do', () => {
  test.each<[name: string, mistake: () => unknown, remedy: RegExp]>([
    [
      'a table that is not declared, read',
      () => a.select().from(undeclared),
      /`owned`.*`shared`.*database itself/,
    ],
    ['a table that is not declared, written', () => a.delete(undeclared), /`owned`.*`shared`/],
    ['a shared table, written', () => a.delete(countries), /database itself/],
    [
      'another organisation in a row',
      () => a.insert(notes).values({ id: 'n', orgId: 'org_b', title: 'x' }),
      /leave it out/,
    ],
    ['no organisation', () => scope(db, undefined as never), /`auth\.orgId`.*`\{ org: true \}`/],
  ])('%s', async (_name, mistake, remedy) => {
    await expect((async () => mistake())()).rejects.toThrow(remedy)
  })

  test.each(['owned', 'shared'])('%s that is no list', (option) => {
    const options = { owned: [notes.orgId], [option]: notes.orgId } as never
    expect(() => organizationScope(options)).toThrow(ConfigurationError)
    expect(() => organizationScope(options)).toThrow(
      `organizationScope ${option}: is not a list. Give an array.`,
    )
  })
})
