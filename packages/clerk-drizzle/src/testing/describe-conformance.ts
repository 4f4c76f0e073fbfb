import { describeConformance } from '@acme/clerk-testing/conformance'
import { servicesRequired } from '@acme/tools/services'
import * as vitest from 'vitest'
import { type Driver, ENGINES } from './databases.js'
import { capabilitiesOf, openHarness } from './harness.js'
import type { Shape } from './stores.js'

/**
 * The schemas a driver goes through the whole kit with: node-postgres the package's, every other the one with unique columns,
 * where errors differ most; both with THOROUGH=1.
 */
const shapesOf = (driver: Driver): readonly Shape[] => {
  if (process.env.THOROUGH === '1') return ['recommended', 'existing']
  return driver === 'node-postgres' ? ['recommended'] : ['existing']
}

/** The whole kit on one database, for the tables of this package and for those that an application had before. */
export async function describeConformanceOn(driver: Driver): Promise<void> {
  const engine = ENGINES[driver]
  for (const shape of shapesOf(driver)) {
    const harness = await openHarness(engine, shape)
    vitest.describe(`${engine.title}, ${shape} schema`, () => {
      if ('missing' in harness) {
        vitest.test.skipIf(!servicesRequired())(harness.missing, () => {
          throw new Error(harness.missing)
        })
        return
      }
      vitest.afterAll(() => harness.close?.())
      describeConformance(vitest, {
        capabilities: capabilitiesOf(engine, shape),
        open: async () => ({ ...harness, close: async () => {} }),
      })
    })
  }
}
