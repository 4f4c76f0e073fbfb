import { hash } from 'node:crypto'
import { type Clerk, createClerk, memoryStore } from '@acme/clerk-core'
import type { Setup } from './setup.js'

/** A route without a guard, behind the middleware. */
export const PUBLIC_PATH = '/public'

/** As much data as our record, field by field, for the application that has a session and not this library. */
export const DATA = {
  data: {
    v: 2,
    iss: 'https://clerk.test.example',
    aud: null,
    azp: 'https://app.example.com',
    azpMissing: null,
    sts: 'active',
    sub: 'user_2abcdefghijklmnopqrstuv0',
    sid: 'sess_2abcdefghijklmnopqrstuv0',
    checkedAt: 1_700_000_000,
    asOf: 1_700_000_000,
    tokenAt: 1_700_000_000,
    org: {
      id: 'org_2abcdefghijklmnopqrstuvwxyz',
      role: 'org:admin',
      slug: 'acme',
      per: 'read,manage',
      fpm: '3,1',
      permissions: null,
    },
    pla: 'o:pro',
    fea: 'o:dashboard,o:billing',
    fva: [1, -1],
    act: null,
    claims: null,
  },
}

/** A real configuration: rows, memberships and the log of changes in memory, everything else as it comes. */
export function createBenchClerk({
  publishableKey,
  issuer,
  pem,
  secretKey,
  authorizedParties,
  slowClock = 0,
}: Setup): Clerk {
  return createClerk({
    publishableKey,
    issuer,
    jwtKey: pem,
    secretKey,
    authorizedParties,
    provisioning: 'claims',
    session: { revalidateAfterSeconds: 3600 },
    ...(slowClock > 0 && { now: slowed(slowClock) }),
    ...memoryStore(),
  }) as unknown as Clerk
}

function slowed(rounds: number): () => number {
  return () => {
    for (let i = 0; i < rounds; i++) hash('sha256', 'slow', 'binary')
    return Date.now()
  }
}
