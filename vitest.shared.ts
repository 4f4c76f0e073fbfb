import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { HOOK_MS, OUT_OF_TIME, TEST_MS, WAIT_MS } from './tools/vitest/limits.js'
import { Retried } from './tools/vitest/retried.js'

const setupFiles = [
  './tools/vitest/setup.ts',
  // Whatever an offline Clerk answers or sends in a test is held against Clerk's own schemas.
  './packages/clerk-testing/src/testing/validate.ts',
].map((path) => fileURLToPath(new URL(path, import.meta.url)))

// A machine of CI may stop for longer than any limit. A test whose time was over runs once more there, and is named at the
// end; on a developer's machine it fails.
const inCi = process.env['CI'] ? { retry: { count: 1, condition: OUT_OF_TIME } } : {}

export default defineConfig({
  test: {
    testTimeout: TEST_MS,
    hookTimeout: HOOK_MS,
    expect: { poll: { timeout: WAIT_MS } },
    setupFiles,
    // The product tells each refusal, and tests make thousands: what a test printed is shown where it fails.
    silent: 'passed-only',
    reporters: ['default', new Retried()],
    ...inCi,
  },
})
