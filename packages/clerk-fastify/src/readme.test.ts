import { runReadmeSuite } from '@acme/adapter-suite'

const doc = (name: string) => new URL(`../../../docs/${name}`, import.meta.url)

runReadmeSuite(new URL('../README.md', import.meta.url), [doc('fastify.md'), doc('websockets.md')])
