import type { Auth, LocalAuth, MachineAuth, UserAuth } from '../auth/auth.js'
import { DENIALS, reverificationRequired, TOKEN_REFUSED, UNAUTHENTICATED, unavailable } from './denials.js'
import { ANY_USER, type Denial, type HasParams, type Requirement } from './requirement.js'

type Authenticated = UserAuth | MachineAuth | LocalAuth

/** What only a person signed in at Clerk can have, in the order in which it is looked at. */
const PERSONAL = ['role', 'permission', 'feature', 'plan'] as const satisfies readonly (keyof HasParams)[]

/**
 * Decides whether a request may pass. `null` lets it; a {@link Denial} is the response. The only place where access
 * is decided: adapters render what it returns. Never throws.
 *
 * @param requirement default: any user signed in at Clerk
 */
export function authorize<A extends Auth>(auth: A, requirement?: Requirement<A>): Denial | null
export function authorize(auth: Auth, requirement: Requirement = ANY_USER): Denial | null {
  switch (auth.kind) {
    case 'unavailable':
      return unavailable(auth.retryAfterSeconds)
    case 'anonymous':
      return auth.tokenRefused ? TOKEN_REFUSED : UNAUTHENTICATED
    case 'user':
      if (auth.organizationMismatch) return DENIALS['organization-mismatch']
      if (requirement === ANY_USER) return null
      return requirement.machine === 'only' ? DENIALS.forbidden : decide(auth, requirement)
    case 'machine':
      return requirement.machine === undefined ? DENIALS.forbidden : decide(auth, requirement)
    case 'local':
      return requirement.local === undefined || requirement.machine === 'only'
        ? DENIALS.forbidden
        : decide(auth, requirement)
  }
}

function decide(auth: Authenticated, requirement: Requirement): Denial | null {
  if ('org' in requirement && !hasOrganization(auth)) return DENIALS['organization-required']
  // `in`, not a comparison with undefined: a role that came out undefined must not open the route.
  for (const name of PERSONAL) {
    if (name in requirement && !auth.has({ [name]: requirement[name] })) return DENIALS.forbidden
  }
  if ('scope' in requirement && !hasScopes(auth, requirement.scope)) return DENIALS.forbidden
  if ('predicate' in requirement && !holds(auth, requirement.predicate)) return DENIALS.forbidden
  if ('reverification' in requirement) return reverify(auth, requirement.reverification)
  return null
}

function hasOrganization(auth: Authenticated): boolean {
  return auth.kind !== 'local' && auth.orgId !== null
}

/** Binds machines only: a person's permissions are not scopes. */
function hasScopes(auth: Authenticated, scope: Requirement['scope']): boolean {
  if (auth.kind !== 'machine') return true
  if (scope === undefined) return false
  return (typeof scope === 'string' ? [scope] : scope).every((one) => auth.scopes.includes(one))
}

function holds(auth: Authenticated, predicate: Requirement['predicate']): boolean {
  try {
    const result: unknown = predicate?.(auth)
    // An async predicate denies, and its rejection must not end the process.
    if (result instanceof Promise) result.catch(() => {})
    return result === true
  } catch {
    return false
  }
}

/** Last: a user who may not pass anyway is not asked to verify again. Programs cannot. */
function reverify(auth: Authenticated, reverification: Requirement['reverification']): Denial | null {
  if (auth.kind !== 'user' || reverification === undefined) return DENIALS.forbidden
  return auth.has({ reverification }) ? null : reverificationRequired(reverification)
}
