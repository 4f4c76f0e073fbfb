// An application outside this workspace that runs: consumer.test.ts compiles it to CommonJS, and Jest tests it. It is valid
// JavaScript too, for Babel.

import { createClerk, fromEnv, memoryStore } from '@acme/clerk-core'
import { authOf, clerkMiddleware, requireAuth } from '@acme/clerk-express'
import { startClerk } from '@acme/clerk-testing'
import express from 'express'

/** What a client gets without a token, and with one. */
export async function greetings() {
  const offline = await startClerk()
  const clerk = createClerk(fromEnv(offline.env), {
    ...memoryStore(),
    authorizedParties: ['http://localhost:3000'],
  })
  const app = express()
  app.use(clerkMiddleware(clerk))
  app.get('/', requireAuth(), (req, res) => {
    res.send(`hello ${authOf(req).userId}`)
  })
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${Object(server.address()).port}/`

  const ada = offline.createUser({ firstName: 'Ada' })
  const refused = await fetch(url)
  const greeted = await fetch(url, { headers: await offline.authHeader(ada) })
  const text = (await greeted.text()).replace(ada.id, 'Ada')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await clerk.close()
  await offline.stop()
  return `${refused.status}, ${text}`
}
