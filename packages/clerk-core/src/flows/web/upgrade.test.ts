import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createClerk } from '../../create-clerk.js'
import { ConfigurationError } from '../../ground/errors.js'
import { authenticateUpgrade, type UpgradeOptions } from './upgrade.js'

const clerk = createClerk({
  issuer: 'https://clerk.test',
  jwksUrl: 'https://clerk.test/jwks',
  authorizedParties: 'any',
})
const upgrade = (options?: UpgradeOptions) =>
  authenticateUpgrade(clerk, new IncomingMessage(new Socket()), options)

describe('a requirement opens no connection', () => {
  test.each<[string, unknown]>([
    ['with an unknown key', { roles: 'admin' }],
    ['that came out undefined', undefined],
    ['that is null', null],
    ['that is a promise', Promise.resolve({ role: 'admin' })],
    ['that is an empty list', []],
  ])('%s', async (_name, requirement) => {
    await expect(upgrade({ requirement: requirement as object })).rejects.toThrow(ConfigurationError)
  })

  test('that is changed while the connection is authenticated', async () => {
    const requirement: { role?: string; local: 'allow' } = { role: 'admin', local: 'allow' }
    const opening = upgrade({ requirement: requirement as { role: string }, localUser: { id: 7 } })
    delete requirement.role
    expect((await opening).denial).toMatchObject({ status: 403 })
  })
})

test('without a requirement a user signed in at Clerk may connect', async () => {
  expect((await upgrade()).denial).toMatchObject({ status: 401 })
  expect((await upgrade({ localUser: { id: 7 } })).denial).toMatchObject({ status: 403 })
  expect((await upgrade({ requirement: { role: 'admin' } })).denial).toMatchObject({ status: 401 })
})

test.each([[[]], [{}], [''], [0], [false]])('the local user %j is none', async (localUser) => {
  const { auth, denial } = await upgrade({ localUser, requirement: { local: 'allow' } })
  expect([auth.kind, denial?.status]).toEqual(['anonymous', 401])
})
