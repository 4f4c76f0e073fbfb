import { servicesRequired } from '@acme/tools/services'
import { afterAll, describe, test } from 'vitest'
import { createDatabase, ENGINES, type Engine, type TestDatabase } from './databases.js'

/**
 * `describe` once per engine, each with a database of its own. Where a server is missing, one skipped test says how to
 * have it; with `REQUIRE_SERVICES=1` it fails instead.
 */
export async function describeEngines(
  title: string,
  tests: (engine: Engine, database: TestDatabase) => void,
  only: (engine: Engine) => boolean = () => true,
): Promise<void> {
  for (const engine of ENGINES.filter(only)) {
    const database = await createDatabase(engine)
    describe(`${title} (${engine.title})`, () => {
      if ('missing' in database) {
        test.skipIf(!servicesRequired())(database.missing, () => {
          throw new Error(database.missing)
        })
        return
      }
      tests(engine, database)
      afterAll(() => database.drop())
    })
  }
}
