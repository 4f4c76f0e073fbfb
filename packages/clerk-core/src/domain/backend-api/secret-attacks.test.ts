import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { startInstance, startOffline } from '../../../testing/authority-harness.js'

test('what a custom fetch throws is not handed on with the secret in it', async () => {
  const offline = await startOffline()
  const secret = offline.secretKey
  const fetch: typeof globalThis.fetch = async (_url, init) => {
    // As clients do that put the whole request into their error.
    throw Object.assign(new Error(`failed with ${JSON.stringify(init?.headers)}`), {
      config: { headers: { authorization: `Bearer ${secret}` } },
    })
  }
  const { clerk } = startInstance(offline, { fetch })
  const error: unknown = await clerk.api.getSession('sess_1').catch((reason: unknown) => reason)
  expect(error).toMatchObject({ name: 'ClerkApiError' })
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret)
})
