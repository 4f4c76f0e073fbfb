import { readFile } from 'node:fs/promises'
import { start } from '@acme/example-fastify-postgres'
import { smoke } from '@acme/example-page/smoke'
import { describeWith } from '@acme/tools/services/vitest'
import { afterAll, expect, test } from 'vitest'

await describeWith('postgres', 'Fastify and PostgreSQL', (postgres) => {
  let drop = async () => {}
  const given = smoke(start, async () => {
    const database = await postgres.createDatabase('example_fastify')
    drop = database.drop
    return { DATABASE_URL: database.url }
  })
  afterAll(() => drop())

  test('refuses a body of another shape before a handler sees it', async () => {
    const { api } = given
    const post = (body: string) =>
      fetch(`${api.origin}/api/notes`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
    expect((await post('{"text":{"$gt":""}}')).status).toBe(401)
    const headers = { ...(await given.as('member')), 'content-type': 'application/json' }
    const answer = await fetch(`${api.origin}/api/notes`, {
      method: 'POST',
      headers,
      body: '{"text":{"$gt":""}}',
    })
    expect(answer.status).toBe(400)
  })
})

test('its schema and migrations are those of the package', async () => {
  const at = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8')
  const shipped = '../../packages/clerk-prisma'
  expect(await at('prisma/schema.prisma')).toContain(await at(`${shipped}/schema/postgresql.prisma`))
  // The first one is as it was applied; what came later came in a migration of its own.
  const users = await at(`${shipped}/migrations/postgresql/users.sql`)
  expect(await at('prisma/migrations/1_users.sql')).toBe(
    users.replace(/^ +"(banned|deprovisioned)" .*\n/gm, ''),
  )
  expect(await at('prisma/migrations/4_banned.sql')).toBe(
    await at(`${shipped}/migrations/postgresql/banned.sql`),
  )
  expect(await at('prisma/migrations/2_clerk.sql')).toBe(
    await at(`${shipped}/migrations/postgresql/clerk.sql`),
  )
  expect(await at('prisma/migrations/5_roles.sql')).toBe(
    await at(`${shipped}/migrations/postgresql/roles.sql`),
  )
})
