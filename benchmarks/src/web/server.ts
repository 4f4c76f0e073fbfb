import type { AddressInfo } from 'node:net'
import type { App } from './app.js'
import { expressApp } from './express-app.js'
import { fastifyApp } from './fastify-app.js'
import { koaApp } from './koa-app.js'
import type { Framework, Setup, Variant } from './setup.js'

// A server under load, in a process of its own so that the load does not share its core.
const APPS: Record<Framework, (variant: Variant, setup: Setup) => App | Promise<App>> = {
  express: expressApp,
  koa: koaApp,
  fastify: fastifyApp,
}

process.once(
  'message',
  async ({ framework, variant, setup }: { framework: Framework; variant: Variant; setup: Setup }) => {
    const app = await APPS[framework](variant, setup)
    const server = app.listen(() => process.send?.({ port: (server.address() as AddressInfo).port }))
    process.on('message', () => {
      globalThis.gc?.()
      const { user, system } = process.cpuUsage()
      process.send?.({
        cpuMicroseconds: user + system,
        heapBytes: process.memoryUsage().heapUsed,
        writes: app.writes(),
      })
    })
  },
)
process.once('disconnect', () => process.exit())
