import { roleKeys } from '../../resources/roles.js'
import { allSessions } from '../../resources/sessions.js'
import { matches } from '../../resources/user-list.js'
import type { Call, Route } from '../../server/route.js'
import { html } from '../html.js'
import { nameOf, primaryEmail } from '../sign-in.js'
import { action, area, choice, dashboardPage, field, moment, table } from './forms.js'
import { fromUser, organizationLink, statusOf, userLink } from './links.js'
import { list } from './list.js'
import { live } from './live.js'
import { revisionOf } from './live-routes.js'
import { type Dashboard, get, given, givenJson, id, pageAt, post } from './routes.js'
import { sessionList } from './sessions.js'

export function userPages(dashboard: Dashboard): Route[] {
  const { instance, offline } = dashboard

  const users = (call: Call) =>
    dashboardPage(
      'Users',
      '/dashboard',
      html`<h1>Users</h1>
<section>${list(call, {
        name: 'users',
        one: 'user',
        all: [...instance.state.users.values()],
        matches,
        headings: ['Name', 'E-mail', 'Status', 'Created', 'Actions'],
        key: (user) => user.id,
        row: (user) => [
          userLink(instance, user.id),
          primaryEmail(user),
          statusOf(user),
          moment(user.created_at),
          user.banned
            ? action(`${pageAt('users', user.id)}/unban`, 'Unban', '', { of: nameOf(user) })
            : action(`${pageAt('users', user.id)}/ban`, 'Ban', 'danger', { of: nameOf(user) }),
        ],
      })}</section>
<section><h2>New user</h2><form method="post" action="/dashboard/users">
${field('email_address', 'E-mail address', '', 'email')}${field('username', 'Username')}${field('first_name', 'First name')}${field('last_name', 'Last name')}
<button class="primary">Create user</button></form></section>`,
      { revision: revisionOf(dashboard) },
    )

  const user = (call: Call) => {
    const found = offline().getUser(id(call))
    const path = pageAt('users', found.id)
    const own = [...instance.state.memberships.values()].filter(({ user_id }) => user_id === found.id)
    const at = (organizationId: string) =>
      `${pageAt('organizations', organizationId)}/members/${encodeURIComponent(found.id)}`
    return dashboardPage(
      nameOf(found),
      '/dashboard',
      html`<h1>${nameOf(found)}</h1>
<section>${live(
        'user-state',
        html`<p><code>${found.id}</code> · ${statusOf(found)}</p><p class="soft">${found.email_addresses
          .map((email) => `${email.email_address} (${email.verification?.status ?? 'unverified'})`)
          .join(', ')} · updated ${moment(found.updated_at)}</p>
<div class="row">${found.banned ? action(`${path}/unban`, 'Unban') : action(`${path}/ban`, 'Ban', 'danger')}${found.locked ? action(`${path}/unlock`, 'Unlock') : action(`${path}/lock`, 'Lock', 'danger')}${action(`${path}/delete`, 'Delete', 'danger')}</div>`,
      )}</section>
<section><h2>Profile</h2><form method="post" action="${path}">
${field('first_name', 'First name', found.first_name)}${field('last_name', 'Last name', found.last_name)}${field('username', 'Username', found.username)}${field('external_id', 'External id', found.external_id)}
${area('public_metadata', 'Public metadata', found.public_metadata)}${area('private_metadata', 'Private metadata', found.private_metadata)}
<button class="primary">Save</button></form></section>
<section><h2>Organisations</h2>${live(
        'memberships',
        table(
          ['Organisation', 'Role', 'Actions'],
          own.map(({ organization_id, role }) => [
            organizationLink(instance, organization_id),
            html`<form class="inline" method="post" action="${at(organization_id)}">${fromUser(found.id)}${choice('role', 'Role', roleKeys(instance), role, true)}<button>Change</button></form>`,
            action(`${at(organization_id)}/remove`, 'Remove', 'danger', {
              of: instance.state.organizations.get(organization_id)?.name ?? organization_id,
              hidden: fromUser(found.id),
            }),
          ]),
          { label: 'Table of organisations', keys: own.map((membership) => membership.id) },
        ),
      )}</section>
<section><div class="title"><h2>Sessions</h2>${action(`${path}/sessions`, 'New session')}</div>${sessionList(
        instance,
        call,
        allSessions(instance).filter((session) => session.user_id === found.id),
        { prefix: 'sessions_', userId: found.id },
      )}</section>`,
      { revision: revisionOf(dashboard) },
    )
  }

  const toUsers = () => '/dashboard'
  const toUser = (call: Call) => pageAt('users', id(call))

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
    post(
      '/dashboard/users/:id/lock',
      (call) => offline().call('LockUser', { path: { user_id: id(call) } }),
      toUser,
    ),
    post(
      '/dashboard/users/:id/unlock',
      (call) => offline().call('UnlockUser', { path: { user_id: id(call) } }),
      toUser,
    ),
    post('/dashboard/users/:id/delete', (call) => offline().deleteUser(id(call)), toUsers),
    post('/dashboard/users/:id/sessions', (call) => offline().createSession(id(call)), toUser),
  ]
}
