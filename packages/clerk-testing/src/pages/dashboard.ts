import { webhookFixture, webhookTypes } from '../fixtures/webhook-fixture.js'
import type { OfflineClerk } from '../options.js'
import { allSessions, endSession } from '../resources/sessions.js'
import { matches } from '../resources/user-list.js'
import type { World } from '../resources/world.js'
import { BackendError, invalidParameter } from '../server/errors.js'
import type { Reply } from '../server/http.js'
import type { Call, Route } from '../server/route.js'
import { action, area, check, choice, dashboardPage, field, moment, table } from './forms.js'
import { assertSameOrigin } from './guard.js'
import { html, type Markup, redirect } from './html.js'
import { nameOf, primaryEmail } from './sign-in.js'

const shown = 100

/** Pages to see and change what the offline Clerk holds. They do nothing that {@link OfflineClerk} cannot. */
export function dashboardRoutes(world: World, clerk: () => OfflineClerk): Route[] {
  const at = { access: 'public', limit: 'none' } as const
  const get = (path: string, handle: (call: Call) => Reply): Route => ({ method: 'GET', path, ...at, handle })

  /** Changes something, then shows the page again; what cannot be done is shown with its reason. */
  const post = (path: string, change: (call: Call) => unknown, next: (call: Call) => string): Route => ({
    method: 'POST',
    path,
    ...at,
    handle: async (call) => {
      assertSameOrigin(call)
      try {
        await change(call)
      } catch (error) {
        const reason =
          error instanceof BackendError ? error.longMessage : error instanceof Error ? error.message : ''
        return dashboardPage(
          'Not done',
          '/dashboard',
          html`<h1>Not done</h1><section><p role="alert">${reason}</p><p><a href="${next(call)}">Back</a></p></section>`,
          422,
        )
      }
      return redirect(next(call), { 'referrer-policy': 'same-origin' })
    },
  })

  const id = (call: Call) => call.param('id')
  const userLink = (userId: string) => {
    const user = world.state.users.get(userId)
    return user
      ? html`<a href="/dashboard/users/${userId}">${nameOf(user)}</a>`
      : html`<code>${userId}</code>`
  }
  const organizationLink = (organizationId: string) =>
    html`<a href="/dashboard/organizations/${organizationId}">${world.state.organizations.get(organizationId)?.name ?? organizationId}</a>`
  const roles = Object.keys(world.roles)

  const users = ({ query }: Call) => {
    const needle = query.get('query')?.toLowerCase() ?? ''
    const found = [...world.state.users.values()].reverse().filter((user) => !needle || matches(user, needle))
    return dashboardPage(
      'Users',
      '/dashboard',
      html`<h1>Users</h1>
<section><form class="inline" method="get" action="/dashboard">${field('query', 'Search', needle, 'search')}<button>Search</button></form></section>
<section><h2>${found.length} ${found.length === 1 ? 'user' : 'users'}</h2>${table(
        ['Name', 'E-mail', 'Status', 'Created'],
        found
          .slice(0, shown)
          .map((user) => [userLink(user.id), primaryEmail(user), statusOf(user), moment(user.created_at)]),
      )}</section>
<section><h2>New user</h2><form method="post" action="/dashboard/users">
${field('email_address', 'E-mail address', '', 'email')}${field('username', 'Username')}${field('first_name', 'First name')}${field('last_name', 'Last name')}
<button class="primary">Create user</button></form></section>`,
    )
  }

  const user = (call: Call) => {
    const found = clerk().getUser(id(call))
    const path = `/dashboard/users/${found.id}`
    const own = [...world.state.memberships.values()].filter(({ user_id }) => user_id === found.id)
    return dashboardPage(
      nameOf(found),
      '/dashboard',
      html`<h1>${nameOf(found)} ${statusOf(found)}</h1>
<section><p><code>${found.id}</code></p><p class="soft">${found.email_addresses
        .map((email) => `${email.email_address} (${email.verification?.status ?? 'unverified'})`)
        .join(', ')} updated ${moment(found.updated_at)}</p>
<div class="row">${found.banned ? action(`${path}/unban`, 'Unban') : action(`${path}/ban`, 'Ban', 'danger')}${action(`${path}/delete`, 'Delete', 'danger')}</div></section>
<section><h2>Profile</h2><form method="post" action="${path}">
${field('first_name', 'First name', found.first_name)}${field('last_name', 'Last name', found.last_name)}${field('username', 'Username', found.username)}${field('external_id', 'External id', found.external_id)}
${area('public_metadata', 'Public metadata', found.public_metadata)}${area('private_metadata', 'Private metadata', found.private_metadata)}
<button class="primary">Save</button></form></section>
<section><h2>Organisations</h2>${table(
        ['Organisation', 'Role', 'Actions'],
        own.map(({ organization_id, role }) => [
          organizationLink(organization_id),
          role,
          action(
            `/dashboard/organizations/${organization_id}/members/${found.id}/remove`,
            'Remove',
            'danger',
          ),
        ]),
      )}</section>
<section><h2>Sessions</h2>${sessionTable((session) => session.user_id === found.id)}
${action(`${path}/sessions`, 'New session')}</section>`,
    )
  }

  const sessionTable = (wanted: (session: { user_id: string }) => boolean): Markup =>
    table(
      ['Session', 'User', 'Status', 'Organisation', 'Started', 'Actions'],
      allSessions(world)
        .filter(wanted)
        .reverse()
        .slice(0, shown)
        .map((session) => [
          html`<code>${session.id}</code>`,
          userLink(session.user_id),
          session.status,
          session.last_active_organization_id ? organizationLink(session.last_active_organization_id) : '–',
          moment(session.created_at),
          session.status === 'active'
            ? html`<div class="row">${action(`/dashboard/sessions/${session.id}/end`, 'End')}${action(`/dashboard/sessions/${session.id}/revoke`, 'Revoke', 'danger')}</div>`
            : '',
        ]),
    )

  const organizations = () =>
    dashboardPage(
      'Organisations',
      '/dashboard/organizations',
      html`<h1>Organisations</h1><section>${table(
        ['Name', 'Slug', 'Members', 'Created'],
        [...world.state.organizations.values()]
          .reverse()
          .slice(0, shown)
          .map((organization) => [
            organizationLink(organization.id),
            organization.slug,
            membersOf(organization.id).length,
            moment(organization.created_at),
          ]),
      )}</section>
<section><h2>New organisation</h2><form method="post" action="/dashboard/organizations">${field('name', 'Name')}${field('created_by', 'Created by (user id)')}
<button class="primary">Create organisation</button></form></section>`,
    )

  const membersOf = (organizationId: string) =>
    [...world.state.memberships.values()].filter(({ organization_id }) => organization_id === organizationId)

  const organization = (call: Call) => {
    const found = clerk().getOrganization(id(call))
    const path = `/dashboard/organizations/${found.id}`
    return dashboardPage(
      found.name,
      '/dashboard/organizations',
      html`<h1>${found.name}</h1><section><p><code>${found.id}</code></p>
<form method="post" action="${path}">${field('name', 'Name', found.name)}${field('slug', 'Slug', found.slug)}${area('public_metadata', 'Public metadata', found.public_metadata)}
<button class="primary">Save</button></form></section>
<section><h2>Members</h2>${table(
        ['User', 'Role', 'Actions'],
        membersOf(found.id).map(({ user_id, role }) => [
          userLink(user_id),
          html`<form class="inline" method="post" action="${path}/members/${user_id}">${choice('role', 'Role', roles, role)}<button>Change</button></form>`,
          action(`${path}/members/${user_id}/remove`, 'Remove', 'danger'),
        ]),
      )}
<form class="inline" method="post" action="${path}/members">${field('user_id', 'User id')}${choice('role', 'Role', roles, 'org:member')}<button>Add member</button></form></section>
<section>${action(`${path}/delete`, 'Delete organisation', 'danger')}</section>`,
    )
  }

  const webhooks = () => {
    const { webhooks: own } = clerk()
    const { chaos } = own
    return dashboardPage(
      'Webhooks',
      '/dashboard/webhooks',
      html`<h1>Webhooks</h1>
<section><h2>Endpoint</h2>${own.disabled ? html`<p role="alert">Disabled after five days of failure. Saving enables it.</p>` : ''}
<form class="inline" method="post" action="/dashboard/webhooks/endpoint">${field('url', 'URL', own.url ?? '', 'url')}<button>Save</button></form>
<form class="inline" method="post" action="/dashboard/webhooks/test">${choice('type', 'Test event', webhookTypes, 'user.created')}<button>Send</button></form></section>
<section><h2>Chaos</h2><form class="row" method="post" action="/dashboard/webhooks/chaos">
${check('duplicate', 'Duplicate', Boolean(chaos.active.duplicate))}${check('reorder', 'Reorder', Boolean(chaos.active.reorder))}${check('drop', 'Drop', Boolean(chaos.active.drop))}${check('concurrent', 'Concurrent', Boolean(chaos.active.concurrent))}
${field('delayMs', 'Delay (ms)', chaos.active.delayMs ?? 0, 'number')}<button>Apply</button></form></section>
<section><h2>Deliveries</h2>${table(
        ['Event', 'Status', 'Attempts', 'Sent', 'Actions'],
        [...own.deliveries]
          .reverse()
          .slice(0, shown)
          .map((delivery) => [
            html`<a href="/dashboard/webhooks/${delivery.id}">${delivery.type}</a>`,
            html`<span class="${delivery.status === 'succeeded' ? 'good' : delivery.status === 'failed' ? 'bad' : ''}">${delivery.status}</span>`,
            delivery.attempts.length,
            moment(delivery.event.timestamp),
            action(`/dashboard/webhooks/${delivery.id}/replay`, 'Replay'),
          ]),
      )}</section>`,
    )
  }

  const delivery = (call: Call) => {
    const found = clerk().webhooks.deliveries.find((one) => one.id === id(call))
    if (!found) throw invalidParameter('id', 'a delivery')
    return dashboardPage(
      found.type,
      '/dashboard/webhooks',
      html`<h1>${found.type}</h1><section><p><code>${found.id}</code> · ${found.status}${found.nextAttemptAt === null ? '' : ` · next attempt ${moment(found.nextAttemptAt)}`}</p>
${action(`/dashboard/webhooks/${found.id}/replay`, 'Replay', 'primary')}</section>
${found.attempts.map(
  ({ at, response, error }, index) => html`<section><h2>Attempt ${index + 1}, ${moment(at)}</h2>
<p>${response ? `Answered ${response.status}` : `No answer: ${error ?? ''}`}</p><pre>${response?.body}</pre></section>`,
)}
<section><h2>Body</h2><pre>${JSON.stringify(found.event, null, 2)}</pre></section>`,
    )
  }

  const settings = () => {
    const { env, tokens, faults } = clerk()
    const lines = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    return dashboardPage(
      'Settings',
      '/dashboard/settings',
      html`<h1>Settings</h1><section><h2>Environment</h2><pre>${lines.join('\n')}</pre></section>
<section><h2>Signing keys</h2>${table(
        ['Key', 'Actions'],
        tokens
          .jwks()
          .keys.map(({ kid }) => [
            html`<code>${kid}</code>`,
            kid === tokens.kid ? 'signs now' : action(`/dashboard/keys/${kid}/revoke`, 'Revoke', 'danger'),
          ]),
      )}${action('/dashboard/keys', 'Rotate')}</section>
<section><h2>Faults</h2>${table(
        ['Route', 'Fault'],
        [...faults.active].map(([route, fault]) => [route, JSON.stringify(fault)]),
      )}
<form class="inline" method="post" action="/dashboard/faults">${field('route', 'Route (* for all)', '*')}${choice('fault', 'Fault', Object.keys(faultKinds))}<button>Set</button></form>
${action('/dashboard/faults/clear', 'Clear all faults')}</section>`,
    )
  }

  const given = (call: Call, ...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, call.form.get(name)?.trim() || null]))
  const json = (call: Call, name: string): Record<string, unknown> => {
    try {
      return JSON.parse(call.form.get(name) ?? '{}')
    } catch {
      throw invalidParameter(name, 'JSON')
    }
  }
  const toUsers = () => '/dashboard'
  const toUser = (call: Call) => `/dashboard/users/${id(call)}`
  const toOrganizations = () => '/dashboard/organizations'
  const toOrganization = (call: Call) => `/dashboard/organizations/${id(call)}`
  const toSessions = () => '/dashboard/sessions'
  const toWebhooks = () => '/dashboard/webhooks'
  const toSettings = () => '/dashboard/settings'

  return [
    get('/', () => redirect('/dashboard')),
    get('/dashboard', users),
    get('/dashboard/users/:id', user),
    get('/dashboard/organizations', organizations),
    get('/dashboard/organizations/:id', organization),
    get('/dashboard/sessions', () =>
      dashboardPage(
        'Sessions',
        '/dashboard/sessions',
        html`<h1>Sessions</h1><section>${sessionTable(() => true)}</section>`,
      ),
    ),
    get('/dashboard/webhooks', webhooks),
    get('/dashboard/webhooks/:id', delivery),
    get('/dashboard/settings', settings),

    post(
      '/dashboard/users',
      (call) => {
        const { email_address, username, first_name, last_name } = given(
          call,
          'email_address',
          'username',
          'first_name',
          'last_name',
        )
        clerk().createUser({
          ...(email_address ? { emailAddress: email_address } : {}),
          username: username ?? null,
          firstName: first_name ?? null,
          lastName: last_name ?? null,
        })
      },
      toUsers,
    ),
    post(
      '/dashboard/users/:id',
      (call) => {
        const { first_name, last_name, username, external_id } = given(
          call,
          'first_name',
          'last_name',
          'username',
          'external_id',
        )
        clerk().updateUser(id(call), {
          firstName: first_name ?? null,
          lastName: last_name ?? null,
          username: username ?? null,
          externalId: external_id ?? null,
          publicMetadata: json(call, 'public_metadata'),
          privateMetadata: json(call, 'private_metadata'),
        })
      },
      toUser,
    ),
    post('/dashboard/users/:id/ban', (call) => clerk().banUser(id(call)), toUser),
    post('/dashboard/users/:id/unban', (call) => clerk().unbanUser(id(call)), toUser),
    post('/dashboard/users/:id/delete', (call) => clerk().deleteUser(id(call)), toUsers),
    post('/dashboard/users/:id/sessions', (call) => clerk().createSession(id(call)), toUser),
    post('/dashboard/sessions/:id/end', (call) => endSession(world, id(call), 'ended'), toSessions),
    post('/dashboard/sessions/:id/revoke', (call) => clerk().revokeSession(id(call)), toSessions),
    post(
      '/dashboard/organizations',
      (call) => {
        const { name, created_by } = given(call, 'name', 'created_by')
        clerk().createOrganization({ name: name ?? '', ...(created_by ? { createdBy: created_by } : {}) })
      },
      toOrganizations,
    ),
    post(
      '/dashboard/organizations/:id',
      (call) =>
        clerk().updateOrganization(id(call), {
          name: call.form.get('name') ?? '',
          slug: call.form.get('slug') ?? '',
          publicMetadata: json(call, 'public_metadata'),
        }),
      toOrganization,
    ),
    post(
      '/dashboard/organizations/:id/delete',
      (call) => clerk().deleteOrganization(id(call)),
      toOrganizations,
    ),
    post(
      '/dashboard/organizations/:id/members',
      (call) =>
        clerk().addMember(id(call), call.form.get('user_id')?.trim() ?? '', call.form.get('role') ?? ''),
      toOrganization,
    ),
    post(
      '/dashboard/organizations/:id/members/:userId',
      (call) => clerk().updateMembership(id(call), call.param('userId'), call.form.get('role') ?? ''),
      toOrganization,
    ),
    post(
      '/dashboard/organizations/:id/members/:userId/remove',
      (call) => clerk().removeMember(id(call), call.param('userId')),
      toOrganization,
    ),
    post(
      '/dashboard/webhooks/endpoint',
      (call) => clerk().webhooks.sendTo(endpointUrl(call.form.get('url'))),
      toWebhooks,
    ),
    post(
      '/dashboard/webhooks/test',
      (call) => {
        const type = webhookTypes.find((one) => one === call.form.get('type')) ?? 'user.created'
        clerk().webhooks.send(type, webhookFixture(type).data)
      },
      toWebhooks,
    ),
    post(
      '/dashboard/webhooks/chaos',
      ({ form }) =>
        clerk().webhooks.chaos({
          duplicate: form.has('duplicate'),
          reorder: form.has('reorder'),
          drop: form.has('drop'),
          concurrent: form.has('concurrent'),
          delayMs: Math.max(0, Number(form.get('delayMs')) || 0),
        }),
      toWebhooks,
    ),
    post(
      '/dashboard/webhooks/:id/replay',
      (call) => clerk().webhooks.replay(id(call)),
      (call) => `/dashboard/webhooks/${id(call)}`,
    ),
    post('/dashboard/keys', () => clerk().tokens.rotate(), toSettings),
    post('/dashboard/keys/:id/revoke', (call) => clerk().tokens.revokeKey(id(call)), toSettings),
    post(
      '/dashboard/faults',
      (call) => {
        const kind = call.form.get('fault') ?? ''
        if (!Object.hasOwn(faultKinds, kind)) throw invalidParameter('fault', 'one of the list')
        clerk().faults.set(call.form.get('route')?.trim() ?? '', faultKinds[kind as keyof typeof faultKinds])
      },
      toSettings,
    ),
    post('/dashboard/faults/clear', () => clerk().faults.clear(), toSettings),
  ]
}

const faultKinds = {
  down: { down: true },
  hang: { hang: true },
  'slow (3 s)': { slowMs: 3000 },
  '429': { status: 429, headers: { 'retry-after': '5' } },
  '500': { status: 500 },
} as const

const statusOf = ({ banned, locked }: { banned: boolean; locked: boolean }): Markup =>
  banned
    ? html`<span class="status bad">banned</span>`
    : locked
      ? html`<span class="status bad">locked</span>`
      : html`<span class="status soft">active</span>`

function endpointUrl(given: string | null): string | undefined {
  const url = given?.trim()
  if (!url) return undefined
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw invalidParameter('url', 'an http(s) URL')
  return url
}
