import { verify } from 'node:crypto'
import { type Clerk, createClerk } from '@acme/clerk-core'
import { verifyToken } from '@clerk/backend'
import { JwtVerifier } from 'aws-jwt-verify'
import { createVerifier } from 'fast-jwt'
import { importSPKI, jwtVerify } from 'jose'
import { atLeast, compare } from '../measure.js'
import type { Suite } from '../suite.js'
import { APP, createTokenBench, mustAccept } from '../token-bench.js'

/** Tokens not seen before, one at a time and 64 at a time. */
export const tokenMiss: Suite = {
  name: 'token-miss',
  async run({ pick }) {
    const ops = pick(2000, 64)
    const { issuer, key, tokens } = await createTokenBench(ops)
    const { publishableKey, pem } = issuer
    const token = (i: number) => tokens[i % tokens.length] ?? ''

    let ours: Clerk<never, never>
    const fastJwt = createVerifier({ key: pem, cache: false, allowedIss: issuer.issuer })
    const joseKey = await importSPKI(pem, 'RS256')
    const aws = JwtVerifier.create({
      issuer: issuer.issuer,
      audience: null,
      jwksUri: `${issuer.issuer}/.well-known/jwks.json`,
    })
    aws.cacheJwks({ keys: issuer.jwks().keys.map((jwk) => ({ ...jwk })) })

    const candidates = [
      {
        who: 'clerk-core verifyToken',
        // A new one each round: every token is a miss.
        reset: () => {
          ours = createClerk({ publishableKey, jwtKey: pem, authorizedParties: [APP], logger: false })
        },
        op: (i: number) => ours.verifyToken(token(i)),
      },
      { who: 'jose jwtVerify', op: (i: number) => jwtVerify(token(i), joseKey, { issuer: issuer.issuer }) },
      {
        who: '@clerk/backend verifyToken',
        op: (i: number) => verifyToken(token(i), { jwtKey: pem, authorizedParties: [APP] }),
      },
      { who: 'fast-jwt', op: (i: number) => fastJwt(token(i)) },
      { who: 'aws-jwt-verify', op: (i: number) => aws.verifySync(token(i)) },
      {
        who: 'node:crypto RS256 alone',
        op: (i: number) => {
          const dot = token(i).lastIndexOf('.')
          const [input, signature] = [token(i).slice(0, dot), token(i).slice(dot + 1)]
          return verify('sha256', Buffer.from(input), key, Buffer.from(signature, 'base64url'))
        },
      },
    ]
    for (const { who, op, reset } of candidates) {
      await reset?.()
      await mustAccept(who, async () => {
        if ((await op(0)) === false) throw new Error('refused')
      })
    }
    const rows = []
    for (const concurrency of [1, 64]) {
      const results = await compare(candidates, { rounds: pick(15, 1), ops, concurrency })
      rows.push({
        what: `token miss, ${concurrency} at a time`,
        results,
        targets: [
          atLeast(results, 'jose jwtVerify', 0.9),
          atLeast(results, '@clerk/backend verifyToken', 3),
          atLeast(results, 'fast-jwt', 0.9),
          atLeast(results, 'aws-jwt-verify', 0.9),
        ],
      })
    }
    return rows
  },
}
