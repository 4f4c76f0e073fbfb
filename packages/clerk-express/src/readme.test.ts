import { runReadmeSuite, typecheckSnippets } from '@acme/adapter-suite'
import { test } from 'vitest'

const doc = (name: string) => new URL(`../../../docs/${name}`, import.meta.url)

runReadmeSuite(new URL('../README.md', import.meta.url), [doc('express.md')])

test('the code of docs/migrating-from-clerk-sdks.md for Express compiles', { timeout: 120_000 }, () =>
  typecheckSnippets(doc('migrating-from-clerk-sdks.md'), new URL('../', import.meta.url), [
    'before-and-after.ts',
  ]),
)
