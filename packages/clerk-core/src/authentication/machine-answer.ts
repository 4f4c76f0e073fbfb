import type { Auth } from '../auth.js'
import type { MachineVerifier } from '../machine/machine.js'
import type { OrganizationDirectory } from '../organizations/directory.js'
import type { Revocations } from '../session/revocations.js'
import type { UserDirectory } from '../users/directory.js'
import type { UserRecord } from '../users/user.js'
import type { Answers } from './answers.js'
import type { Request } from './request.js'

/** Who a machine credential speaks for: it dies with its user or organisation, whatever Clerk remembers of it. */
export function createMachineAnswer(parts: {
  readonly machines: MachineVerifier
  readonly revocations: Revocations
  readonly users: UserDirectory<UserRecord> | null
  readonly organizations: OrganizationDirectory | null
  readonly answers: Answers
}): (request: Request, bearer: string) => Promise<Auth> {
  const { machines, revocations, users, organizations, answers } = parts

  return async (request, bearer) => {
    const verdict = await machines.verify(bearer)
    request.tokenHash = verdict.hash
    if (!verdict.ok) {
      return 'unavailable' in verdict
        ? answers.unavailable('clerk-unavailable', verdict.unavailable.retryAfterSeconds)
        : answers.anonymous(request, verdict.reason)
    }
    const { tokenType, id, subject, scopes, claims } = verdict.machine
    const userId = subject.startsWith('user_') ? subject : null
    const orgId = subject.startsWith('org_') ? subject : null
    if (userId !== null && revocations.isRevoked(userId, ''))
      return answers.anonymous(request, 'user-inactive')
    if (orgId !== null && organizations !== null) {
      const organization = await organizations.organizations.get(orgId)
      if (organization?.deletedAt) return answers.anonymous(request, 'machine-credential-revoked')
    }
    const resolved = userId === null || users === null ? null : await users.resolve(userId, null)
    if (resolved?.kind === 'unavailable')
      return answers.unavailable(resolved.reason, resolved.retryAfterSeconds)
    if (resolved?.kind === 'none' && resolved.reason === 'user-inactive')
      return answers.anonymous(request, resolved.reason)
    const user = users === null ? undefined : resolved?.kind === 'user' ? resolved.user : null
    return answers.machine({ tokenType, id, subject, scopes, claims, userId, orgId, user })
  }
}
