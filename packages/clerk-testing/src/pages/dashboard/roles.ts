import type { Permission, StoredRole } from '../../resources/instance.js'
import { permissionsOf } from '../../resources/roles.js'
import type { Call, Route } from '../../server/route.js'
import { html, type Markup } from '../html.js'
import { action, choice, dashboardPage, field } from './forms.js'
import { list } from './list.js'
import { revisionOf } from './live-routes.js'
import { type Dashboard, get, given, id, pageAt, post } from './routes.js'

export function rolePages(dashboard: Dashboard): Route[] {
  const { instance, offline } = dashboard

  const roles = (call: Call): Markup => {
    const members = new Map<string, number>()
    for (const { role } of instance.state.memberships.values())
      members.set(role, (members.get(role) ?? 0) + 1)
    return list<StoredRole>(call, {
      name: 'roles',
      one: 'role',
      all: [...instance.state.roles.values()],
      matches: ({ key, name }, needle) => key.includes(needle) || name.toLowerCase().includes(needle),
      headings: ['Role', 'Key', 'Permissions', 'Members', 'Actions'],
      key: (role) => role.id,
      row: (role) => [
        role.name,
        html`<code>${role.key}</code>`,
        permissionsOf(instance, role.key).length === 0
          ? '–'
          : html`<ul class="plain">${permissionsOf(instance, role.key).map((key) => html`<li><code>${key}</code></li>`)}</ul>`,
        members.get(role.key) ?? 0,
        action(`${pageAt('roles', role.id)}/delete`, 'Delete', 'danger', { of: role.name }),
      ],
    })
  }

  const permissions = (call: Call): Markup =>
    list<Permission>(call, {
      name: 'permissions',
      one: 'permission',
      prefix: 'permissions_',
      all: [...instance.state.permissions.values()],
      matches: ({ key, name }, needle) => key.includes(needle) || name.toLowerCase().includes(needle),
      headings: ['Permission', 'Key', 'Kind', 'Actions'],
      key: (permission) => permission.id,
      row: (permission) => [
        permission.name,
        html`<code>${permission.key}</code>`,
        permission.type,
        permission.type === 'system'
          ? ''
          : action(`/dashboard/permissions/${permission.id}/delete`, 'Delete', 'danger', {
              of: permission.name,
            }),
      ],
    })

  const page = (call: Call) => {
    const roleKeys = [...instance.state.roles.values()].map(({ key }) => key)
    const permissionKeys = [...instance.state.permissions.values()].map(({ key }) => key)
    return dashboardPage(
      'Roles',
      '/dashboard/roles',
      html`<h1>Roles and permissions</h1><section><h2>Roles</h2>${roles(call)}
<form class="inline" method="post" action="/dashboard/roles">${field('name', 'Name')}${field('key', 'Key', 'org:')}<button>Create role</button></form>
<form class="inline" method="post" action="/dashboard/grants">${choice('role', 'Role', roleKeys)}${choice('permission', 'Permission', permissionKeys)}<button name="change" value="give">Give</button><button name="change" value="take" class="danger">Take away</button></form></section>
<section><h2>Permissions</h2>${permissions(call)}
<form class="inline" method="post" action="/dashboard/permissions">${field('name', 'Name')}${field('key', 'Key', 'org:')}<button>Create permission</button></form></section>`,
      { revision: revisionOf(dashboard) },
    )
  }

  const named = (call: Call) => ({ name: given(call, 'name') ?? '', key: given(call, 'key') ?? '' })
  const toRoles = () => '/dashboard/roles'
  return [
    get('/dashboard/roles', page),
    post(
      '/dashboard/roles',
      (call) => {
        offline().call('CreateOrganizationRole', { body: { ...named(call), description: '' } })
      },
      toRoles,
    ),
    post(
      '/dashboard/roles/:id/delete',
      (call) => offline().call('DeleteOrganizationRole', { path: { organization_role_id: id(call) } }),
      toRoles,
    ),
    post(
      '/dashboard/permissions',
      (call) => {
        offline().call('CreateOrganizationPermission', { body: { ...named(call), description: '' } })
      },
      toRoles,
    ),
    post(
      '/dashboard/permissions/:id/delete',
      (call) => offline().call('DeleteOrganizationPermission', { path: { permission_id: id(call) } }),
      toRoles,
    ),
    post(
      '/dashboard/grants',
      (call) =>
        offline().call(
          given(call, 'change') === 'take'
            ? 'RemovePermissionFromOrganizationRole'
            : 'AssignPermissionToOrganizationRole',
          {
            path: {
              organization_role_id: given(call, 'role') ?? '',
              permission_id: given(call, 'permission') ?? '',
            },
          },
        ),
      toRoles,
    ),
  ]
}
