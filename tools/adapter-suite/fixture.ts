import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { createWorld, type World } from './world.js'

/** One offline Clerk for a test file; a world of its own for each test that asks. */
export function useWorlds(): (options?: Parameters<typeof createWorld>[1]) => Promise<World> {
  let offline: OfflineClerk
  beforeAll(async () => {
    offline = await startClerk()
  })
  afterAll(() => offline.stop())
  return async (options) => {
    const world = await createWorld(offline, options)
    onTestFinished(() => world.close())
    return world
  }
}
