import { defineConfig } from 'vitest/config'

/**
 * Time limits of every suite. A limit is there to end a test that hangs. It must not measure the machine: vitest's own five
 * seconds fail a property test or a test of two processes when other work shares the processor.
 */
export default defineConfig({ test: { testTimeout: 30_000, hookTimeout: 60_000 } })
