import { createTestIssuer } from '@acme/clerk-testing'
import { createClerkClient } from '@clerk/backend'
import { signedInAuthObject } from '@clerk/backend/internal'
import { expect, test } from 'vitest'
import { createClerk } from '../../create-clerk.js'

const APP = 'https://app.example.com'

async function setUp() {
  const issuer = await createTestIssuer({ azp: APP })
  const { publishableKey, pem: jwtKey } = issuer
  const ours = createClerk({ jwtKey, publishableKey, authorizedParties: [APP] })
  const theirs = createClerkClient({
    secretKey: 'sk_test_aaaaaaaaaaaaaaaaaaaa',
    publishableKey,
    telemetry: { disabled: true },
  })
  const asThere = async (authorization: string) => {
    const request = new Request(`${APP}/`, { headers: { authorization } })
    return (await theirs.authenticateRequest(request, { jwtKey, authorizedParties: [APP] })).isAuthenticated
  }
  const asHere = async (authorization: string) => (await ours.authenticate({ authorization })).isAuthenticated
  return { issuer, ours, asHere, asThere }
}

test('a bearer token is read as theirs reads it, and with a tab or another case of the scheme too', async () => {
  const { issuer, asHere, asThere } = await setUp()
  const token = await issuer.mint({ sub: 'user_1', sid: 'sess_1' })
  for (const header of [`Bearer ${token}`, token, `Basic ${token}`, `${token.slice(0, -2)}`, 'Bearer']) {
    expect([header, await asHere(header)]).toEqual([header, await asThere(header)])
  }
  for (const header of [`bearer ${token}`, `Bearer\t${token}`]) {
    expect([await asHere(header), await asThere(header)]).toEqual([true, false])
  }
})

test('without an organisation no plan of an organisation counts; theirs takes the word of the claim', async () => {
  const { issuer, ours } = await setUp()
  const token = await issuer.mint({ sub: 'user_1', sid: 'sess_1', v: 2, pla: 'uo:b', fea: 'uo:f' } as never)
  const auth = await ours.authenticate({ authorization: `Bearer ${token}` })
  if (auth.kind !== 'user') throw new Error(auth.kind)
  const theirs = signedInAuthObject({} as never, token, auth.claims as never)
  for (const asked of [
    { plan: 'b' },
    { plan: 'u:b' },
    { feature: 'f' },
    { feature: 'user:f' },
    { plan: 'c' },
  ]) {
    expect([asked, auth.has(asked)]).toEqual([asked, theirs.has(asked as never)])
  }
  for (const asked of [{ plan: 'o:b' }, { feature: 'org:f' }]) {
    expect([auth.has(asked), theirs.has(asked as never)]).toEqual([false, true])
  }
})
