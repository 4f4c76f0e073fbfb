import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { createClerk } from '../../create-clerk.js'
import { ConfigurationError } from '../../ground/errors.js'
import { authenticateUpgrade } from './upgrade.js'

test('a requirement with an unknown key opens no connection', async () => {
  const clerk = createClerk({
    issuer: 'https://clerk.test',
    jwksUrl: 'https://clerk.test/jwks',
    authorizedParties: 'any',
  })
  const request = new IncomingMessage(new Socket())
  const misspelt = { roles: 'admin' } as object
  await expect(authenticateUpgrade(clerk, request, { requirement: misspelt })).rejects.toThrow(
    ConfigurationError,
  )
  const { denial } = await authenticateUpgrade(clerk, request, { requirement: { role: 'admin' } })
  expect(denial).toMatchObject({ status: 401 })
})
