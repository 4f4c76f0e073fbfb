import type { Revocations } from '../../domain/changes/revocations.js'
import type { CachedMachine } from '../../domain/machines/cached-machine.js'
import type { MachineResult, MachineVerifier } from '../../domain/machines/machine.js'
import type { MachineCredential } from '../../domain/machines/machine-types.js'
import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import { requestOrganization } from '../../domain/organizations/request-organization.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { AuthFactory } from './auth-factory.js'
import type { MadeAuth, MadeMachineAuth } from './made-auth.js'
import type { Origin } from './origin.js'
import { ReadyAuth } from './ready-auth.js'
import type { Request } from './request.js'
import type { UserAuthSource } from './user-auth.js'

const NO_ROWS = { user: null, membership: null, organization: null } as const
const NO_SCOPES: readonly string[] = Object.freeze([])

/** The user or organisation that a machine credential speaks for. */
type Subject = Pick<MadeMachineAuth, 'userId' | 'orgId' | 'user'>
type MachineOrigin = Extract<Origin, { kind: 'machine' }>

interface LastAuth {
  readonly auth: MadeMachineAuth
  readonly origin: MachineOrigin
}

/**
 * A machine credential is another way to ask, not a way around: its user is looked up, provisioned and refused as the
 * user of a token is, and `X-Organization-Id` names its own organisation or one that its user is a member of.
 */
export function createMachineAuth(parts: {
  readonly machines: MachineVerifier
  /** Scopes that every OAuth access token must have. */
  readonly requiredScopes: readonly string[]
  readonly revocations: Revocations
  readonly userAuth: Pick<UserAuthSource, 'localRows' | 'madeOf'>
  readonly hasUsers: boolean
  readonly organizations: OrganizationDirectory | null
  readonly auths: AuthFactory
}): (request: Request, bearer: string) => MaybePromise<MadeAuth> {
  const { machines, requiredScopes, revocations, userAuth, organizations, auths } = parts
  const lastAuth = new WeakMap<MachineCredential, LastAuth>()
  const noUser: Subject = { userId: null, orgId: null, user: parts.hasUsers ? null : undefined }

  return (request, bearer) =>
    chain(machines.verify(bearer, request.credentials.clientAddress, request.digest), (result) => {
      request.token = result
      if (result.ok) return ofMachine(request, bearer, result)
      if ('unavailable' in result) {
        const { reason = 'clerk-unavailable', retryAfterSeconds } = result.unavailable
        return auths.unavailable(reason, retryAfterSeconds)
      }
      request.seen = result.seen ?? { type: machines.typeOf(bearer) }
      return auths.anonymous(request, result.reason)
    })

  function ofMachine(
    request: Request,
    bearer: string,
    { machine, until, cached, jwt }: Extract<MachineResult, { ok: true }>,
  ): MaybePromise<MadeAuth> {
    request.cached = cached
    const origin: MachineOrigin = { kind: 'machine', credential: bearer, requested: request.requested, until }
    if (machine.subject.startsWith('user_')) return ofUser(request, machine, origin, jwt)
    if (machine.subject.startsWith('org_')) return ofOrganization(request, machine, origin)
    const auth = made(request, machine, noUser, origin)
    // There is no row in it.
    if (jwt !== undefined) jwt.ready = new ReadyAuth(auth, { ...NO_ROWS, requested: request.requested })
    return auth
  }

  /** The same resolution as of a token: a key passes no check that its user does not. */
  function ofUser(
    request: Request,
    machine: MachineCredential,
    origin: MachineOrigin,
    jwt: CachedMachine | undefined,
  ): MaybePromise<MadeAuth> {
    const userId = machine.subject
    if (revocations.isRevoked(userId, '')) return auths.anonymous(request, 'user-inactive')
    const { requested } = request
    return chain(userAuth.localRows(userId, null, requested), (rows) => {
      if (!('ok' in rows)) return auths.noUser(request, rows)
      request.cached = request.cached && rows.cached
      const { orgId } = requestOrganization({
        requested,
        claimed: null,
        asOfSeconds: 0,
        membership: rows.membership,
        organization: rows.organization,
        heldSince: rows.heldSince,
      })
      const auth = made(request, machine, { userId, orgId, user: rows.user }, origin)
      const of = jwt === undefined ? null : userAuth.madeOf(userId, requested, requested, rows)
      if (jwt !== undefined) jwt.ready = of === null ? null : new ReadyAuth(auth, of)
      return auth
    })
  }

  async function ofOrganization(
    request: Request,
    machine: MachineCredential,
    origin: MachineOrigin,
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

  /** The same credential, row and organisation give the same frozen `Auth`: a program asks again and again. */
  function made(
    { requested, cached }: Request,
    machine: MachineCredential,
    { userId, orgId, user }: Subject,
    origin: MachineOrigin,
  ): MadeMachineAuth {
    const last = lastAuth.get(machine)
    if (
      last !== undefined &&
      last.auth.user === user &&
      last.auth.orgId === orgId &&
      last.origin.requested === requested
    ) {
      last.origin.until = origin.until
      auths.machineAgain(last.auth, cached)
      return last.auth
    }
    const { name, ...credential } = machine
    const isMachine = machine.subject.startsWith('mch_')
    const auth = auths.machine(
      {
        ...credential,
        machine: isMachine ? Object.freeze({ id: machine.subject, name }) : null,
        missingScopes:
          machine.tokenType === 'oauth'
            ? Object.freeze(requiredScopes.filter((scope) => !machine.scopes.includes(scope)))
            : NO_SCOPES,
        userId,
        orgId,
        organizationMismatch: requested !== undefined && requested !== orgId,
        user,
      },
      origin,
      cached,
    )
    lastAuth.set(machine, { auth, origin })
    return auth
  }
}
