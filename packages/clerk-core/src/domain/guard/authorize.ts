import type { Auth, LocalAuth, MachineAuth, UserAuth } from '../auth/auth.js'
import { observerOf } from '../auth/auth-json.js'
import {
  DENIALS,
  insufficientScope,
  reverificationRequired,
  TOKEN_REFUSED,
  UNAUTHENTICATED,
  unavailable,
} from './denials.js'
import type { Denial, Requirement } from './requirement.js'
import {
  type CheckedRequirement,
  checkedRequirementOf,
  type RequirementArgument,
} from './validate-requirement.js'

type Authenticated = UserAuth | MachineAuth | LocalAuth

/**
 * Decides whether a request may pass. `null` lets it; a {@link Denial} says what to answer. The only place where access
 * is decided: adapters render what it returns. Whatever it does not recognise is denied.
 *
 * @param requirement default: any user signed in at Clerk
 * @throws {ConfigurationError} for a requirement that no guard could be made of
 */
export function authorize<A extends Auth>(auth: A, ...requirement: RequirementArgument<A>): Denial | null
export function authorize(auth: Auth, ...given: RequirementArgument): Denial | null {
  const requirement = checkedRequirementOf(given)
  switch (auth.kind) {
    case 'unavailable':
      return unavailable(auth.retryAfterSeconds)
    case 'anonymous':
      return auth.tokenRefused ? TOKEN_REFUSED : UNAUTHENTICATED
    case 'user':
      // As anonymous as where `allowPending` is off.
      if (auth.sessionStatus !== 'active' && requirement.pending !== 'allow')
        return auth.source === 'token' ? TOKEN_REFUSED : UNAUTHENTICATED
      if (auth.organizationMismatch) return DENIALS['organization-mismatch']
      return isForMachines(requirement) ? DENIALS.forbidden : decide(auth, requirement)
    case 'machine':
      if (auth.organizationMismatch) return DENIALS['organization-mismatch']
      if (!acceptsMachine(auth, requirement)) return DENIALS.forbidden
      // As one that was issued for another application: the token is not for this route.
      return isForResource(auth, requirement) ? decide(auth, requirement) : TOKEN_REFUSED
    case 'local':
      return requirement.local === 'allow' && !isForMachines(requirement)
        ? decide(auth, requirement)
        : DENIALS.forbidden
    default:
      // Not an `Auth`: a promise of one that was not awaited, for instance.
      return DENIALS.forbidden
  }
}

/** Only machines may pass. */
function isForMachines({ machine }: CheckedRequirement): boolean {
  return machine !== undefined && machine !== 'allow'
}

function acceptsMachine({ tokenType }: MachineAuth, { machine }: CheckedRequirement): boolean {
  return machine === 'allow' || machine === 'only' || (machine?.includes(tokenType) ?? false)
}

function decide(auth: Authenticated, requirement: CheckedRequirement): Denial | null {
  const { org, rights, predicate, reverification, freshness } = requirement
  if (org === true && !hasOrganization(auth)) return DENIALS['organization-required']
  if (rights !== undefined && auth.has(rights) !== true) return DENIALS.forbidden
  if (auth.kind === 'machine') {
    const denial = scopeDenial(auth, requirement)
    if (denial !== null) return denial
  }
  if (predicate !== undefined && !holds(auth, predicate)) return DENIALS.forbidden
  if (reverification === undefined || freshness === undefined) return null
  // Last: a user who may not pass anyway is not asked to verify again. Programs cannot.
  if (auth.kind !== 'user') return DENIALS.forbidden
  return auth.has(freshness) === true ? null : reverificationRequired(reverification)
}

function hasOrganization(auth: Authenticated): boolean {
  return auth.kind !== 'local' && auth.orgId !== null
}

/** `accept.oauth.resource` was looked at when the token was verified. */
function isForResource({ tokenType, audience }: MachineAuth, { oauth }: CheckedRequirement): boolean {
  return tokenType !== 'oauth' || oauth?.resource === undefined || audience.includes(oauth.resource)
}

/** Binds machines only: a person's permissions are not scopes. */
function scopeDenial(auth: MachineAuth, { scope = [], oauth }: CheckedRequirement): Denial | null {
  const isOAuth = auth.tokenType === 'oauth'
  const needed = isOAuth ? [...scope, ...(oauth?.scopes ?? [])] : scope
  const missing = isOAuth ? auth.missingScopes : []
  if (missing.length === 0 && needed.every((one) => auth.scopes.includes(one))) return null
  return isOAuth ? insufficientScope([...missing, ...needed]) : DENIALS.forbidden
}

function holds(auth: Authenticated, predicate: NonNullable<Requirement['predicate']>): boolean {
  try {
    const result: unknown = predicate(auth)
    // An async predicate denies, and its rejection must not end the process.
    if (result instanceof Promise) result.catch((error: unknown) => tell(auth, error))
    return result === true
  } catch (error) {
    tell(auth, error)
    return false
  }
}

/** The denial says nothing of it: the log of the clerk that made the `Auth` does. */
function tell(auth: Authenticated, error: unknown): void {
  observerOf(auth)?.thrown({ place: 'predicate', error, data: [{ ...auth }] })
}
