import { createPublicKey, type KeyObject } from 'node:crypto'
import { createTestIssuer, type TestIssuer } from '@acme/clerk-testing'

export const APP = 'https://app.example.com'
export const SECRET_KEY = 'sk_test_benchmarks'

export interface TokenBench {
  readonly issuer: TestIssuer
  readonly key: KeyObject
  /** Distinct session tokens of the size Clerk's have, with an organisation, valid for an hour. */
  readonly tokens: readonly string[]
}

export async function createTokenBench(count: number): Promise<TokenBench> {
  const issuer = await createTestIssuer({ azp: APP })
  const tokens: string[] = []
  for (let i = 0; i < count; i++) tokens.push(await mintToken(issuer, i))
  return { issuer, key: createPublicKey(issuer.pem), tokens }
}

export function mintToken(issuer: TestIssuer, i: number): Promise<string> {
  return issuer.mint(
    {
      sub: `user_2abcdefghijklmnopqrstuv${i}`,
      sid: `sess_2abcdefghijklmnopqrstuv${i}`,
      fva: [1, -1],
      organization: {
        id: 'org_2abcdefghijklmnopqrstuvwxyz',
        slug: 'acme',
        role: 'admin',
        permissions: ['org:dashboard:read', 'org:dashboard:manage', 'org:billing:read'],
      },
      plans: ['o:pro'],
    },
    { ttlSeconds: 3600 },
  )
}

/** A peer that refuses what it is given would win every race. */
export async function mustAccept(who: string, verify: () => unknown): Promise<void> {
  try {
    await verify()
  } catch (error) {
    throw new Error(`${who} does not accept the token`, { cause: error })
  }
}
