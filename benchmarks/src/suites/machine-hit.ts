import { createClerk } from '@acme/clerk-core'
import { atLeast, compare } from '../measure.js'
import type { Suite } from '../suite.js'
import { APP, createTokenBench, mustAccept } from '../token-bench.js'

const MACHINE = 'mch_2abcdefghijklmnopqrstuvwxyz'
const RESOURCE = 'https://mcp.example.com/mcp'

/** The same JWT of a machine again, against the same session token again. */
export const machineHit: Suite = {
  name: 'machine-hit',
  async run({ pick }) {
    const { issuer, tokens } = await createTokenBench(1)
    const [session = ''] = tokens
    const iat = Math.floor(Date.now() / 1000)
    const oauth = issuer.signRaw(
      JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid: issuer.kid }),
      JSON.stringify({
        iss: issuer.issuer,
        sub: 'user_2abcdefghijklmnopqrstuvwxyz',
        aud: RESOURCE,
        client_id: 'client_2abcdefghijklmnop',
        jti: 'oat_2abcdefghijklmnopqrstuvwxyz',
        iat,
        exp: iat + 3600,
        scope: 'profile email notes:read notes:write',
      }),
    )
    const m2m = await issuer.mintM2M(
      { sub: 'mch_2zyxwvutsrqponmlkjihgfedcba', jti: 'mt_2abcdefghijklmnop', scopes: MACHINE },
      { ttlSeconds: 3600 },
    )
    const clerk = createClerk({
      publishableKey: issuer.publishableKey,
      jwtKey: issuer.pem,
      authorizedParties: [APP],
      machineId: MACHINE,
      accept: { m2m: 'jwt', oauth: { form: 'jwt', resource: RESOURCE } },
    })
    const candidate = (who: string, token: string) => {
      const authorization = `Bearer ${token}`
      return { who, op: () => clerk.authenticate({ authorization }) }
    }
    const candidates = {
      session: candidate('session token', session),
      oauth: candidate('OAuth JWT', oauth),
      m2m: candidate('M2M JWT', m2m),
    }
    for (const { who, op } of Object.values(candidates))
      await mustAccept(who, async () => {
        if (!(await op()).isAuthenticated) throw new Error('anonymous')
      })
    const against = (ours: (typeof candidates)['oauth']) =>
      compare([ours, candidates.session], { rounds: pick(25, 2), ops: pick(20_000, 200), concurrency: 1 })
    const ofOAuth = await against(candidates.oauth)
    const ofM2M = await against(candidates.m2m)
    await clerk.close()
    return [
      { what: 'OAuth JWT hit', results: ofOAuth, targets: [atLeast(ofOAuth, 'session token', 0.95)] },
      { what: 'M2M JWT hit', results: ofM2M, targets: [atLeast(ofM2M, 'session token', 0.95)] },
    ]
  },
}
