import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/**
 * Time limits of every suite. A limit is there to end a test that hangs. It must not measure the machine: vitest's own five
 * seconds fail a property test or a test of two processes when other work shares the processor.
 */
const limits = { testTimeout: 30_000, hookTimeout: 60_000 }

// Whatever an offline Clerk answers or sends in a test is held against Clerk's own schemas.
const setupFiles = [
  fileURLToPath(new URL('./packages/clerk-testing/src/testing/validate.ts', import.meta.url)),
]

export default defineConfig({ test: { ...limits, setupFiles } })
