import { matches } from '../../resources/user-list.js'
import type { Call, Route } from '../../server/route.js'
import { html } from '../html.js'
import { nameOf, primaryEmail } from '../sign-in.js'
import { action, area, dashboardPage, field, moment, table } from './forms.js'
import { organizationLink, shown, statusOf, userLink } from './links.js'
import { type Dashboard, get, given, givenJson, id, post } from './routes.js'
import { sessionTable } from './sessions.js'

export function userPages({ instance, offline }: Dashboard): Route[] {
  const users = ({ query }: Call) => {
    const needle = query.get('query')?.toLowerCase() ?? ''
    const found = [...instance.state.users.values()]
      .reverse()
      .filter((user) => !needle || matches(user, needle))
    return dashboardPage(
      'Users',
      '/dashboard',
      html`<h1>Users</h1>
<section><form class="inline" method="get" action="/dashboard">${field('query', 'Search', needle, 'search')}<button>Search</button></form></section>
<section><h2>${found.length} ${found.length === 1 ? 'user' : 'users'}</h2>${table(
        ['Name', 'E-mail', 'Status', 'Created'],
        found
          .slice(0, shown)
          .map((user) => [
            userLink(instance, user.id),
            primaryEmail(user),
            statusOf(user),
            moment(user.created_at),
          ]),
      )}</section>
<section><h2>New user</h2><form method="post" action="/dashboard/users">
${field('email_address', 'E-mail address', '', 'email')}${field('username', 'Username')}${field('first_name', 'First name')}${field('last_name', 'Last name')}
<button class="primary">Create user</button></form></section>`,
    )
  }

  const user = (call: Call) => {
    const found = offline().getUser(id(call))
    const path = `/dashboard/users/${found.id}`
    const own = [...instance.state.memberships.values()].filter(({ user_id }) => user_id === found.id)
    return dashboardPage(
      nameOf(found),
      '/dashboard',
      html`<h1>${nameOf(found)} ${statusOf(found)}</h1>
<section><p><code>${found.id}</code></p><p class="soft">${found.email_addresses
        .map((email) => `${email.email_address} (${email.verification?.status ?? 'unverified'})`)
        .join(', ')} · updated ${moment(found.updated_at)}</p>
<div class="row">${found.banned ? action(`${path}/unban`, 'Unban') : action(`${path}/ban`, 'Ban', 'danger')}${action(`${path}/delete`, 'Delete', 'danger')}</div></section>
<section><h2>Profile</h2><form method="post" action="${path}">
${field('first_name', 'First name', found.first_name)}${field('last_name', 'Last name', found.last_name)}${field('username', 'Username', found.username)}${field('external_id', 'External id', found.external_id)}
${area('public_metadata', 'Public metadata', found.public_metadata)}${area('private_metadata', 'Private metadata', found.private_metadata)}
<button class="primary">Save</button></form></section>
<section><h2>Organisations</h2>${table(
        ['Organisation', 'Role', 'Actions'],
        own.map(({ organization_id, role }) => [
          organizationLink(instance, organization_id),
          role,
          action(
            `/dashboard/organizations/${organization_id}/members/${found.id}/remove`,
            'Remove',
            'danger',
          ),
        ]),
      )}</section>
<section><h2>Sessions</h2>${sessionTable(instance, (session) => session.user_id === found.id)}
${action(`${path}/sessions`, 'New session')}</section>`,
    )
  }

  const toUsers = () => '/dashboard'
  const toUser = (call: Call) => `/dashboard/users/${id(call)}`

  return [
    get('/dashboard', users),
    get('/dashboard/users/:id', user),
    post(
      '/dashboard/users',
      (call) => {
        const email = given(call, 'email_address')
        offline().createUser({
          ...(email ? { emailAddress: email } : {}),
          username: given(call, 'username'),
          firstName: given(call, 'first_name'),
          lastName: given(call, 'last_name'),
        })
      },
      toUsers,
    ),
    post(
      '/dashboard/users/:id',
      (call) => {
        offline().updateUser(id(call), {
          firstName: given(call, 'first_name'),
          lastName: given(call, 'last_name'),
          username: given(call, 'username'),
          externalId: given(call, 'external_id'),
          publicMetadata: givenJson(call, 'public_metadata'),
          privateMetadata: givenJson(call, 'private_metadata'),
        })
      },
      toUser,
    ),
    post('/dashboard/users/:id/ban', (call) => offline().banUser(id(call)), toUser),
    post('/dashboard/users/:id/unban', (call) => offline().unbanUser(id(call)), toUser),
    post('/dashboard/users/:id/delete', (call) => offline().deleteUser(id(call)), toUsers),
    post('/dashboard/users/:id/sessions', (call) => offline().createSession(id(call)), toUser),
  ]
}
