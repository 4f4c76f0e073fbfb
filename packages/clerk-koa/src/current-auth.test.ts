import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { teapot } from '@acme/adapter-suite'
import { watchRequest } from '@acme/clerk-core'
import { describeCurrentAuth } from '@acme/clerk-testing/adapters'
import { bodyParser } from '@koa/bodyparser'
import Koa, { type Context, type Middleware } from 'koa'
import * as vitest from 'vitest'
import { authOf, clerkMiddleware, requireAuth, userOf } from './index.js'

/** As a parser that knows nothing of contexts: it goes on from the events of the request. */
const text: Middleware = (ctx, next) => {
  if (!ctx.is('text/plain')) return next()
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    ctx.req.on('data', (chunk: Buffer) => chunks.push(chunk))
    ctx.req.on('end', () => {
      Object.assign(ctx.request, { body: Buffer.concat(chunks).toString() })
      next().then(resolve, reject)
    })
  })
}

const route =
  (path: string, answer: (ctx: Context) => unknown, ...guards: Middleware[]): Middleware =>
  async (ctx, next) => {
    if (ctx.path !== path) return next()
    const [guard = (_ctx: unknown, pass: () => Promise<unknown>) => pass()] = guards
    return guard(ctx, async () => {
      ctx.body = await answer(ctx as Context)
    })
  }

describeCurrentAuth(vitest, {
  name: 'Koa 3',
  async start({ clerk, second, context, service, ownErrors = false }) {
    const app = new Koa()
    app.silent = true
    app.use(clerkMiddleware(clerk, { context }))
    if (second !== undefined) app.use(clerkMiddleware(second, { context }))
    const json = async (ctx: Context, value: unknown) => {
      ctx.type = 'json'
      return JSON.stringify(await value)
    }
    app.use(async (ctx, next) => {
      try {
        await next()
      } catch (error) {
        const code = teapot(error)
        const isThrown = (error as Error).message === 'thrown'
        if (!isThrown && (!ownErrors || code === null)) throw error
        ctx.status = isThrown ? 500 : 418
        ctx.body = isThrown ? await json(ctx as Context, service(undefined)) : code
      }
    })
    app.use(bodyParser({ jsonStrict: false }))
    app.use(text)
    app.use(route('/auth-of', (ctx) => json(ctx, authOf(ctx).userId)))
    app.use(route('/user-of', (ctx) => json(ctx, userOf(ctx).firstName)))
    app.use(route('/auth-of-member', (ctx) => json(ctx, authOf(ctx, { org: true }).orgId)))
    app.use(route('/guard', () => '', requireAuth()))
    app.use(route('/guard-member', () => '', requireAuth({ org: true })))
    app.use(route('/run', async (ctx) => json(ctx, await service((ctx.request as { body?: unknown }).body))))
    app.use(
      route('/throws', () => {
        throw new Error('thrown')
      }),
    )
    app.use(
      route('/events', (ctx) => {
        watchRequest(ctx).closes(ctx.res)
        const events = new PassThrough()
        const send = () => events.write(`${JSON.stringify(service(undefined))}\n`)
        const timer = setInterval(send, 10)
        ctx.res.on('close', () => clearInterval(timer))
        return events
      }),
    )
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      stop: async () => {
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      },
    }
  },
})
