import { createServer } from 'node:http'
import { clerkMiddleware, requireAuth } from '@acme/clerk-hono'
import { getAuth, clerkMiddleware as official } from '@clerk/hono'
import { getRequestListener } from '@hono/node-server'
import { Hono, type MiddlewareHandler } from 'hono'
import type { App } from './app.js'
import { createBenchClerk, PUBLIC_PATH } from './clerk.js'
import type { Setup, Variant } from './setup.js'

const doNothing: MiddlewareHandler = async (_c, next) => {
  await next()
}

export function honoApp(variant: Variant, setup: Setup): App {
  const { secretKey, publishableKey, pem: jwtKey, authorizedParties } = setup
  const isSignedIn: MiddlewareHandler = async (c, next) => {
    if (getAuth(c as never).userId === null) return c.body(null, 401)
    await next()
    return undefined
  }
  const guards: Record<Variant, () => [use: MiddlewareHandler[], guard: MiddlewareHandler]> = {
    ours: () => [[clerkMiddleware(createBenchClerk(setup))], requireAuth() as MiddlewareHandler],
    'no-op': () => [[doNothing], doNothing],
    bare: () => [[], doNothing],
    official: () => [
      [official({ secretKey, publishableKey, jwtKey, authorizedParties: [...authorizedParties] }) as never],
      isSignedIn,
    ],
    'ours-session': () => noSession(),
    'session-alone': () => noSession(),
  }
  const app = new Hono()
  const [use, guard] = guards[variant]()
  for (const one of use) app.use(one)
  app.get(PUBLIC_PATH, (c) => c.json({ ok: true }))
  if (variant === 'bare') app.get('/', (c) => c.json({ ok: true }))
  else app.get('/', guard, (c) => c.json({ ok: true }))
  const server = createServer(getRequestListener(app.fetch))
  return { listen: (done) => server.listen(0, '127.0.0.1', done), writes: () => 0 }
}

function noSession(): never {
  throw new Error('Hono has no sessions of its own')
}
