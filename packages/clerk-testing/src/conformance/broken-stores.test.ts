import { AssertionError } from 'node:assert'
import { describe, expect, it } from 'vitest'
import { checkConformance } from './check.js'
import { brokenStores } from './testing/broken-stores.js'
import { memorySubject } from './testing/memory-subject.js'

describe('a store with one fault fails the cases that name it, and no others', () => {
  it.each(brokenStores)('$fault', async ({ caughtBy, says, ...options }) => {
    const { failed } = await checkConformance(memorySubject(options))
    expect(failed.map(({ id }) => id)).toEqual(caughtBy)
    expect(String(failed[0]?.error)).toMatch(says)
    // A case that stumbled over the harness would be no verdict on the store.
    for (const { error } of failed) expect(error).toBeInstanceOf(AssertionError)
  })
})
