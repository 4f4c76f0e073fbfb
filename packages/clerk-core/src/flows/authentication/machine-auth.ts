import type { Revocations } from '../../domain/changes/revocations.js'
import type { MachineVerifier } from '../../domain/machines/machine.js'
import type { MachineCredential } from '../../domain/machines/machine-types.js'
import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import { requestOrganization } from '../../domain/organizations/request-organization.js'
import type { AuthFactory } from './auth-factory.js'
import type { MadeAuth, MadeMachineAuth } from './made-auth.js'
import type { Origin } from './origin.js'
import type { Request } from './request.js'
import type { UserAuthSource } from './user-auth.js'

/** The user or organisation that a machine credential speaks for. */
type Subject = Pick<MadeMachineAuth, 'userId' | 'orgId' | 'user'>

/**
 * A machine credential is another way to ask, not a way around: its user is looked up, provisioned and refused as the
 * user of a token is, and `X-Organization-Id` names its own organisation or one that its user is a member of.
 */
export function createMachineAuth(parts: {
  readonly machines: MachineVerifier
  readonly revocations: Revocations
  readonly userAuth: Pick<UserAuthSource, 'localRows'>
  readonly hasUsers: boolean
  readonly organizations: OrganizationDirectory | null
  readonly auths: AuthFactory
}): (request: Request, bearer: string) => Promise<MadeAuth> {
  const { machines, revocations, userAuth, organizations, auths } = parts
  const noUser: Subject = { userId: null, orgId: null, user: parts.hasUsers ? null : undefined }

  return async (request, bearer) => {
    const result = await machines.verify(bearer, request.credentials.clientAddress)
    request.token = result
    if (!result.ok) {
      return 'unavailable' in result
        ? auths.unavailable('clerk-unavailable', result.unavailable.retryAfterSeconds)
        : auths.anonymous(ofType(request, bearer), result.reason)
    }
    const { machine, until } = result
    request.cached = result.cached
    const origin: Origin = { kind: 'machine', credential: bearer, requested: request.requested, until }
    if (machine.subject.startsWith('user_')) return ofUser(request, machine, origin)
    if (machine.subject.startsWith('org_')) return ofOrganization(request, machine, origin)
    return made(request, machine, noUser, origin)
  }

  /** What may be told of a machine credential. */
  function ofType(request: Request, bearer: string): Request {
    request.seen = { type: machines.typeOf(bearer) }
    return request
  }

  /** The same resolution as of a token: a key passes no check that its user does not. */
  async function ofUser(request: Request, machine: MachineCredential, origin: Origin): Promise<MadeAuth> {
    const userId = machine.subject
    if (revocations.isRevoked(userId, '')) return auths.anonymous(request, 'user-inactive')
    const rows = await userAuth.localRows(userId, null, request.requested)
    if (!('ok' in rows)) return auths.noUser(request, rows)
    request.cached = request.cached && rows.cached
    const { requested } = request
    const { orgId } = requestOrganization({
      requested,
      claimed: null,
      asOfSeconds: 0,
      membership: rows.membership,
      organization: rows.organization,
      heldSince: rows.heldSince,
    })
    return made(request, machine, { userId, orgId, user: rows.user }, origin)
  }

  async function ofOrganization(
    request: Request,
    machine: MachineCredential,
    origin: Origin,
  ): Promise<MadeAuth> {
    const orgId = machine.subject
    const organization = await organizations?.organizations.get(orgId)
    if (organizations !== null) request.cached = false
    if (organization?.deletedAt || organizations?.isHeld(orgId, organization ?? null))
      return auths.anonymous(request, 'machine-credential-revoked')
    const { requested } = request
    const own = requested === undefined || requested === orgId
    return made(request, machine, { ...noUser, orgId: own ? orgId : null }, origin)
  }

  function made(
    { requested, cached }: Request,
    { tokenType, id, subject, scopes, claims }: MachineCredential,
    { userId, orgId, user }: Subject,
    origin: Origin,
  ): MadeAuth {
    const organizationMismatch = requested !== undefined && requested !== orgId
    return auths.machine(
      { tokenType, id, subject, scopes, claims, userId, orgId, organizationMismatch, user },
      origin,
      cached,
    )
  }
}
