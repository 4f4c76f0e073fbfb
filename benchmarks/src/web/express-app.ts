import { clerkMiddleware, requireAuth } from '@acme/clerk-express'
import * as official from '@clerk/express'
import express, { type RequestHandler } from 'express'
import session from 'express-session'
import type { App } from './app.js'
import { createBenchClerk, DATA, PUBLIC_PATH } from './clerk.js'
import type { Setup, Variant } from './setup.js'

const doNothing: RequestHandler = (_req, _res, next) => next()

/** What `express-session` keeps in memory, counted. */
class Store extends session.MemoryStore {
  writes = 0

  override set(...args: Parameters<session.MemoryStore['set']>): void {
    this.writes += 1
    super.set(...args)
  }
}

export function expressApp(variant: Variant, setup: Setup): App {
  const app = express()
  const store = new Store()
  const sessions = session({ secret: 'a secret', resave: false, saveUninitialized: false, store })
  const guards: Record<Variant, () => [use: RequestHandler[], guard: RequestHandler[]]> = {
    ours: () => [[clerkMiddleware(createBenchClerk(setup))], [requireAuth()]],
    'no-op': () => [[doNothing], [doNothing]],
    bare: () => [[], []],
    official: () => [[officialMiddleware(setup)], [officialGuard]],
    'ours-session': () => [[sessions, clerkMiddleware(createBenchClerk(setup))], [requireAuth()]],
    'session-alone': () => [[sessions, doNothing], [doNothing]],
  }
  const [use, guard] = guards[variant]()
  for (const one of use) app.use(one)
  app.get('/start', (req, res) => {
    if (variant === 'session-alone') Object.assign(req.session, DATA)
    res.json({ ok: true })
  })
  app.get('/', ...guard, (_req, res) => void res.json({ ok: true }))
  app.get(PUBLIC_PATH, (_req, res) => void res.json({ ok: true }))
  return { listen: (done) => app.listen(0, '127.0.0.1', done), writes: () => store.writes }
}

function officialMiddleware({ publishableKey, secretKey, pem, authorizedParties }: Setup): RequestHandler {
  return official.clerkMiddleware({
    publishableKey,
    secretKey,
    jwtKey: pem,
    authorizedParties: [...authorizedParties],
  })
}

const officialGuard: RequestHandler = (req, res, next) => {
  if (official.getAuth(req).userId) next()
  else res.status(401).end()
}
