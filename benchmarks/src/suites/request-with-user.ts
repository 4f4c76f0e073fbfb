import { createClerk, memoryStore } from '@acme/clerk-core'
import { compare } from '../measure.js'
import type { Suite } from '../suite.js'
import { APP, createTokenBench } from '../token-bench.js'

/** A signed-in request with its local user and membership from the cache, against the same token without stores. */
export const requestWithUser: Suite = {
  name: 'request-with-user',
  async run({ pick }) {
    const plan = { rounds: pick(21, 1), ops: pick(100_000, 500), concurrency: 1 }
    const { issuer, tokens } = await createTokenBench(100)
    const options = {
      jwtKey: issuer.pem,
      issuer: issuer.issuer,
      authorizedParties: [APP],
      provisioning: 'claims',
    } as const
    const stores = memoryStore()
    let reads = 0
    const { findByClerkId } = stores.users
    stores.users.findByClerkId = (id) => {
      reads++
      return findByClerkId(id)
    }
    // The log of changes is not read during the measurement: that is a cost of pollSeconds, not of a request.
    const withUser = createClerk({ ...options, ...stores, invalidation: { pollSeconds: 3600 } })
    const alone = createClerk(options)
    const headers = tokens.map((token) => ({ authorization: `Bearer ${token}` }))
    for (const clerk of [withUser, alone]) {
      for (const header of headers) {
        const { kind } = await clerk.authenticate(header)
        if (kind !== 'user') throw new Error(`the request is ${kind}`)
      }
    }
    const before = reads
    const results = await compare(
      [
        {
          who: 'with user and membership',
          op: (i) => withUser.authenticateNow(headers[i % headers.length]!),
        },
        { who: 'the token hit alone', op: (i) => alone.authenticateNow(headers[i % headers.length]!) },
      ],
      plan,
    )
    const [ours, tokenHit] = results.map(({ value }) => value) as [number, number]
    const cost = { text: '≤ 1.5× the cost of the token hit alone', met: ours <= 1.5 * tokenHit }
    const queries = { text: 'no store query', met: reads === before, alsoInSmoke: true }
    return [
      {
        what: 'a request with a local user, from cache',
        results,
        targets: [cost, queries],
      },
    ]
  },
}
