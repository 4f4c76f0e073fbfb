import type { Auth } from '../../domain/auth/auth.js'
import { authorize } from '../../domain/guard/authorize.js'
import type { Narrowing } from '../../domain/guard/authorized.js'
import { requirementOf } from '../../domain/guard/validate-requirement.js'
import { ConfigurationError } from '../../ground/errors.js'
import type { AnyAuth } from './any-clerk.js'
import { DeniedError } from './denied-error.js'
import { withMetadata } from './protected-resource.js'

const NAMES: ReadonlySet<string> = new Set<keyof Narrowing>(['org', 'machine', 'local', 'pending'])

/** The `Auth`, if a guard with this requirement would let it pass. @throws {DeniedError} */
export function narrow(
  auth: AnyAuth,
  given: readonly [] | readonly [Narrowing],
  clerk: object,
  onDenied?: (error: DeniedError) => void,
): AnyAuth {
  const denial =
    given.length === 0 ? authorize(auth as Auth) : authorize(auth as Auth, checkedNarrowing(given))
  if (denial === null) return auth
  const [narrowing = {}] = given
  const error = new DeniedError(withMetadata(denial, narrowing, clerk, () => null))
  onDenied?.(error)
  throw error
}

/** A right in it would look like a guard, and a connection that the request opens would not be held to it. */
function checkedNarrowing(given: readonly [Narrowing]): Narrowing {
  const narrowing = requirementOf(given)
  const others = Object.keys(narrowing).filter((name) => !NAMES.has(name))
  if (others.length === 0) return narrowing
  throw new ConfigurationError(
    others.map((name) => ({
      option: name,
      message: 'is not what an auth can be narrowed by.',
      remedy: `Give it to requireAuth; here only ${[...NAMES].join(', ')} count.`,
    })),
  )
}
