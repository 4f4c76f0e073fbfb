import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.js'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Core's own tests of convergence and crashes run on these stores too: they are sources, so core and the offline Clerk
// are sources here as well, and there is one copy of each.
export default mergeConfig(shared, {
  // Every file has databases of its own and waits for them most of the time: on two processors one file at a time, which is
  // vitest's default there, leaves one idle.
  // The files of a worker share what they load: Prisma's clients, and the sources.
  test: { maxWorkers: Math.max(2, availableParallelism() - 1), isolate: false },
  resolve: {
    alias: [
      {
        find: '@acme/clerk-testing/conformance',
        replacement: source('../clerk-testing/dist/conformance/index.js'),
      },
      { find: '@acme/clerk-testing', replacement: source('../clerk-testing/src/index.ts') },
      { find: '@acme/clerk-core/adapter', replacement: source('../clerk-core/src/adapter.ts') },
      { find: '@acme/clerk-core/store', replacement: source('../clerk-core/src/store.ts') },
      { find: '@acme/clerk-core', replacement: source('../clerk-core/src/index.ts') },
    ],
  },
})
