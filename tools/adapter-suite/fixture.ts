import type { DeniedError } from '@acme/clerk-core'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { createHarness, type Harness } from '@acme/clerk-testing/adapters'
import { afterAll, beforeAll, onTestFinished } from 'vitest'

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

/** What the error handler of an application with `ownErrors` answers with 418. */
export const teapot = (error: unknown): string | null =>
  error instanceof Error && error.name === 'DeniedError' ? (error as DeniedError).code : null
