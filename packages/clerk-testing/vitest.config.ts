import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // The official SDK would otherwise report to its makers, from every test run.
    env: { CLERK_TELEMETRY_DISABLED: '1' },
    setupFiles: ['./src/testing/validate.ts'],
    testTimeout: 20_000,
    exclude: ['**/node_modules/**', '**/dist/**', '**/.snippets/**'],
  },
})
