import type { App } from './app.js'
import type { Framework, Setup, Variant } from './setup.js'

/** Each is loaded where it is wanted: a process measures one framework. */
export const APPS: Readonly<
  Record<Framework, () => Promise<(variant: Variant, setup: Setup) => App | Promise<App>>>
> = {
  express: async () => (await import('./express-app.js')).expressApp,
  koa: async () => (await import('./koa-app.js')).koaApp,
  fastify: async () => (await import('./fastify-app.js')).fastifyApp,
  hono: async () => (await import('./hono-app.js')).honoApp,
}
