import type { Suite } from './suite.js'
import { ban } from './suites/ban.js'
import { coreImport } from './suites/core-import.js'
import { drizzleStoreSuite } from './suites/drizzle-store.js'
import { floors } from './suites/floors.js'
import { machineHit } from './suites/machine-hit.js'
import { mongoImport } from './suites/mongo-import.js'
import { prismaApply } from './suites/prisma-apply.js'
import { prismaImport } from './suites/prisma-import.js'
import { prismaWebhooks } from './suites/prisma-webhooks.js'
import { requestWithUser } from './suites/request-with-user.js'
import { tokenFlood } from './suites/token-flood.js'
import { tokenHit } from './suites/token-hit.js'
import { tokenMemory } from './suites/token-memory.js'
import { tokenMiss } from './suites/token-miss.js'
import { webExpress } from './suites/web-express.js'
import { webFastify } from './suites/web-fastify.js'
import { webHeap } from './suites/web-heap.js'
import { webHono } from './suites/web-hono.js'
import { webKoa } from './suites/web-koa.js'
import { webhooks } from './suites/webhooks.js'

/** Everything that is measured, in this order. A new suite is a file in `suites/` and a line here. */
export const suites: readonly Suite[] = [
  floors,
  tokenHit,
  machineHit,
  tokenMiss,
  tokenFlood,
  tokenMemory,
  coreImport,
  requestWithUser,
  webhooks,
  mongoImport,
  prismaApply,
  prismaWebhooks,
  prismaImport,
  drizzleStoreSuite,
  ban,
  webExpress,
  webKoa,
  webFastify,
  webHono,
  webHeap,
]
