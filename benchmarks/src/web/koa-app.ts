import { createServer } from 'node:http'
import { clerkMiddleware, requireAuth } from '@acme/clerk-koa'
import Koa, { type Middleware } from 'koa'
import { createSession } from 'koa-session'
import type { App } from './app.js'
import { createBenchClerk, DATA, PUBLIC_PATH } from './clerk.js'
import type { Setup, Variant } from './setup.js'

const doNothing: Middleware = (_ctx, next) => next()

export function koaApp(variant: Variant, setup: Setup): App {
  const app = new Koa()
  app.keys = ['a secret']
  const sessions = new Map<string, string>()
  let writes = 0
  const store = {
    get: async (key: string) => JSON.parse(sessions.get(key) ?? 'null'),
    set: async (key: string, value: unknown) => {
      writes += 1
      sessions.set(key, JSON.stringify(value))
    },
    destroy: async (key: string) => void sessions.delete(key),
  }
  // Only what the variant needs: koa-session puts itself on the context of an application as soon as it is made.
  const guards: Record<Variant, () => [use: Middleware[], guard: Middleware]> = {
    ours: () => [[clerkMiddleware(createBenchClerk(setup))], requireAuth()],
    'no-op': () => [[doNothing], doNothing],
    bare: () => [[], doNothing],
    official: () => [[], doNothing],
    'ours-session': () => [
      [createSession({ store }, app), clerkMiddleware(createBenchClerk(setup))],
      requireAuth(),
    ],
    'session-alone': () => [[createSession({ store }, app), doNothing], doNothing],
  }
  const [use, guard] = guards[variant]()
  for (const one of use) app.use(one)
  app.use((ctx, next) => {
    if (ctx.path === '/start') {
      if (variant === 'session-alone') Object.assign((ctx as { session?: object }).session ?? {}, DATA)
    } else if (ctx.path !== PUBLIC_PATH) return variant === 'bare' ? next() : guard(ctx, next)
    ctx.body = { ok: true }
    return undefined
  })
  app.use((ctx) => {
    ctx.body = { ok: true }
  })
  return { listen: (done) => createServer(app.callback()).listen(0, '127.0.0.1', done), writes: () => writes }
}
