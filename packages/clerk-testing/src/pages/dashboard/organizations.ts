import { roleKeys } from '../../resources/roles.js'
import type { Call, Route } from '../../server/route.js'
import { html } from '../html.js'
import { action, area, choice, dashboardPage, field, moment, table } from './forms.js'
import { membersOf, organizationLink, shown, userLink } from './links.js'
import { type Dashboard, get, given, givenJson, id, post } from './routes.js'

export function organizationPages({ instance, offline }: Dashboard): Route[] {
  const organizations = () =>
    dashboardPage(
      'Organisations',
      '/dashboard/organizations',
      html`<h1>Organisations</h1><section>${table(
        ['Name', 'Slug', 'Members', 'Created'],
        [...instance.state.organizations.values()]
          .reverse()
          .slice(0, shown)
          .map((organization) => [
            organizationLink(instance, organization.id),
            organization.slug,
            membersOf(instance, organization.id).length,
            moment(organization.created_at),
          ]),
      )}</section>
<section><h2>New organisation</h2><form method="post" action="/dashboard/organizations">${field('name', 'Name')}${field('created_by', 'Created by (user id)')}
<button class="primary">Create organisation</button></form></section>`,
    )

  const organization = (call: Call) => {
    const found = offline().getOrganization(id(call))
    const path = `/dashboard/organizations/${found.id}`
    return dashboardPage(
      found.name,
      '/dashboard/organizations',
      html`<h1>${found.name}</h1><section><p><code>${found.id}</code></p>
<form method="post" action="${path}">${field('name', 'Name', found.name)}${field('slug', 'Slug', found.slug)}${area('public_metadata', 'Public metadata', found.public_metadata)}
<button class="primary">Save</button></form></section>
<section><h2>Members</h2>${table(
        ['User', 'Role', 'Actions'],
        membersOf(instance, found.id).map(({ user_id, role }) => [
          userLink(instance, user_id),
          html`<form class="inline" method="post" action="${path}/members/${user_id}">${choice('role', 'Role', roleKeys(instance), role, true)}<button>Change</button></form>`,
          action(`${path}/members/${user_id}/remove`, 'Remove', 'danger'),
        ]),
      )}
<form class="inline" method="post" action="${path}/members">${field('user_id', 'User id')}${choice('role', 'Role', roleKeys(instance), 'org:member')}<button>Add member</button></form></section>
<section>${action(`${path}/delete`, 'Delete organisation', 'danger')}</section>`,
    )
  }

  const toOrganizations = () => '/dashboard/organizations'
  const toOrganization = (call: Call) => `/dashboard/organizations/${id(call)}`

  return [
    get('/dashboard/organizations', organizations),
    get('/dashboard/organizations/:id', organization),
    post(
      '/dashboard/organizations',
      (call) => {
        const creator = given(call, 'created_by')
        offline().createOrganization({
          name: given(call, 'name') ?? '',
          ...(creator ? { createdBy: creator } : {}),
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
      (call) => offline().addMember(id(call), given(call, 'user_id') ?? '', given(call, 'role') ?? ''),
      toOrganization,
    ),
    post(
      '/dashboard/organizations/:id/members/:userId',
      (call) => offline().updateMembership(id(call), call.param('userId'), given(call, 'role') ?? ''),
      toOrganization,
    ),
    post(
      '/dashboard/organizations/:id/members/:userId/remove',
      (call) => offline().removeMember(id(call), call.param('userId')),
      toOrganization,
    ),
  ]
}
