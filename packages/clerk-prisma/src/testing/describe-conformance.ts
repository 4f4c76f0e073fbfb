import { describeConformance } from '@acme/clerk-testing/conformance'
import { servicesRequired } from '@acme/tools/services'
import * as vitest from 'vitest'
import { engineOf } from './databases.js'
import { capabilitiesOf, openHarness, shapesOf } from './harness.js'

/** The whole kit on one engine, for the schema that the package ships and for one that was there before it: `shapesOf`. */
export async function describeConformanceOn(client: string): Promise<void> {
  const engine = engineOf(client)
  const shapes = shapesOf(client)
  if (shapes.length === 0) vitest.test.skip(`${engine.title}: with THOROUGH=1`)
  for (const shape of shapes) {
    const harness = await openHarness(engine, shape)
    vitest.describe(`${engine.title}, ${shape} schema`, () => {
      if ('missing' in harness) {
        vitest.test.skipIf(!servicesRequired())(harness.missing, () => {
          throw new Error(harness.missing)
        })
        return
      }
      const declared = capabilitiesOf(engine, shape)
      vitest.afterAll(() => harness.close?.())
      describeConformance(vitest, {
        capabilities: declared,
        open: async () => ({ ...harness, close: async () => {} }),
      })
    })
  }
}
