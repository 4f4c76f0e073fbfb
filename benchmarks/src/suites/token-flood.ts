import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClerk } from '@acme/clerk-core'
import type { TestIssuer } from '@acme/clerk-testing'
import { verifyToken } from '@clerk/backend'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import type { Row, Suite } from '../suite.js'
import { APP, createTokenBench, SECRET_KEY } from '../token-bench.js'

type Verify = (token: string) => Promise<unknown>

/** Fetches of the key set under load: 1000 requests at a cold start, 1000 invented key ids. */
export const tokenFlood: Suite = {
  name: 'token-flood',
  async run({ pick }) {
    const { issuer, tokens } = await createTokenBench(pick(1000, 50))
    const endpoint = await serveKeys(issuer)
    let now = Date.now()
    // A new peer has nothing cached; @clerk/backend keeps its keys for the whole process, by secret key.
    let clients = 0
    const make: Record<string, () => Verify> = {
      'clerk-core': () => {
        const clerk = createClerk({
          jwksUrl: `${endpoint.url}/v1/jwks`,
          issuer: issuer.issuer,
          authorizedParties: [APP],
          now: () => now,
        })
        return (token) => clerk.verifyToken(token)
      },
      'jose createRemoteJWKSet': () => {
        const keys = createRemoteJWKSet(new URL(`${endpoint.url}/v1/jwks`))
        return (token) => jwtVerify(token, keys)
      },
      '@clerk/backend': () => {
        const options = {
          secretKey: `${SECRET_KEY}${clients++}`,
          apiUrl: endpoint.url,
          authorizedParties: [APP],
        }
        return (token) => verifyToken(token, options)
      },
    }
    const forged = await Promise.all(
      tokens.map((_, i) => issuer.sign({ iss: issuer.issuer, sub: 'x' }, { kid: `ins_forged_${i}` })),
    )
    const cold: Row['results'][number][] = []
    const flood: Row['results'][number][] = []
    for (const [who, create] of Object.entries(make)) {
      const verify = create()
      const accepted = await fetchesOf(() => Promise.all(tokens.map(verify)))
      cold.push({ who, value: accepted, unit: 'fetches' })
      const refused = await fetchesOf(() => Promise.allSettled(forged.map(verify)))
      flood.push({ who, value: refused, unit: 'fetches' })
    }
    const ours = make['clerk-core']?.() as Verify
    await ours(tokens[0] ?? '')
    // Each window of 10 s allows one fetch; the clock is ours.
    const perWindow: number[] = []
    for (let window = 0; window < 3; window++) {
      now += 10_000
      perWindow.push(await fetchesOf(() => Promise.allSettled(forged.map(ours))))
    }
    await endpoint.stop()
    return [
      {
        what: `${tokens.length} concurrent requests at a cold start`,
        results: cold,
        targets: [{ text: '1 fetch', met: cold[0]?.value === 1, alsoInSmoke: true }],
      },
      {
        what: `${forged.length} forged key ids, right after`,
        results: flood,
        targets: [
          {
            text: `at most 1 fetch per 10 s (three windows: ${perWindow.join(', ')})`,
            met: (flood[0]?.value ?? 9) <= 1 && perWindow.every((fetches) => fetches <= 1),
            alsoInSmoke: true,
          },
        ],
      },
    ]

    async function fetchesOf(run: () => Promise<unknown>): Promise<number> {
      const before = endpoint.requests()
      await run()
      return endpoint.requests() - before
    }
  },
}

async function serveKeys(issuer: TestIssuer) {
  let requests = 0
  const server = createServer((_request, response) => {
    requests++
    response.setHeader('content-type', 'application/json').end(JSON.stringify(issuer.jwks()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
