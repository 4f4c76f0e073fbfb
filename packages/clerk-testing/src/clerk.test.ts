import { createClerkClient, verifyToken } from '@clerk/backend'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OfflineClerk, startClerk } from './index.js'

let clerk: OfflineClerk
beforeAll(async () => {
  clerk = await startClerk()
})
afterAll(() => clerk.stop())

test('the official client creates a user, opens a session and verifies its token', async () => {
  const client = createClerkClient({
    secretKey: clerk.secretKey,
    publishableKey: clerk.publishableKey,
    apiUrl: clerk.url,
  })
  const user = await client.users.createUser({
    emailAddress: ['ada+clerk_test@example.com'],
    firstName: 'Ada',
  })
  expect(user.primaryEmailAddress?.verification?.status).toBe('verified')
  const session = await client.sessions.createSession({ userId: user.id })
  const { jwt } = await client.sessions.getToken(session.id)
  const claims = await verifyToken(jwt, { secretKey: clerk.secretKey, apiUrl: clerk.url })
  expect(claims).toMatchObject({ sub: user.id, sid: session.id, iss: clerk.issuer })
  expect(claims.azp).toBeUndefined()
})
