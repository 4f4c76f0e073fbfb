import { runReadmeSuite } from '@acme/adapter-suite'

runReadmeSuite(new URL('../README.md', import.meta.url), [new URL('../../../docs/hono.md', import.meta.url)])
