import { runReadmeSuite } from '@acme/adapter-suite'

runReadmeSuite(new URL('../README.md', import.meta.url), {
  unwrap: (body) => (body as { result: { data: unknown } }).result.data,
  webhook: false,
})
