import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { teapot } from '@acme/adapter-suite'
import { watchRequest } from '@acme/clerk-core'
import { describeCurrentAuth } from '@acme/clerk-testing/adapters'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import * as vitest from 'vitest'
import { authOf, clerkMiddleware, requireAuth, userOf } from './index.js'
import { listen } from './testing/app.js'

const nodeOf = (c: Context) => c.env as { incoming: IncomingMessage; outgoing: ServerResponse }

describeCurrentAuth(vitest, {
  name: 'Hono on Node',
  async start({ clerk, second, context, service, ownErrors = false }) {
    const app = new Hono()
    const json = async (c: Context, value: unknown, status = 200) =>
      c.body(JSON.stringify(await value), status as 200, { 'content-type': 'application/json' })
    if (ownErrors) app.onError((error, c) => c.text(teapot(error) ?? 'failed', 418))
    app.use(clerkMiddleware(clerk, { context }))
    if (second !== undefined) app.use(clerkMiddleware(second, { context }))
    app.use(async (c, next) => {
      await next()
      if (c.error?.message !== 'thrown') return
      c.res = await json(c, service(undefined), 500)
    })
    app.get('/auth-of', (c) => json(c, authOf(c).userId))
    app.get('/user-of', (c) => json(c, userOf(c).firstName))
    app.get('/auth-of-member', (c) => json(c, authOf(c, { org: true }).orgId))
    app.get('/guard', requireAuth(), (c) => c.body(null))
    app.get('/guard-member', requireAuth({ org: true }), (c) => c.body(null))
    app.all('/run', async (c) => {
      const type = c.req.header('content-type')
      return json(c, await service(type === 'text/plain' ? await textOf(c) : type && (await c.req.json())))
    })
    app.get('/throws', () => {
      throw new Error('thrown')
    })
    app.get('/events', (c) => {
      const { outgoing } = nodeOf(c)
      watchRequest(c).closes(outgoing)
      const send = () => outgoing.write(`${JSON.stringify(service(undefined))}\n`)
      const timer = setInterval(send, 10)
      outgoing.on('close', () => clearInterval(timer))
      return RESPONSE_ALREADY_SENT
    })
    return listen(app)
  },
})

/** By listeners of the request's own events, which know nothing of contexts. */
async function textOf(c: Context): Promise<string> {
  const { incoming } = nodeOf(c)
  const chunks: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(incoming, 'end')
  return Buffer.concat(chunks).toString()
}
