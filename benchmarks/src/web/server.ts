import type { AddressInfo } from 'node:net'
import type { App } from './app.js'
import { expressApp } from './express-app.js'
import { fastifyApp } from './fastify-app.js'
import { honoApp } from './hono-app.js'
import { koaApp } from './koa-app.js'
import type { Framework, Setup, Variant } from './setup.js'

/**
 * Two questions, because a full garbage collection throws optimised code and inline caches away: a load that follows one
 * measures how a server warms up. Only the heap is measured after a collection, and never between two loads.
 */
export type Question = 'usage' | 'heap'

export interface Usage {
  /** Of the whole process, threads of V8 included, since it started. */
  readonly cpuMicroseconds: number
  /** To the session store. */
  readonly writes: number
}

export interface Heap {
  readonly heapBytes: number
}

// A server under load, in a process of its own so that the load does not share its core.
const APPS: Record<Framework, (variant: Variant, setup: Setup) => App | Promise<App>> = {
  express: expressApp,
  koa: koaApp,
  fastify: fastifyApp,
  hono: honoApp,
}

process.once(
  'message',
  async ({ framework, variant, setup }: { framework: Framework; variant: Variant; setup: Setup }) => {
    const app = await APPS[framework](variant, setup)
    const server = app.listen(() => process.send?.({ port: (server.address() as AddressInfo).port }))
    const answers: Record<Question, () => Usage | Heap> = {
      usage: () => {
        const { user, system } = process.cpuUsage()
        return { cpuMicroseconds: user + system, writes: app.writes() }
      },
      heap: () => {
        globalThis.gc?.()
        return { heapBytes: process.memoryUsage().heapUsed }
      },
    }
    process.on('message', (question: Question) => process.send?.(answers[question]()))
  },
)
process.once('disconnect', () => process.exit())
