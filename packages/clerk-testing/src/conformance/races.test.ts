import { AssertionError } from 'node:assert'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { conformanceCases } from './cases/index.js'
import type { StoreHarness } from './harness.js'
import { runRaces } from './races/processes.js'
import { openStores } from './testing/file-inbox.js'

const folder = await mkdtemp(join(tmpdir(), 'clerk-races-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

async function harnessOver(data: string | null): Promise<StoreHarness> {
  return {
    ...(data === null ? { stores: {} } : await openStores(data)),
    probe: {},
    reset: async () => {},
    processes: {
      module: new URL('testing/file-inbox.ts', import.meta.url),
      execArgv: ['--import', 'tsx'],
      data,
    },
  }
}

// Processes of their own, on a machine that may be busy.
describe('races between processes', { timeout: 60_000 }, () => {
  it('find what a lock within one process hides', async () => {
    const harness = await harnessOver(folder)
    const within = conformanceCases.find(({ id }) => id === 'inbox/race-claim')
    await within?.run(harness, ['inbox'])
    // Names differ by seed: the files of the races above are still there.
    const between = runRaces(harness, { declared: ['inbox'], rounds: 200, seed: 2 })
    await expect(between).rejects.toThrow(/^race-claim: Not exactly one of several claims got the event\./)
    await expect(between).rejects.toBeInstanceOf(AssertionError)
  })

  it('say so when a process cannot open the stores', async () => {
    const harness = await harnessOver(null)
    await expect(runRaces(harness, { declared: ['inbox'] })).rejects.toThrow(
      /ended \(1\)[\s\S]*This store cannot be opened/,
    )
  })

  it('need to be told how', async () => {
    const { processes: _, ...harness } = await harnessOver(folder)
    await expect(runRaces(harness, { declared: ['inbox'] })).rejects.toThrow(/has no `processes`/)
  })
})
