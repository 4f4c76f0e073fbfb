import { once } from 'node:events'
import { runGuideSuite, runServerSnippet } from '@acme/adapter-suite'
import { request } from '@acme/clerk-testing/adapters'
import Router from '@koa/router'
import Koa from 'koa'
import { expect, onTestFinished, test } from 'vitest'

const guide = new URL('../../../docs/koa.md', import.meta.url)
const cwd = new URL('..', import.meta.url)

runGuideSuite(guide, cwd)

/** Spellings of two routes below a prefix, as a client may choose them. */
const spellingsOf = (prefix: string) =>
  ['', '/', '?a=1', '/users/7', '/users/7/', '/USERS/7', '/users/%37', '/users/7?a=1'].flatMap((rest) => [
    `${prefix}${rest}`,
    `${prefix.toUpperCase()}${rest}`,
    `/${encodeURIComponent(prefix.slice(1, 2))}${prefix.slice(2)}${rest}`,
  ])

test('no spelling of a path gets past a guard of a nested router', { timeout: 60_000 }, async () => {
  const { origin, signIn } = await runServerSnippet(guide, 'nested-routers.ts', cwd)
  const [admin, member] = [await signIn('Ada', 'admin'), await signIn('Bob')]
  const statusOf = async (path: string, headers = {}) =>
    (await request(`${origin}${path}`, { headers })).status
  for (const path of ['/admin', '/console'].flatMap(spellingsOf)) {
    expect([path, await statusOf(path)]).toEqual([path, expect.toSatisfy((status) => status > 400)])
    expect([path, await statusOf(path, member)]).toEqual([path, expect.toSatisfy((status) => status > 400)])
  }
  for (const path of ['/admin', '/admin/users/7', '/ADMIN/users/7', '/console/users/7']) {
    expect([path, await statusOf(path, admin)]).toEqual([path, 200])
  }
})

/** Should one of these pass the guard one day, the guide may say less. */
test.each<[string, string, (nested: Router, guard: Koa.Middleware) => Router]>([
  [
    'another case',
    '/ADMIN',
    (nested, guard) => new Router().use('/admin', routed(nested.use(guard)).routes()),
  ],
  [
    'the prefix itself',
    '/admin',
    (nested, guard) => new Router({ prefix: '/admin' }).use('/', routed(nested.use(guard)).routes()),
  ],
  [
    'a route from before',
    '/admin/',
    (nested, guard) => new Router().use('/admin', routed(nested).use(guard).routes()),
  ],
])('@koa/router skips router.use(guard) of a nested router for %s', async (_name, path, build) => {
  const app = new Koa()
  app.use(build(new Router(), (ctx) => ctx.throw(401)).routes())
  const server = app.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address() as { port: number }
  expect((await request(`http://127.0.0.1:${address.port}${path}`)).text).toBe('reached')
})

function routed(router: Router): Router {
  return router.get('/', (ctx) => {
    ctx.body = 'reached'
  })
}
