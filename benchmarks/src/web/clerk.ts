import { type Clerk, createClerk, memoryStore } from '@acme/clerk-core'
import type { Setup } from './setup.js'

/** A route without a guard, behind the middleware. */
export const PUBLIC_PATH = '/public'

/** As much data as our record, for the application that has a session and not this library. */
export const DATA = {
  data: {
    v: 1,
    instance: 'https://clerk.test.example',
    sub: 'user_2abcdefghijklmnopqrstuv0',
    sid: 'sess_2abcdefghijklmnopqrstuv0',
    checkedAt: 1_700_000_000,
    asOf: 1_700_000_000,
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
  },
}

/** A real configuration: rows, memberships and the log of changes in memory, everything else as it comes. */
export function createBenchClerk({
  publishableKey,
  issuer,
  pem,
  secretKey,
  authorizedParties,
}: Setup): Clerk {
  return createClerk({
    publishableKey,
    issuer,
    jwtKey: pem,
    secretKey,
    authorizedParties,
    provisioning: 'claims',
    session: { revalidateAfterSeconds: 3600 },
    ...memoryStore(),
  }) as unknown as Clerk
}
