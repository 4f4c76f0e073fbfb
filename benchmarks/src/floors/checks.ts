import { hash } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createClerk, type WebhookRequest } from '@acme/clerk-core'
import { createVerifier } from 'fast-jwt'
import { backend, OTHER_SECRET, SECRET, userCreated } from '../suites/webhooks.js'
import { APP, createTokenBench } from '../token-bench.js'
import { createBenchClerk } from '../web/clerk.js'
import { startSession } from '../web/load.js'
import { APPS } from '../web/server-apps.js'
import type { Framework, Setup, Variant } from '../web/setup.js'
import type { Pair, Side } from './paired.js'
import { openConnection } from './sockets.js'

/** What is watched: the name that `floors.json` has for it, and how it is measured. */
export const CHECKS: Readonly<Record<string, (setup: Setup) => Promise<Pair>>> = {
  'token again, to Auth, against SHA-256 and a lookup': async (setup) => {
    const clerk = createBenchClerk(setup)
    const requests = setup.tokens.map((token) => ({ authorization: `Bearer ${token}` }))
    for (const request of requests)
      if (!(await clerk.authenticate(request)).isAuthenticated) throw new Error('signed out')
    const known = new Map(setup.tokens.map((token) => [hash('sha256', token, 'binary'), token]))
    const { length } = requests
    return {
      ours: { op: (i) => clerk.authenticateNow(requests[i % length] ?? {}) },
      base: { op: (i) => known.get(hash('sha256', setup.tokens[i % length] ?? '', 'binary')) },
      stop: () => clerk.close(),
    }
  },
  'token again, to its claims, against fast-jwt with its cache': async (setup) => {
    const clerk = createBenchClerk(setup)
    const theirs = createVerifier({ key: setup.pem, cache: 10_000, allowedIss: setup.issuer })
    const token = (i: number) => setup.tokens[i % setup.tokens.length] ?? ''
    return {
      ours: { op: (i) => clerk.verifyToken(token(i)) },
      base: { op: (i) => theirs(token(i)) },
      stop: () => clerk.close(),
    }
  },
  'new token, to its claims, against fast-jwt': async () => {
    // As many as make little of the garbage of a new instance, whose caches alone are a megabyte.
    const { issuer, tokens } = await createTokenBench(800)
    const options = { publishableKey: issuer.publishableKey, jwtKey: issuer.pem, authorizedParties: [APP] }
    // No warnings: they would be written while the tokens of the new instance are measured.
    const make = () => createClerk({ ...options, logger: false })
    let clerk = make()
    const theirs = createVerifier({ key: issuer.pem, cache: false, allowedIss: issuer.issuer })
    return {
      ours: {
        ops: tokens.length,
        // Every token is a new one.
        reset: () => {
          clerk = make()
        },
        op: (i) => clerk.verifyToken(tokens[i] ?? ''),
      },
      base: { ops: tokens.length, op: (i) => theirs(tokens[i] ?? '') },
    }
  },
  'a whole webhook in memory, against its signature': async () => {
    const ops = 1000
    const events = (secret: string) => Array.from({ length: ops }, (_, i) => userCreated(i, secret))
    const side = (requests: readonly WebhookRequest[], expected: number): Side => {
      let clerk = backend()
      return {
        ops,
        // Every event is a new one.
        reset: () => {
          clerk = backend()
        },
        async op(i) {
          const { status } = await clerk.receiveWebhook(requests[i] as WebhookRequest)
          if (status !== expected) throw new Error(`answered ${status}`)
        },
      }
    }
    return { ours: side(events(SECRET), 200), base: side(events(OTHER_SECRET), 403) }
  },
  'Express, signed in, against middleware that does nothing': (setup) => bearer('express', setup),
  'Koa, signed in, against middleware that does nothing': (setup) => bearer('koa', setup),
  'Fastify, signed in, against hooks that do nothing': (setup) => bearer('fastify', setup),
  'Hono, signed in, against middleware that does nothing': (setup) => bearer('hono', setup),
  'Express, trusted by its session, against the session alone': (setup) => session('express', setup),
  'Koa, trusted by its session, against the session alone': (setup) => session('koa', setup),
  'Fastify, trusted by its session, against the session alone': (setup) => session('fastify', setup),
}

async function bearer(framework: Framework, setup: Setup): Promise<Pair> {
  const heads = setup.tokens.map((token) => [`Authorization: Bearer ${token}`])
  return pairOf(
    await serve(framework, 'ours', setup, async () => heads),
    await serve(framework, 'no-op', setup, async () => heads),
  )
}

async function session(framework: Framework, setup: Setup): Promise<Pair> {
  const cookieOf = (token: string | null) => async (url: string) => {
    const { cookie } = await startSession({ url }, token)
    return [[`Cookie: ${cookie}`]]
  }
  return pairOf(
    await serve(framework, 'ours-session', setup, cookieOf(setup.tokens[0] ?? '')),
    await serve(framework, 'session-alone', setup, cookieOf(null)),
  )
}

interface Served extends Side {
  readonly stop: () => unknown
}

const pairOf = (ours: Served, base: Served): Pair => ({
  ours,
  base,
  stop: () => [ours, base].map(({ stop }) => stop()),
})

/** A real server of this process, and a connection to it. */
async function serve(
  framework: Framework,
  variant: Variant,
  setup: Setup,
  headsFor: (url: string) => Promise<readonly (readonly string[])[]>,
): Promise<Served> {
  const app = await (await APPS[framework]())(variant, setup)
  const server = app.listen(() => undefined)
  // While the other one has its turn, this one is idle.
  server.keepAliveTimeout = 0
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { sendBatch, close } = await openConnection(port, await headsFor(`http://127.0.0.1:${port}`))
  return {
    op: sendBatch,
    stop() {
      close()
      server.closeAllConnections()
      server.close()
    },
  }
}
