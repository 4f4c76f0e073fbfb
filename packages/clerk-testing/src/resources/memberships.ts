import { type ApiCall, action } from '../server/api.js'
import type { Fields } from '../server/check.js'
import { BackendError, notFound } from '../server/errors.js'
import { newId } from './ids.js'
import { type Instance, type StoredMembership, touch } from './instance.js'
import type { MembershipJSON, Metadata, OrganizationJSON, UserJSON } from './json.js'
import { answerList, order, type Reads, timeTests } from './lists.js'
import { changeMetadata } from './metadata.js'
import { getOrganization } from './organizations.js'
import { knownRole, permissionsOf, roleName } from './roles.js'
import { identifierOf, userReads, userTests } from './user-list.js'

export function membershipJson(instance: Instance, stored: StoredMembership): MembershipJSON {
  const organization = instance.state.organizations.get(stored.organization_id)
  const user = instance.state.users.get(stored.user_id)
  if (!organization || !user) throw notFound('organization membership')
  const { organization_id: _, user_id: __, ...rest } = stored
  return {
    ...rest,
    role_name: roleName(instance, stored.role),
    permissions: permissionsOf(instance, stored.role),
    organization,
    public_user_data: {
      user_id: user.id,
      identifier: identifierOf(user),
      first_name: user.first_name,
      last_name: user.last_name,
      profile_image_url: user.profile_image_url,
      image_url: user.image_url,
      has_image: user.has_image,
      username: user.username,
      banned: user.banned,
    },
  }
}

type Joined = { stored: StoredMembership; user: UserJSON }

const reads: Reads<Joined> = {
  created_at: ({ stored }) => stored.created_at,
  first_name: ({ user }) => user.first_name,
  last_name: ({ user }) => user.last_name,
  username: ({ user }) => user.username,
  email_address: ({ user }) => userReads.email_address?.(user),
  phone_number: ({ user }) => userReads.phone_number?.(user),
}

/** Memberships of one organisation, or of the whole instance. */
function list(call: ApiCall<Fields, Fields & { role?: string[] }>, organizationId?: string): unknown {
  const { instance, query } = call
  const { role, ...ofUser } = query
  const tests = userTests(instance, ofUser)
  const times = timeTests<Joined>(query, ({ stored, user }, field) =>
    field === 'created_at' ? stored.created_at : user.last_active_at,
  )
  const joined: Joined[] = []
  for (const stored of instance.state.memberships.values()) {
    const user = instance.state.users.get(stored.user_id)
    if (!user || (organizationId !== undefined && stored.organization_id !== organizationId)) continue
    if (role && role.length > 0 && !role.includes(stored.role)) continue
    const entry = { stored, user }
    if (tests.every((test) => test(user)) && times.every((test) => test(entry))) joined.push(entry)
  }
  return answerList(call, order(joined, call, reads), ({ stored }) => membershipJson(instance, stored))
}

export function findMembership(
  { state }: Instance,
  organizationId: string,
  userId: string,
): StoredMembership {
  for (const membership of state.memberships.values()) {
    if (membership.organization_id === organizationId && membership.user_id === userId) return membership
  }
  throw notFound('organization membership')
}

interface NewMembership {
  user_id: string
  role: string
  public_metadata?: Metadata | null
  private_metadata?: Metadata | null
}

export const alreadyMember = () =>
  new BackendError(400, 'already_a_member_in_organization', 'already a member', {
    longMessage: 'The user is already a member of the organization.',
  })

export const membersOf = ({ state }: Instance, organizationId: string): StoredMembership[] =>
  [...state.memberships.values()].filter(({ organization_id }) => organization_id === organizationId)

/** @throws {BackendError} 403 for an organisation that is full */
export function assertRoom(
  instance: Instance,
  { id, max_allowed_memberships: most }: OrganizationJSON,
): void {
  const { length: members } = membersOf(instance, id)
  // Clerk counts 0 as "no limit".
  if (most === 0 || members < most) return
  throw new BackendError(403, 'organization_membership_quota_exceeded', 'membership quota exceeded', {
    longMessage: `The organization already has ${members} members, as many as it may have.`,
  })
}

export function createMembership(
  instance: Instance,
  organizationId: string,
  given: NewMembership,
): MembershipJSON {
  const organization = getOrganization(instance, organizationId)
  if (!instance.state.users.has(given.user_id)) throw notFound('user')
  const members = membersOf(instance, organization.id)
  if (members.some(({ user_id }) => user_id === given.user_id)) throw alreadyMember()
  assertRoom(instance, organization)
  const now = instance.now()
  const stored: StoredMembership = {
    id: newId('orgmem'),
    object: 'organization_membership',
    organization_id: organization.id,
    user_id: given.user_id,
    role: knownRole(instance, given.role),
    public_metadata: given.public_metadata ?? {},
    private_metadata: given.private_metadata ?? {},
    created_at: now,
    updated_at: now,
  }
  instance.state.memberships.set(stored.id, stored)
  const membership = membershipJson(instance, stored)
  instance.emit('organizationMembership.created', membership)
  return membership
}

export function removeMembershipsOf(instance: Instance, userId: string): void {
  for (const membership of [...instance.state.memberships.values()]) {
    if (membership.user_id === userId) remove(instance, membership)
  }
}

export function removeMembershipsIn(instance: Instance, organizationId: string): void {
  for (const membership of [...instance.state.memberships.values()]) {
    if (membership.organization_id === organizationId) remove(instance, membership)
  }
}

/** Gives members another role, of one role set's organisations or of all. */
export function changeRoles(
  instance: Instance,
  replacement: (role: string) => string | undefined,
  roleSetKey?: string,
): void {
  for (const membership of instance.state.memberships.values()) {
    const set = instance.state.organizations.get(membership.organization_id)?.role_set_key
    const role = roleSetKey === undefined || set === roleSetKey ? replacement(membership.role) : undefined
    if (role === undefined || role === membership.role) continue
    membership.role = knownRole(instance, role)
    changed(instance, membership)
  }
}

/** The whole membership, as it was: what Clerk's event carries. */
function remove(instance: Instance, stored: StoredMembership): MembershipJSON {
  const membership = membershipJson(instance, stored)
  instance.state.memberships.delete(stored.id)
  for (const session of instance.state.sessions.values()) {
    if (
      session.user_id === stored.user_id &&
      session.last_active_organization_id === stored.organization_id
    ) {
      session.last_active_organization_id = null
      touch(instance, session)
    }
  }
  instance.emit('organizationMembership.deleted', membership)
  return membership
}

function changed(instance: Instance, stored: StoredMembership): MembershipJSON {
  touch(instance, stored)
  const membership = membershipJson(instance, stored)
  instance.emit('organizationMembership.updated', membership)
  return membership
}

const target = ({ instance, path }: ApiCall<never>) =>
  findMembership(instance, getOrganization(instance, path.organization_id ?? '').id, path.user_id ?? '')

export const membershipOperations = [
  action('ListOrganizationMemberships', (call) =>
    list(call, getOrganization(call.instance, call.path.organization_id ?? '').id),
  ),
  action('InstanceGetOrganizationMemberships', (call) => list(call)),
  action<NewMembership>('CreateOrganizationMembership', ({ instance, path, body }) =>
    createMembership(instance, path.organization_id ?? '', body),
  ),
  action<{ role: string }>('UpdateOrganizationMembership', (call) => {
    const stored = target(call as ApiCall<never>)
    stored.role = knownRole(call.instance, call.body.role)
    return changed(call.instance, stored)
  }),
  action<{ public_metadata?: Metadata; private_metadata?: Metadata }>(
    'UpdateOrganizationMembershipMetadata',
    (call) => {
      const stored = target(call as ApiCall<never>)
      changeMetadata(stored, call.body, ['public_metadata', 'private_metadata'], 'merge')
      return changed(call.instance, stored)
    },
  ),
  action<never>('DeleteOrganizationMembership', (call) => remove(call.instance, target(call))),
]
