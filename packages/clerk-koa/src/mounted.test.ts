import { useHarnesses } from '@acme/adapter-suite'
import { signWebhook } from '@acme/clerk-testing'
import { request } from '@acme/clerk-testing/adapters'
import Router from '@koa/router'
import express from 'express'
import Koa from 'koa'
import mount from 'koa-mount'
import { expect, onTestFinished, test } from 'vitest'
import { clerkMiddleware, clerkRoutes, requireAuth } from './index.js'
import { listen } from './testing/app.js'

const harness = useHarnesses()
type AnyClerk = Parameters<typeof clerkRoutes>[0]

function koa(...middleware: (Koa.Middleware | ReturnType<Router['routes']>)[]): Koa {
  const app = new Koa()
  app.silent = true
  for (const one of middleware) app.use(one as Koa.Middleware)
  return app
}

/** A router that has routes of its own below `/auth`: the middleware of `use(path, …)` runs for those alone. */
function routerWith(path: string, middleware: Koa.Middleware): Router {
  const router = new Router()
  router.use(path, middleware)
  router.all(`${path}/{*rest}`, (ctx) => {
    ctx.status = 404
  })
  return router
}

const PLACES: Record<string, [base: string, (clerk: AnyClerk) => Koa]> = {
  'at a prefix': ['/auth', (clerk) => koa(clerkRoutes(clerk, { prefix: '/auth' }))],
  'under koa-mount': ['/auth', (clerk) => koa(mount('/auth', clerkRoutes(clerk)))],
  'under koa-mount, at a prefix': [
    '/api/auth',
    (clerk) => koa(mount('/api', clerkRoutes(clerk, { prefix: '/auth' }))),
  ],
  'in an application mounted below another': [
    '/api/auth',
    (clerk) => koa(mount('/api', koa(mount('/auth', koa(clerkRoutes(clerk)))))),
  ],
  'in a router’s use(path, …)': ['/auth', (clerk) => koa(routerWith('/auth', clerkRoutes(clerk)).routes())],
  'in a router’s route with a wildcard': [
    '/auth',
    (clerk) => koa(new Router().all('/auth/{*rest}', clerkRoutes(clerk)).routes()),
  ],
  'in a router, with the prefix given to both': [
    '/auth',
    (clerk) => koa(new Router().all('/auth/{*rest}', clerkRoutes(clerk, { prefix: '/auth' })).routes()),
  ],
  'in a router with a prefix': [
    '/v1/auth',
    (clerk) => koa(new Router({ prefix: '/v1' }).all('/auth/{*rest}', clerkRoutes(clerk)).routes()),
  ],
  'in nested routers with a parameter': [
    '/t/acme/auth',
    (clerk) => koa(new Router().use('/t/:tenant', routerWith('/auth', clerkRoutes(clerk)).routes()).routes()),
  ],
  'in a router under koa-mount': [
    '/api/auth',
    (clerk) => koa(mount('/api', koa(routerWith('/auth', clerkRoutes(clerk)).routes()))),
  ],
}

async function serve(app: Koa): Promise<string> {
  const { origin, stop } = await listen(app)
  onTestFinished(stop)
  return origin
}

test.each(Object.entries(PLACES))(
  '%s the routes find themselves and lead back',
  async (_name, [base, create]) => {
    const { clerk, ada, offline } = await harness()
    const origin = await serve(create(clerk))
    const redirected = await request(`${origin}${base}/sign-in?returnTo=/x`)
    expect(new URL(redirected.headers.location ?? '').searchParams.get('redirect_url')).toBe(
      `${origin}${base}/callback?returnTo=%2Fx`,
    )
    const headers = { authorization: `Bearer ${ada.token}` }
    expect((await request(`${origin}${base}/me`, { headers })).status).toBe(200)
    expect((await request(`${origin}${base}/callback?returnTo=/x`, { headers })).headers.location).toBe('/x')
    const event = { object: 'event', type: 'email.created', timestamp: 1, instance_id: 'ins_1', data: {} }
    const { headers: signed, body } = signWebhook(event, offline.webhookSecret)
    expect(
      (await request(`${origin}${base}/webhook`, { method: 'POST', headers: signed, body })).status,
    ).toBe(200)
    expect((await request(`${origin}/me`, { headers })).status).toBe(404)
    expect((await request(`${origin}${base}/more/me`, { headers })).status).toBe(404)
  },
)

test('a router that has passed a request on moves no routes mounted after it', async () => {
  const { clerk } = await harness()
  const router = new Router().all('/users/{*rest}', (_ctx, next) => next())
  const origin = await serve(koa(router.routes(), clerkRoutes(clerk)))
  expect((await request(`${origin}/users/health`)).status).toBe(404)
  expect((await request(`${origin}/health`)).status).toBe(200)
})

test('in an Express application a Koa application leads back to where it is mounted', async () => {
  const { clerk } = await harness()
  const inner = koa(
    clerkMiddleware(clerk, { signInUrl: '/api/auth/sign-in' }),
    clerkRoutes(clerk, { prefix: '/auth' }),
    requireAuth({}, { redirect: true }),
  )
  const outer = express().use('/api', inner.callback())
  const server = outer.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const back = async (path: string) => {
    const { headers } = await request(`${origin}${path}`, { headers: { 'sec-fetch-dest': 'document' } })
    return new URL(headers.location ?? '', origin).searchParams.get('redirect_url')
  }
  expect(await back('/api/auth/sign-in')).toBe(`${origin}/api/auth/callback?returnTo=%2F`)
  expect(await back('/api/page?a=1')).toBe(`${origin}/api/page?a=1`)
})
