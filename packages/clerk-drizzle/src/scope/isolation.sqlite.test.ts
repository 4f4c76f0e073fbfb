import { afterAll, test } from 'vitest'
import { openScope } from '../testing/scope/databases.js'
import { checkIsolation } from '../testing/scope/isolation.js'

const both = await openScope('sqlite')
const alone = await openScope('sqlite')
afterAll(() => Promise.all([both.close(), alone.close()]))

test('a scoped call neither shows nor changes what is not its own, and does to its own what it would do alone: SQLite', async () => {
  await checkIsolation(both, alone, Number(process.env.FUZZ_RUNS ?? 60))
})
