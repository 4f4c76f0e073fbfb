import type { ClerkOptions } from './core.js'

/** The page that talks to the backends: the `azp` of the offline Clerk's tokens. */
export const PAGE = 'http://localhost:3000'

/** Backends that differ in what they accept, and share stores and sessions. */
export const POLICIES = {
  main: {},
  audience: { audience: 'the second backend' },
  parties: { authorizedParties: ['https://other.example'] },
  lenientAzp: { allowMissingAzp: true },
  pending: { allowPending: true },
} as const satisfies Record<string, Partial<ClerkOptions>>

/** The origin of a page that such a backend lists. */
export function pageOf(policy: PolicyName): string {
  const { authorizedParties: [page = PAGE] = [] } = POLICIES[policy] as { authorizedParties?: string[] }
  return page
}

export type PolicyName = keyof typeof POLICIES
