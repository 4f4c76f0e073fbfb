import { fileURLToPath } from 'node:url'
import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.js'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Core's tests run against the offline Clerk, which itself depends on core: the sources are aliased so that the
// package graph stays without a cycle and both sides see one copy of core.
export default mergeConfig(shared, {
  // 150 files load the same sources, which takes a fifth of the time when each loads them for itself. So a test leaves nothing behind.
  test: { isolate: false },
  resolve: {
    alias: [
      {
        find: '@acme/clerk-testing/conformance',
        replacement: source('../clerk-testing/src/conformance/index.ts'),
      },
      { find: '@acme/clerk-testing', replacement: source('../clerk-testing/src/index.ts') },
      { find: '@acme/clerk-core/adapter', replacement: source('./src/adapter.ts') },
      { find: '@acme/clerk-core/store', replacement: source('./src/store.ts') },
      { find: '@acme/clerk-core', replacement: source('./src/index.ts') },
    ],
  },
})
