import { runReadmeSuite } from '@acme/adapter-suite'

const doc = (name: string) => new URL(`../../../docs/${name}`, import.meta.url)

runReadmeSuite(new URL('../README.md', import.meta.url), [doc('trpc.md')], {
  unwrap: (body) => (body as { result: { data: unknown } }).result.data,
  webhook: false,
})
