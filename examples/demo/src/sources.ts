import { readFile } from 'node:fs/promises'
import type { ExampleName } from './examples.js'

/** Cards of the page and of the panel. */
export type Card = 'you' | 'notes' | 'clerk' | 'log' | 'webhooks' | 'people' | 'keys'

/** What is the same for every example. */
const SHARED = {
  clerk: 'examples/demo/src/actions.ts',
  log: 'examples/demo/src/activity.ts',
  webhooks: 'packages/clerk-core/src/flows/webhooks/receive.ts',
  people: 'packages/clerk-core/src/flows/authentication/evaluate.ts',
  keys: 'packages/clerk-core/src/domain/keys/remote-key-source.ts',
} as const

const OWN: Readonly<Record<ExampleName, Readonly<Record<'you' | 'notes', string>>>> = {
  'express-prisma': {
    you: 'examples/express-prisma/src/app.ts',
    notes: 'examples/express-prisma/src/notes.ts',
  },
  'koa-mongo': { you: 'examples/koa-mongo/src/app.ts', notes: 'examples/koa-mongo/src/notes.ts' },
  'fastify-postgres': {
    you: 'examples/fastify-postgres/src/app.ts',
    notes: 'examples/fastify-postgres/src/notes.ts',
  },
  'hono-drizzle': { you: 'examples/hono-drizzle/src/app.ts', notes: 'examples/hono-drizzle/src/notes.ts' },
  trpc: { you: 'examples/trpc/src/app.ts', notes: 'examples/trpc/src/router.ts' },
}

/** The file that does what a card shows, as a path in this repository. */
export const sourcesOf = (example: ExampleName): Readonly<Record<Card, string>> => ({
  ...SHARED,
  ...OWN[example],
})

const LISTED = new Set([...Object.values(SHARED), ...Object.values(OWN).flatMap((own) => Object.values(own))])

/** Text of a file that a card links to; `null` for every other path. */
export async function readSource(path: string): Promise<string | null> {
  if (!LISTED.has(path)) return null
  return readFile(new URL(`../../../${path}`, import.meta.url), 'utf8')
}
