import { expect, onTestFinished, test } from 'vitest'
import { startClerk } from './index.js'

test('two secret keys count until one is deleted, and the last one stays', async () => {
  const offline = await startClerk()
  onTestFinished(() => offline.stop())
  const statusWith = async (key: string) =>
    (await fetch(`${offline.url}/v1/users`, { headers: { authorization: `Bearer ${key}` } })).status
  const older = offline.secretKey
  const newer = offline.addSecretKey()
  expect(offline.env['CLERK_SECRET_KEY']).toBe(newer)
  expect([await statusWith(older), await statusWith(newer)]).toEqual([200, 200])
  offline.deleteSecretKey(older)
  expect([await statusWith(older), await statusWith(newer)]).toEqual([401, 200])
  expect(() => offline.deleteSecretKey(older)).toThrow('no such secret key')
  expect(() => offline.deleteSecretKey(newer)).toThrow('The last secret key')
})
