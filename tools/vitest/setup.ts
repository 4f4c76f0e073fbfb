import fc from 'fast-check'
import { vi } from 'vitest'
import { WAIT_MS } from './limits.js'

// `vi.waitFor` gives up after a second unless it is told otherwise, and has no option in vitest's configuration. A limit that a
// test names is raised as well: it is there to end what hangs.
const { waitFor } = vi
vi.waitFor = (callback, options = {}) => {
  const { timeout = WAIT_MS, ...rest } = typeof options === 'number' ? { timeout: options } : options
  return waitFor(callback, { ...rest, timeout: Math.max(timeout, WAIT_MS) })
}

// A seed for all properties, so that a failed run of CI is repeated as it was.
const { FC_SEED } = process.env
if (FC_SEED !== undefined) fc.configureGlobal({ seed: Number(FC_SEED) })
