import { describeWith } from '@acme/tools/services/vitest'
import { test } from 'vitest'
import { checkIsolation } from './isolation.js'
import { openScope } from './testing.js'

await describeWith('mariadb', 'a scope on MariaDB', (server) => {
  test('a scoped call neither shows nor changes what is not its own, and does to its own what it would do alone', async () => {
    const databases = [
      await server.createDatabase('scope'),
      await server.createDatabase('scope_alone'),
    ] as const
    const both = await openScope('mysql', databases[0].url)
    const alone = await openScope('mysql', databases[1].url)
    try {
      await checkIsolation(both, alone, Number(process.env.FUZZ_RUNS ?? 15))
    } finally {
      await Promise.all([both.close(), alone.close()])
      await Promise.all(databases.map((database) => database.drop()))
    }
  })
})
