import { describe, test } from 'vitest'
import { type ServiceName, type Services, service, servicesRequired } from './index.js'

/**
 * `describe` for tests that need a service: `await describeWith('postgres', 'users on PostgreSQL', (postgres) => { … })`
 * at the top level of a test file. Where the service is missing the tests are one skipped test whose name says how to
 * enable them; with `REQUIRE_SERVICES=1` it fails instead.
 */
export async function describeWith<N extends ServiceName>(
  name: N,
  title: string,
  tests: (service: Services[N]) => void,
): Promise<void> {
  const found = await service(name)
  if (!('missing' in found)) {
    describe(title, () => tests(found))
    return
  }
  console.warn(`skipped: ${title}: ${found.missing}`)
  describe(title, () => {
    test.skipIf(!servicesRequired())(found.missing, () => {
      throw new Error(`REQUIRE_SERVICES is set, and this ${found.missing}`)
    })
  })
}
