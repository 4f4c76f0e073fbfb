import { servicesRequired } from '@acme/tools/services'
import { describe, test } from 'vitest'
import { createDatabase, ENGINES, type Engine, type Place } from './databases.js'

/** An empty database with the tables; dropped by the caller. */
export type Open = (schema?: object) => Promise<Place>

/**
 * `describe` once per database. Where a server is missing, one skipped test says how to have it; with `REQUIRE_SERVICES=1` it
 * fails instead.
 */
export async function describeEngines(
  title: string,
  tests: (engine: Engine, open: Open) => void,
): Promise<void> {
  for (const engine of Object.values<Engine>(ENGINES)) {
    const first = await createDatabase(engine)
    describe(`${title} (${engine.title})`, () => {
      if ('missing' in first) {
        test.skipIf(!servicesRequired())(first.missing, () => {
          throw new Error(first.missing)
        })
        return
      }
      tests(engine, async (schema) => {
        const place = await createDatabase(engine, schema)
        if ('missing' in place) throw new Error(place.missing)
        return place
      })
    })
    if (!('missing' in first)) await first.drop()
  }
}
