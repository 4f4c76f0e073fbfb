import type { StoredMembership } from '../../resources/instance.js'
import type { OrganizationInvitationJSON, OrganizationJSON } from '../../resources/json.js'
import { roleKeys } from '../../resources/roles.js'
import { matches } from '../../resources/user-list.js'
import { findUser } from '../../resources/users.js'
import type { Call, Route } from '../../server/route.js'
import { html, type Markup } from '../html.js'
import { action, area, choice, dashboardPage, field, moment } from './forms.js'
import { organizationLink, userLink } from './links.js'
import { list } from './list.js'
import { revisionOf } from './live-routes.js'
import { backToUser, type Dashboard, get, given, givenJson, id, pageAt, post } from './routes.js'

export function organizationPages(dashboard: Dashboard): Route[] {
  const { instance, offline } = dashboard

  const organizations = (call: Call) => {
    const members = new Map<string, number>()
    for (const { organization_id } of instance.state.memberships.values())
      members.set(organization_id, (members.get(organization_id) ?? 0) + 1)
    return dashboardPage(
      'Organisations',
      '/dashboard/organizations',
      html`<h1>Organisations</h1><section>${list<OrganizationJSON>(call, {
        name: 'organisations',
        one: 'organisation',
        all: [...instance.state.organizations.values()],
        matches: (one, needle) =>
          [one.id, one.name, one.slug].some((text) => text?.toLowerCase().includes(needle)),
        headings: ['Name', 'Slug', 'Members', 'Created'],
        key: (organization) => organization.id,
        row: (organization) => [
          organizationLink(instance, organization.id),
          organization.slug ?? '',
          members.get(organization.id) ?? 0,
          moment(organization.created_at),
        ],
      })}</section>
<section><h2>New organisation</h2><form method="post" action="/dashboard/organizations">${field('name', 'Name')}${field('created_by', 'Created by (id, e-mail address or username)')}
<button class="primary">Create organisation</button></form></section>`,
      { revision: revisionOf(dashboard) },
    )
  }

  const members = (call: Call, organizationId: string, path: string): Markup =>
    list<StoredMembership>(call, {
      name: 'members',
      one: 'member',
      prefix: 'members_',
      all: [...instance.state.memberships.values()].filter(
        ({ organization_id }) => organization_id === organizationId,
      ),
      matches: ({ user_id, role }, needle) => {
        const user = instance.state.users.get(user_id)
        return role === needle || (user !== undefined && matches(user, needle))
      },
      headings: ['User', 'Role', 'Actions'],
      key: (membership) => membership.id,
      row: ({ user_id, role }) => [
        userLink(instance, user_id),
        html`<form class="inline" method="post" action="${path}/members/${user_id}">${choice('role', 'Role', roleKeys(instance), role, true)}<button>Change</button></form>`,
        action(`${path}/members/${user_id}/remove`, 'Remove', 'danger', { of: user_id }),
      ],
    })

  const invitations = (call: Call, organizationId: string, path: string): Markup =>
    list<OrganizationInvitationJSON>(call, {
      name: 'invitations',
      one: 'invitation',
      prefix: 'invitations_',
      all: [...instance.state.organizationInvitations.values()].filter(
        ({ organization_id }) => organization_id === organizationId,
      ),
      matches: ({ email_address, status }, needle) => status === needle || email_address.includes(needle),
      headings: ['E-mail', 'Role', 'Status', 'Expires', 'Actions'],
      key: (invitation) => invitation.id,
      row: (invitation) => {
        const isDue = invitation.status === 'pending' && instance.now() >= invitation.expires_at
        return [
          invitation.email_address,
          invitation.role,
          isDue ? 'expired' : invitation.status,
          moment(invitation.expires_at),
          invitation.status === 'pending' && !isDue
            ? action(`${path}/invitations/${invitation.id}/revoke`, 'Revoke', 'danger', {
                of: invitation.email_address,
              })
            : '',
        ]
      },
    })

  const organization = (call: Call) => {
    const found = offline().getOrganization(id(call))
    const path = pageAt('organizations', found.id)
    const roles = roleKeys(instance)
    return dashboardPage(
      found.name,
      '/dashboard/organizations',
      html`<h1>${found.name}</h1><section><p><code>${found.id}</code></p>
<form method="post" action="${path}">${field('name', 'Name', found.name)}${field('slug', 'Slug', found.slug)}${area('public_metadata', 'Public metadata', found.public_metadata)}
<button class="primary">Save</button></form></section>
<section><h2>Members</h2>${members(call, found.id, path)}
<form class="inline" method="post" action="${path}/members">${field('user_id', 'User (id, e-mail address or username)')}${choice('role', 'Role', roles, 'org:member')}<button>Add member</button></form></section>
<section><h2>Invitations</h2>${invitations(call, found.id, path)}
<form class="inline" method="post" action="${path}/invitations">${field('email_address', 'E-mail address', '', 'email')}${choice('role', 'Role', roles, 'org:member')}<button>Invite</button></form></section>
<section>${action(`${path}/delete`, 'Delete organisation', 'danger')}</section>`,
      { revision: revisionOf(dashboard) },
    )
  }

  const toOrganizations = () => '/dashboard/organizations'
  const toOrganization = (call: Call) => pageAt('organizations', id(call))
  /** What is not known is left to the operation, which says so. */
  const userNamed = (reference: string) => findUser(instance, reference)?.id ?? reference

  return [
    get('/dashboard/organizations', organizations),
    get('/dashboard/organizations/:id', organization),
    post(
      '/dashboard/organizations',
      (call) => {
        const creator = given(call, 'created_by')
        offline().createOrganization({
          name: given(call, 'name') ?? '',
          ...(creator ? { createdBy: userNamed(creator) } : {}),
        })
      },
      toOrganizations,
    ),
    post(
      '/dashboard/organizations/:id',
      (call) =>
        offline().updateOrganization(id(call), {
          name: given(call, 'name') ?? '',
          slug: given(call, 'slug') ?? '',
          publicMetadata: givenJson(call, 'public_metadata'),
        }),
      toOrganization,
    ),
    post(
      '/dashboard/organizations/:id/delete',
      (call) => offline().deleteOrganization(id(call)),
      toOrganizations,
    ),
    post(
      '/dashboard/organizations/:id/members',
      (call) =>
        offline().addMember(id(call), userNamed(given(call, 'user_id') ?? ''), given(call, 'role') ?? ''),
      toOrganization,
    ),
    post(
      '/dashboard/organizations/:id/members/:userId',
      (call) => offline().updateMembership(id(call), call.param('userId'), given(call, 'role') ?? ''),
      backToUser(toOrganization),
    ),
    post(
      '/dashboard/organizations/:id/members/:userId/remove',
      (call) => offline().removeMember(id(call), call.param('userId')),
      backToUser(toOrganization),
    ),
    post(
      '/dashboard/organizations/:id/invitations',
      (call) =>
        offline().inviteMember(id(call), given(call, 'email_address') ?? '', given(call, 'role') ?? ''),
      toOrganization,
    ),
    post(
      '/dashboard/organizations/:id/invitations/:invitationId/revoke',
      (call) =>
        offline().call('RevokeOrganizationInvitation', {
          path: { organization_id: id(call), invitation_id: call.param('invitationId') },
          body: {},
        }),
      toOrganization,
    ),
  ]
}
