import { hash } from 'node:crypto'
import { createClerk } from '@acme/clerk-core'
import { createClerkClient } from '@clerk/backend'
import { createVerifier } from 'fast-jwt'
import { importSPKI, jwtVerify } from 'jose'
import { atLeast, compare } from '../measure.js'
import type { Suite } from '../suite.js'
import { APP, createTokenBench, mustAccept, SECRET_KEY } from '../token-bench.js'

/** The same token again: what nearly every request of a signed-in page is. */
export const tokenHit: Suite = {
  name: 'token-hit',
  async run({ pick }) {
    const { issuer, tokens } = await createTokenBench(1)
    const [token = ''] = tokens
    const { publishableKey, pem } = issuer
    const authorization = `Bearer ${token}`

    const ours = createClerk({ publishableKey, jwtKey: pem, authorizedParties: [APP] })
    const fastJwt = createVerifier({ key: pem, cache: 10_000, allowedIss: issuer.issuer })
    const theirs = createClerkClient({
      publishableKey,
      secretKey: SECRET_KEY,
      jwtKey: pem,
      telemetry: { disabled: true },
    })
    const joseKey = await importSPKI(pem, 'RS256')
    const request = new Request('https://api.example.com/', { headers: { authorization } })
    const authenticateRequest = async () => {
      const { isAuthenticated } = await theirs.authenticateRequest(request, { authorizedParties: [APP] })
      if (!isAuthenticated) throw new Error('signed out')
    }
    await mustAccept('clerk-core', () => ours.verifyToken(token))
    await mustAccept('clerk-core authenticate', async () => {
      if (!(await ours.authenticate({ authorization })).isAuthenticated) throw new Error('signed out')
    })
    await mustAccept('fast-jwt', () => fastJwt(token))
    await mustAccept('@clerk/backend', authenticateRequest)

    const fast = await compare(
      [
        { who: 'clerk-core verifyToken', op: () => ours.verifyToken(token) },
        { who: 'fast-jwt, cache', op: () => fastJwt(token) },
        { who: 'node:crypto SHA-256 alone', op: () => hash('sha256', token, 'base64url') },
      ],
      { rounds: pick(25, 2), ops: pick(20_000, 200), concurrency: 1 },
    )
    const slow = await compare(
      [
        {
          who: 'clerk-core authenticate',
          ops: pick(20_000, 200),
          op: () => ours.authenticate({ authorization }),
        },
        { who: '@clerk/backend authenticateRequest', op: authenticateRequest },
        { who: 'jose jwtVerify', op: () => jwtVerify(token, joseKey, { issuer: issuer.issuer }) },
      ],
      { rounds: pick(15, 2), ops: pick(500, 20), concurrency: 1 },
    )
    await ours.close()
    return [
      { what: 'token hit: claims', results: fast, targets: [atLeast(fast, 'fast-jwt, cache', 2)] },
      {
        what: 'token hit: the whole way to Auth',
        results: slow,
        targets: [atLeast(slow, '@clerk/backend authenticateRequest', 100)],
      },
    ]
  },
}
