import { runReadmeSuite, typecheckSnippets } from '@acme/adapter-suite'
import { test } from 'vitest'

const doc = (name: string) => new URL(`../../../docs/${name}`, import.meta.url)

runReadmeSuite(new URL('../README.md', import.meta.url), [doc('fastify.md')])

test('the code of the guide to WebSockets compiles', { timeout: 120_000 }, () =>
  typecheckSnippets(doc('websockets.md'), new URL('../', import.meta.url), ['fastify.ts']),
)
