import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { createHarness, type Harness } from './harness.js'

/** One offline Clerk for a test file; a harness of its own for each test that asks. */
export function useHarnesses(): (options?: Parameters<typeof createHarness>[1]) => Promise<Harness> {
  let offline: OfflineClerk
  beforeAll(async () => {
    offline = await startClerk()
  })
  afterAll(() => offline.stop())
  return async (options) => {
    const harness = await createHarness(offline, options)
    onTestFinished(() => harness.close())
    return harness
  }
}
