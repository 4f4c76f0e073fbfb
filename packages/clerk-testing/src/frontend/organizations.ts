import type { Instance, StoredMembership } from '../resources/instance.js'
import type { OrganizationInvitationJSON, OrganizationJSON, UserJSON } from '../resources/json.js'
import { findMembership, membersOf } from '../resources/memberships.js'
import { acceptOrganizationInvitation } from '../resources/organization-invitations.js'
import { getOrganization } from '../resources/organizations.js'
import { permissionsOf } from '../resources/roles.js'
import { matches } from '../resources/user-list.js'
import { BackendError, notFound } from '../server/errors.js'
import { invitationJson, memberJson, organizationJson } from './json.js'
import { among, pageOf, paging } from './lists.js'
import { own, parameter, type SignedInCall } from './operation.js'

const { text, list } = parameter

/** What a member needs to be allowed, by what is asked for. */
type Right = `org:sys_${'profile' | 'memberships' | 'domains'}:${'read' | 'manage' | 'delete'}`

/**
 * The organisation of the path, of which the user is a member.
 * @throws {BackendError} 404 for one that the user is not in, 403 without the right
 */
function organizationAt({ instance, user, path }: SignedInCall, right?: Right): OrganizationJSON {
  const organization = getOrganization(instance, path.organization_id ?? '')
  const { role } = findMembership(instance, organization.id, user.id)
  if (right !== undefined && !permissionsOf(instance, role).includes(right)) {
    throw new BackendError(403, 'missing_permission', 'Missing permission', {
      longMessage: `This needs the permission ${right}.`,
    })
  }
  return organization
}

/** Somebody stays who can manage the members. @throws {BackendError} 403 */
function assertManaged(instance: Instance, without: StoredMembership): void {
  const others = membersOf(instance, without.organization_id).filter(({ id }) => id !== without.id)
  const manages = ({ role }: StoredMembership) =>
    permissionsOf(instance, role).includes('org:sys_memberships:manage')
  if (!manages(without) || others.some(manages)) return
  throw new BackendError(403, 'organization_minimum_permissions_needed', 'Minimum permissions needed', {
    longMessage: 'There has to be at least one member who can manage the members.',
  })
}

/** A user who deletes the account leaves no organisation without somebody who manages it. @throws {BackendError} 403 */
export function assertNotLast(instance: Instance, user: UserJSON): void {
  for (const membership of instance.state.memberships.values()) {
    const { user_id, organization_id } = membership
    if (user_id === user.id && membersOf(instance, organization_id).length > 1)
      assertManaged(instance, membership)
  }
}

function create({ instance, user, texts }: SignedInCall): object {
  const made = [...instance.state.organizations.values()].filter(({ created_by }) => created_by === user.id)
  const { create_organizations_limit: most } = user
  if (!user.create_organization_enabled || (most !== null && most > 0 && made.length >= most))
    throw new BackendError(
      403,
      'organization_creation_not_allowed',
      'The user may not create an organization.',
    )
  const { id } = instance.call<OrganizationJSON>('CreateOrganization', {
    body: { name: texts.name, slug: texts.slug || null, created_by: user.id },
  })
  return organizationJson(instance, getOrganization(instance, id))
}

function leave(instance: Instance, organization: OrganizationJSON, userId: string): object {
  const membership = findMembership(instance, organization.id, userId)
  assertManaged(instance, membership)
  const json = memberJson(instance, membership)
  instance.call('DeleteOrganizationMembership', {
    path: { organization_id: organization.id, user_id: userId },
  })
  return json
}

const deleted = (object: string, id: string) => ({ object, id, deleted: true })

function members(call: SignedInCall): object {
  const { instance, given, texts } = call
  const { id } = organizationAt(call, 'org:sys_memberships:read')
  const needle = texts.query?.toLowerCase() ?? ''
  const found = membersOf(instance, id).filter(({ user_id, role }) => {
    const user = instance.state.users.get(user_id)
    return user !== undefined && among(given.role, role) && (needle === '' || matches(user, needle))
  })
  return pageOf(found.reverse(), given, (stored) => memberJson(instance, stored))
}

function changeRole(call: SignedInCall): object {
  const { instance, texts, path } = call
  const { id } = organizationAt(call, 'org:sys_memberships:manage')
  const membership = findMembership(instance, id, path.user_id ?? '')
  if (!permissionsOf(instance, texts.role ?? '').includes('org:sys_memberships:manage'))
    assertManaged(instance, membership)
  instance.call('UpdateOrganizationMembership', {
    path: { organization_id: id, user_id: membership.user_id },
    body: { role: texts.role },
  })
  return memberJson(instance, membership)
}

function invite(call: SignedInCall, addresses: readonly string[]): object[] {
  const { instance, user, texts } = call
  const { id } = organizationAt(call, 'org:sys_memberships:manage')
  return addresses.map((email_address) => {
    const made = instance.call<OrganizationInvitationJSON>('CreateOrganizationInvitation', {
      path: { organization_id: id },
      body: { email_address, role: texts.role, inviter_user_id: user.id },
    })
    return invitationJson(instance, made)
  })
}

const invitationsOf = ({ state }: Instance, test: (invitation: OrganizationInvitationJSON) => boolean) =>
  [...state.organizationInvitations.values()].filter(test).reverse()

function invited(call: SignedInCall): object {
  const { instance, given } = call
  const { id } = organizationAt(call, 'org:sys_memberships:manage')
  const found = invitationsOf(
    instance,
    ({ organization_id, status }) => organization_id === id && among(given.status, status),
  )
  return pageOf(found, given, (invitation) => invitationJson(instance, invitation))
}

/** Whether the user has proved to be the one who is invited. */
const isFor = ({ email_addresses }: UserJSON, { email_address }: OrganizationInvitationJSON) =>
  email_addresses.some(
    (one) => one.email_address === email_address && one.verification?.status === 'verified',
  )

function accept({ instance, user, path }: SignedInCall): object {
  const invitation = instance.state.organizationInvitations.get(path.invitation_id ?? '')
  if (!invitation || !isFor(user, invitation)) throw notFound('organization invitation')
  acceptOrganizationInvitation(instance, invitation.id, user.id)
  return invitationJson(instance, invitation)
}

const none = () => ({ data: [], total_count: 0 })
const path = '/organizations/{organization_id}'

export const organizationOperations = [
  own(
    'GET',
    '/me/organization_memberships',
    ({ instance, user, given }) => {
      const found = [...instance.state.memberships.values()].filter(({ user_id }) => user_id === user.id)
      return pageOf(found, given, (stored) => memberJson(instance, stored))
    },
    { parameters: paging },
  ),
  own('DELETE', '/me/organization_memberships/{organization_id}', (call) => {
    const organization = organizationAt(call)
    leave(call.instance, organization, call.user.id)
    return deleted('organization_membership', organization.id)
  }),
  own(
    'GET',
    '/me/organization_invitations',
    ({ instance, user, given }) => {
      const found = invitationsOf(instance, (one) => isFor(user, one) && among(given.status, one.status))
      return pageOf(found, given, (invitation) => invitationJson(instance, invitation))
    },
    { parameters: { ...paging, status: list } },
  ),
  own('POST', '/me/organization_invitations/{invitation_id}/accept', accept),
  // Nobody is suggested an organisation, and nobody asks to join one: both come from verified domains.
  own('GET', '/me/organization_suggestions', none),
  own('GET', `${path}/membership_requests`, (call) => {
    organizationAt(call, 'org:sys_memberships:manage')
    return none()
  }),

  own('POST', '/organizations', create, { parameters: { name: text, slug: text }, required: ['name'] }),
  own('GET', path, (call) => organizationJson(call.instance, organizationAt(call))),
  own(
    'PATCH',
    path,
    (call) => {
      const { instance, texts } = call
      const organization = organizationAt(call, 'org:sys_profile:manage')
      instance.call('UpdateOrganization', {
        path: { organization_id: organization.id },
        body: { name: texts.name, slug: texts.slug },
      })
      return organizationJson(instance, organization)
    },
    { parameters: { name: text, slug: text } },
  ),
  own('DELETE', path, (call) => {
    const { id, admin_delete_enabled } = organizationAt(call, 'org:sys_profile:delete')
    if (!admin_delete_enabled) throw new BackendError(403, 'organization_delete_not_allowed', 'Not allowed')
    call.instance.call('DeleteOrganization', { path: { organization_id: id } })
    return deleted('organization', id)
  }),
  own('PUT', `${path}/logo`, (call) => {
    const organization = organizationAt(call, 'org:sys_profile:manage')
    call.instance.call('UploadOrganizationLogo', {
      path: { organization_id: organization.id },
      file: call.file,
    })
    return organizationJson(call.instance, organization)
  }),
  own('DELETE', `${path}/logo`, (call) => {
    const organization = organizationAt(call, 'org:sys_profile:manage')
    call.instance.call('DeleteOrganizationLogo', { path: { organization_id: organization.id } })
    return organizationJson(call.instance, organization)
  }),

  own('GET', `${path}/memberships`, members, { parameters: { ...paging, query: text, role: list } }),
  own(
    'POST',
    `${path}/memberships`,
    (call) => {
      const { instance, texts } = call
      const { id } = organizationAt(call, 'org:sys_memberships:manage')
      const user_id = texts.user_id ?? ''
      instance.call('CreateOrganizationMembership', {
        path: { organization_id: id },
        body: { user_id, role: texts.role },
      })
      return memberJson(instance, findMembership(instance, id, user_id))
    },
    { parameters: { user_id: text, role: text }, required: ['user_id', 'role'] },
  ),
  own('PATCH', `${path}/memberships/{user_id}`, changeRole, {
    parameters: { role: text },
    required: ['role'],
  }),
  own('DELETE', `${path}/memberships/{user_id}`, (call) =>
    leave(call.instance, organizationAt(call, 'org:sys_memberships:manage'), call.path.user_id ?? ''),
  ),

  own('GET', `${path}/invitations`, invited, { parameters: { ...paging, status: list } }),
  own('POST', `${path}/invitations`, (call) => invite(call, [call.texts.email_address ?? ''])[0], {
    parameters: { email_address: text, role: text },
    required: ['email_address', 'role'],
  }),
  own(
    'POST',
    `${path}/invitations/bulk`,
    (call) => invite(call, (call.given.email_address ?? []) as readonly string[]),
    { parameters: { email_address: list, role: text }, required: ['email_address', 'role'] },
  ),
  own('POST', `${path}/invitations/{invitation_id}/revoke`, (call) => {
    const { instance } = call
    const { id } = organizationAt(call, 'org:sys_memberships:manage')
    const { invitation_id = '' } = call.path
    const revoked = instance.call<OrganizationInvitationJSON>('RevokeOrganizationInvitation', {
      path: { organization_id: id, invitation_id },
      body: {},
    })
    return invitationJson(instance, revoked)
  }),

  own(
    'GET',
    `${path}/roles`,
    (call) => {
      const { instance, given } = call
      organizationAt(call)
      const { state } = instance
      const roles = pageOf([...state.roles.values()], given, (role) => ({
        ...role,
        description: role.description ?? '',
        permissions: role.permissions.flatMap((id) => state.permissions.get(id) ?? []),
      }))
      return { ...roles, has_role_set_migration: false }
    },
    { parameters: paging },
  ),
  own(
    'GET',
    `${path}/domains`,
    (call) => {
      const { id } = organizationAt(call, 'org:sys_domains:read')
      const found = [...call.instance.state.organizationDomains.values()].filter(
        ({ organization_id, enrollment_mode }) =>
          organization_id === id && among(call.given.enrollment_mode, enrollment_mode),
      )
      return pageOf(found, call.given, (domain) => domain)
    },
    { parameters: { ...paging, enrollment_mode: list } },
  ),
]
