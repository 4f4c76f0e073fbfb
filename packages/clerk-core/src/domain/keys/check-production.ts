import type { CodesIn } from '../../ground/codes.js'
import type { Problems } from '../../ground/options/problems.js'
import { isLoopback } from '../../ground/options/values.js'
import type { ResolvedKeys } from './configured-keys.js'

/** As Node's ecosystem understands it: set for a process that serves real users. */
const inProduction = () => process.env.NODE_ENV === 'production'

/**
 * Keys that do not belong into production. Those of an offline Clerk are told by where they come from: an issuer or a key
 * set on this host. It signs in any user for any client that can reach it, and its data are gone with the process: a
 * problem, unless the application says that it is meant. Keys of a development instance are told as a warning: staging
 * runs with them too.
 */
export function checkProduction(
  { keys, issuer, secretKey, publishableKey }: ResolvedKeys,
  allowOfflineClerk: boolean,
  problems: Problems,
): readonly ProductionWarning[] {
  if (!inProduction()) return []
  const sources = [issuer, keys?.kind === 'jwks' ? keys.url : null]
  if (sources.some((url) => url !== null && isLoopback(new URL(url).hostname))) {
    if (allowOfflineClerk) return []
    problems.add(
      'publishableKey',
      'or another source of keys belongs to an offline Clerk on this host, and NODE_ENV is production.',
      'Use the keys of the production instance. Only to test a production build: `allowOfflineClerk: true`.',
    )
    return []
  }
  return [secretKey, publishableKey].some((key) => key !== null && /^.k_test_/.test(key)) ? TEST_KEYS : []
}

/** Told once the logger is known. */
export interface ProductionWarning {
  readonly code: CodesIn<'warning'>
  readonly message: string
}

const TEST_KEYS: readonly ProductionWarning[] = [
  {
    code: 'ACME_CLERK_TEST_KEYS',
    message:
      'NODE_ENV is production, and the keys are of a development instance of Clerk (`pk_test_…`, `sk_test_…`).',
  },
]
