import type { Revocations } from '../../domain/changes/revocations.js'
import type { MachineVerifier } from '../../domain/machines/machine.js'
import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import type { UserRecord } from '../../domain/store/user.js'
import type { UserDirectory } from '../../domain/users/directory.js'
import type { AuthFactory } from './auth-factory.js'
import type { MadeAuth } from './made-auth.js'
import type { Request } from './request.js'

/** Whom a machine credential speaks for: it ends with its user or organisation, even if Clerk still confirms it. */
export function createMachineAuth(parts: {
  readonly machines: MachineVerifier
  readonly revocations: Revocations
  readonly users: UserDirectory<UserRecord> | null
  readonly organizations: OrganizationDirectory | null
  readonly auths: AuthFactory
}): (request: Request, bearer: string) => Promise<MadeAuth> {
  const { machines, revocations, users, organizations, auths } = parts

  return async (request, bearer) => {
    const result = await machines.verify(bearer)
    request.tokenHash = result.hash
    if (!result.ok) {
      return 'unavailable' in result
        ? auths.unavailable('clerk-unavailable', result.unavailable.retryAfterSeconds)
        : auths.anonymous(request, result.reason)
    }
    const { tokenType, id, subject, scopes, claims } = result.machine
    const userId = subject.startsWith('user_') ? subject : null
    const orgId = subject.startsWith('org_') ? subject : null
    if (userId !== null && revocations.isRevoked(userId, '')) return auths.anonymous(request, 'user-inactive')
    if (orgId !== null && organizations !== null) {
      const organization = await organizations.organizations.get(orgId)
      if (organization?.deletedAt) return auths.anonymous(request, 'machine-credential-revoked')
    }
    const resolved = userId === null || users === null ? null : await users.resolve(userId, null)
    if (resolved?.kind === 'unavailable')
      return auths.unavailable(resolved.reason, resolved.retryAfterSeconds)
    if (resolved?.kind === 'none' && resolved.reason === 'user-inactive')
      return auths.anonymous(request, resolved.reason)
    const user = users === null ? undefined : resolved?.kind === 'user' ? resolved.user : null
    return auths.machine(
      { tokenType, id, subject, scopes, claims, userId, orgId, user },
      { kind: 'machine', credential: bearer, requested: request.requested, until: result.until },
    )
  }
}
