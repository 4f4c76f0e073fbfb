import { createDomain, deleteDomain, updateDomain } from '../../resources/domains.js'
import type { Instance } from '../../resources/instance.js'
import {
  createOrganizationInvitation,
  getOrganizationInvitation,
  organizationInvitations,
  revokeOrganizationInvitation,
} from '../../resources/invitations.js'
import type { OrganizationJSON } from '../../resources/json.js'
import { order, paginate, values } from '../../resources/lists.js'
import { listMemberships } from '../../resources/membership-list.js'
import {
  changeMembershipMetadata,
  createMembership,
  deleteMembership,
  updateMembership,
} from '../../resources/memberships.js'
import {
  changeOrganizationMetadata,
  createOrganization,
  deleteOrganization,
  getOrganization,
  organizationJson,
  updateOrganization,
} from '../../resources/organizations.js'
import { invalidParameter } from '../errors.js'
import { type Call, ok, type Route } from '../route.js'

const orders = {
  created_at: ({ created_at }: OrganizationJSON) => created_at,
  updated_at: ({ updated_at }: OrganizationJSON) => updated_at,
  name: ({ name }: OrganizationJSON) => name.toLowerCase(),
  members_count: ({ members_count }: OrganizationJSON) => members_count,
} as const

export function organizationRoutes(instance: Instance): Route[] {
  const at = { access: 'secret-key', limit: 'standard' } as const
  const id = (call: Call) => call.param('id')
  const userId = (call: Call) => call.param('userId')
  const organizationId = (call: Call) => getOrganization(instance, id(call)).id

  const list = ({ query }: Call) => {
    const needle = query.get('query')?.toLowerCase()
    const ids = values(query, 'organization_id')
    const members = values(query, 'user_id').map((value) => value.replace(/^\+/, ''))
    const ofMembers = new Set(
      [...instance.state.memberships.values()]
        .filter(({ user_id }) => members.includes(user_id))
        .map(({ organization_id }) => organization_id),
    )
    const found = [...instance.state.organizations.values()]
      .filter(
        ({ id, name, slug }) => !needle || [id, name, slug].some((one) => one.toLowerCase().includes(needle)),
      )
      .filter((organization) => ids.length === 0 || ids.includes(organization.id))
      .filter((organization) => members.length === 0 || ofMembers.has(organization.id))
    const counts =
      query.get('include_members_count') === 'true' || (query.get('order_by') ?? '').includes('members_count')
    const json = found.map((organization) => organizationJson(instance, organization, { counts }))
    return ok(paginate(order(json, query, orders), query))
  }

  return [
    { method: 'GET', path: '/v1/organizations', ...at, handle: list },
    {
      method: 'POST',
      path: '/v1/organizations',
      ...at,
      handle: ({ body }) => ok(createOrganization(instance, body)),
    },
    {
      method: 'GET',
      path: '/v1/organizations/:id',
      ...at,
      handle: (call) =>
        ok(
          organizationJson(instance, getOrganization(instance, id(call)), {
            counts: call.query.get('include_members_count') === 'true',
          }),
        ),
    },
    {
      method: 'PATCH',
      path: '/v1/organizations/:id',
      ...at,
      handle: (call) => ok(updateOrganization(instance, id(call), call.body)),
    },
    {
      method: 'DELETE',
      path: '/v1/organizations/:id',
      ...at,
      handle: (call) => ok(deleteOrganization(instance, id(call))),
    },
    {
      method: 'PATCH',
      path: '/v1/organizations/:id/metadata',
      ...at,
      handle: (call) => ok(changeOrganizationMetadata(instance, id(call), call.body, 'merge')),
    },
    {
      method: 'PUT',
      path: '/v1/organizations/:id/metadata',
      ...at,
      handle: (call) => ok(changeOrganizationMetadata(instance, id(call), call.body, 'replace')),
    },
    {
      method: 'GET',
      path: '/v1/organizations/:id/memberships',
      ...at,
      handle: (call) => ok(listMemberships(instance, call.query, organizationId(call))),
    },
    {
      method: 'POST',
      path: '/v1/organizations/:id/memberships',
      ...at,
      handle: (call) => ok(createMembership(instance, organizationId(call), call.body)),
    },
    {
      method: 'PATCH',
      path: '/v1/organizations/:id/memberships/:userId',
      ...at,
      handle: (call) => ok(updateMembership(instance, organizationId(call), userId(call), call.body)),
    },
    {
      method: 'PATCH',
      path: '/v1/organizations/:id/memberships/:userId/metadata',
      ...at,
      handle: (call) => ok(changeMembershipMetadata(instance, organizationId(call), userId(call), call.body)),
    },
    {
      method: 'DELETE',
      path: '/v1/organizations/:id/memberships/:userId',
      ...at,
      handle: (call) => ok(deleteMembership(instance, organizationId(call), userId(call))),
    },
    {
      method: 'GET',
      path: '/v1/organization_memberships',
      ...at,
      handle: ({ query }) => ok(listMemberships(instance, query)),
    },
    {
      method: 'GET',
      path: '/v1/organizations/:id/invitations',
      ...at,
      handle: (call) => {
        const status = values(call.query, 'status')
        const found = organizationInvitations(instance, organizationId(call)).filter(
          (invitation) => status.length === 0 || status.includes(invitation.status),
        )
        return ok(
          paginate(
            order(found, call.query, {
              created_at: ({ created_at }) => created_at,
              email_address: ({ email_address }) => email_address,
            }),
            call.query,
          ),
        )
      },
    },
    {
      method: 'POST',
      path: '/v1/organizations/:id/invitations',
      access: 'secret-key',
      limit: 'invitation',
      handle: (call) => ok(createOrganizationInvitation(instance, id(call), call.body)),
    },
    {
      method: 'POST',
      path: '/v1/organizations/:id/invitations/bulk',
      access: 'secret-key',
      limit: 'invitation',
      handle: (call) => {
        if (!Array.isArray(call.body) || call.body.length > 10)
          throw invalidParameter('body', 'a list of at most 10')
        const data = call.body.map((one) => createOrganizationInvitation(instance, id(call), one))
        return ok({ data, total_count: data.length })
      },
    },
    {
      method: 'GET',
      path: '/v1/organizations/:id/invitations/:invitationId',
      ...at,
      handle: (call) => ok(getOrganizationInvitation(instance, id(call), call.param('invitationId'))),
    },
    {
      method: 'POST',
      path: '/v1/organizations/:id/invitations/:invitationId/revoke',
      ...at,
      handle: (call) =>
        ok(revokeOrganizationInvitation(instance, id(call), call.param('invitationId'), call.body)),
    },
    {
      method: 'GET',
      path: '/v1/organizations/:id/domains',
      ...at,
      handle: (call) => {
        const organization = organizationId(call)
        const own = [...instance.state.organizationDomains.values()].filter(
          ({ organization_id }) => organization_id === organization,
        )
        return ok(paginate(own.reverse(), call.query))
      },
    },
    {
      method: 'POST',
      path: '/v1/organizations/:id/domains',
      ...at,
      handle: (call) => ok(createDomain(instance, id(call), call.body)),
    },
    {
      method: 'PATCH',
      path: '/v1/organizations/:id/domains/:domainId',
      ...at,
      handle: (call) => ok(updateDomain(instance, id(call), call.param('domainId'), call.body)),
    },
    {
      method: 'DELETE',
      path: '/v1/organizations/:id/domains/:domainId',
      ...at,
      handle: (call) => ok(deleteDomain(instance, id(call), call.param('domainId'))),
    },
  ]
}
