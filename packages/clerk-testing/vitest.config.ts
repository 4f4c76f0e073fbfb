import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.js'

export default mergeConfig(shared, {
  test: {
    // The official SDK would otherwise report to its makers, from every test run.
    env: { CLERK_TELEMETRY_DISABLED: '1' },
    exclude: ['**/node_modules/**', '**/dist/**', '**/.snippets/**'],
  },
})
