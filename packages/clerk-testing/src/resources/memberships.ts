import { BackendError, invalidParameter, notFound } from '../server/errors.js'
import { parse, record, required, text } from '../server/parameters.js'
import { newId } from './ids.js'
import { type Instance, type Roles, type StoredMembership, touch } from './instance.js'
import type { MembershipJSON } from './json.js'
import { mergeMetadata } from './metadata.js'
import { organizationJson } from './organizations.js'

export const permissionsOf = (roles: Roles, role: string): string[] =>
  Object.hasOwn(roles, role) ? [...(roles[role] ?? [])] : []

export const roleName = (role: string) => {
  const name = role.replace(/^org:/, '').replaceAll('_', ' ')
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** @throws {BackendError} 422 for a role the instance does not have */
export function knownRole({ roles }: Instance, role: string): string {
  if (!Object.hasOwn(roles, role)) throw invalidParameter('role', `one of ${Object.keys(roles).join(', ')}`)
  return role
}

export function membershipJson(instance: Instance, stored: StoredMembership): MembershipJSON {
  const organization = instance.state.organizations.get(stored.organization_id)
  const user = instance.state.users.get(stored.user_id)
  if (!organization || !user) throw notFound('organization membership')
  const email = user.email_addresses.find(({ id }) => id === user.primary_email_address_id)
  const phone = user.phone_numbers.find(({ id }) => id === user.primary_phone_number_id)
  const { organization_id: _, user_id: __, ...rest } = stored
  return {
    ...rest,
    role_name: roleName(stored.role),
    permissions: permissionsOf(instance.roles, stored.role),
    organization: organizationJson(instance, organization),
    public_user_data: {
      user_id: user.id,
      identifier: email?.email_address ?? phone?.phone_number ?? user.username ?? '',
      first_name: user.first_name,
      last_name: user.last_name,
      image_url: user.image_url,
      has_image: user.has_image,
    },
  }
}

function findMembership({ state }: Instance, organizationId: string, userId: string): StoredMembership {
  for (const membership of state.memberships.values()) {
    if (membership.organization_id === organizationId && membership.user_id === userId) return membership
  }
  throw notFound('organization membership')
}

export function createMembership(instance: Instance, organizationId: string, body: unknown): MembershipJSON {
  const given = parse(body, {
    user_id: required(text),
    role: required(text),
    public_metadata: record,
    private_metadata: record,
  })
  const organization = instance.state.organizations.get(organizationId)
  if (!organization) throw notFound('organization')
  if (!instance.state.users.has(given.user_id)) throw notFound('user')
  let members = 0
  for (const membership of instance.state.memberships.values()) {
    if (membership.organization_id !== organizationId) continue
    members += 1
    if (membership.user_id !== given.user_id) continue
    throw new BackendError(400, 'already_a_member_in_organization', 'already a member', {
      longMessage: 'The user is already a member of the organization.',
    })
  }
  if (members >= organization.max_allowed_memberships) {
    throw new BackendError(403, 'organization_membership_quota_exceeded', 'membership quota exceeded', {
      longMessage: `The organization already has ${members} members, as many as it may have.`,
    })
  }
  const now = instance.now()
  const stored: StoredMembership = {
    id: newId('orgmem'),
    object: 'organization_membership',
    organization_id: organizationId,
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

export function updateMembership(
  instance: Instance,
  organizationId: string,
  userId: string,
  body: unknown,
): MembershipJSON {
  const stored = findMembership(instance, organizationId, userId)
  const { role } = parse(body, { role: required(text) })
  stored.role = knownRole(instance, role)
  return changed(instance, stored)
}

export function changeMembershipMetadata(
  instance: Instance,
  organizationId: string,
  userId: string,
  body: unknown,
): MembershipJSON {
  const stored = findMembership(instance, organizationId, userId)
  const given = parse(body, { public_metadata: record, private_metadata: record })
  if (given.public_metadata)
    stored.public_metadata = mergeMetadata(stored.public_metadata, given.public_metadata)
  if (given.private_metadata)
    stored.private_metadata = mergeMetadata(stored.private_metadata, given.private_metadata)
  return changed(instance, stored)
}

/** The whole membership, as it was: what Clerk's event carries. */
export function deleteMembership(instance: Instance, organizationId: string, userId: string): MembershipJSON {
  return remove(instance, findMembership(instance, organizationId, userId))
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
