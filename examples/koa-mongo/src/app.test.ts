import { smoke } from '@acme/example-page/smoke'
import { describeWith } from '@acme/tools/services/vitest'
import { afterAll, expect, test } from 'vitest'
import { start } from './app.js'

await describeWith('mongodb', 'Koa and MongoDB', (mongodb) => {
  let drop = async () => {}
  const given = smoke(start, async () => {
    const database = await mongodb.createDatabase('example_koa')
    drop = database.drop
    return { MONGODB_URL: database.url }
  })
  afterAll(() => drop())

  test('gives new people the free plan, and leaves it alone afterwards', async () => {
    const headers = await given.as('admin')
    expect((await given.api.workspace(headers)).body?.plan).toBe('free')
    given.offline.updateUser(given.people.admin, { firstName: 'Maja' })
    await given.offline.webhooks.settled()
    expect((await given.api.workspace(headers)).body).toMatchObject({
      user: { firstName: 'Maja' },
      plan: 'free',
    })
  })
})
