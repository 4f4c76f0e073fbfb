import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createClerk } from '@acme/clerk-core'
import { createTestIssuer } from '@acme/clerk-testing'
import type { Suite } from '../suite.js'
import { APP, mintToken } from '../token-bench.js'

/** Ten times as many distinct tokens as the cache has places: what stays is the cache, nothing else. */
export const tokenMemory: Suite = {
  name: 'token-memory',
  async run({ pick }) {
    const places = pick(10_000, 100)
    const distinct = places * 10
    const issuer = await createTestIssuer({ azp: APP })
    const clerk = createClerk({
      publishableKey: issuer.publishableKey,
      jwtKey: issuer.pem,
      authorizedParties: [APP],
      cache: { tokens: places },
    })
    const grown: number[] = []
    const before = heapUsed()
    let next = 0
    for (const upTo of [places, distinct]) {
      while (next < upTo) {
        const batch = await Promise.all(Array.from({ length: 50 }, () => mintToken(issuer, next++)))
        for (const token of batch) await clerk.verifyToken(token)
      }
      grown.push((heapUsed() - before) / 1_048_576)
    }
    const [full = 0, after = 0] = grown
    await clerk.close()
    return [
      {
        what: `memory of ${places} places, after ${distinct} distinct tokens`,
        results: [
          { who: `when full (${places} tokens)`, value: full, unit: 'MB' },
          { who: `after ${distinct} tokens`, value: after, unit: 'MB' },
          { who: 'a place', value: (after * 1_048_576) / places, unit: 'bytes/entry' },
        ],
        targets: [{ text: 'no growth once full (10 % for noise)', met: after <= full * 1.1 + 1 }],
      },
    ]
  },
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  collectGarbage()
  return process.memoryUsage().heapUsed
}
