import { createClerkClient } from '@clerk/backend'
import { expect, test } from 'vitest'
import { startClerk } from '../index.js'

/** Of Clerk's other services: a keyless application is made by api.clerk.com for a browser that has no account yet. */
const elsewhere = ['__experimental_accountlessApplications']

test('every method of the official client reaches an operation', async () => {
  await using offline = await startClerk()
  const client = createClerkClient({
    secretKey: offline.secretKey,
    machineSecretKey: offline.machineSecretKey,
    apiUrl: offline.url,
  })
  // Arguments of no meaning: what is asked is whether there is a route, not what it answers. The first is an id, or the
  // parameters; a method that wants the other form is called again with it.
  const parameters = new Proxy(
    {},
    {
      get: (_, name) =>
        name === 'toJSON' || typeof name === 'symbol'
          ? undefined
          : name === 'file'
            ? new Blob(['x'])
            : 'some_id',
      ownKeys: () => [],
    },
  )
  const reached = new Set<string>()
  for (const [area, api] of Object.entries(client)) {
    if (elsewhere.includes(area) || typeof api !== 'object' || api === null) continue
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(api)).filter(
      (name) => name !== 'constructor',
    )
    for (const method of methods) {
      const call = (api as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]
      if (typeof call !== 'function' || ['request', 'requireId'].includes(method)) continue
      const before = offline.requests.length
      for (const args of [
        [parameters, parameters],
        ['some_id', parameters],
        ['some_id', 'other_id', 'x'],
      ]) {
        try {
          await call.apply(api, args)
        } catch {
          // A refusal is an answer too.
        }
        if (offline.requests.length > before) break
      }
      if (offline.requests.length > before) reached.add(`${area}.${method}`)
    }
  }
  expect(
    offline.requests.filter(({ route }) => route === null).map(({ method, path }) => `${method} ${path}`),
  ).toEqual([])
  expect(reached.size).toBeGreaterThan(180)
})
