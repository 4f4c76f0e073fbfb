import { action } from '../server/api.js'
import { collection } from '../server/collection.js'
import { BackendError, invalidParameter, notFound } from '../server/errors.js'
import { newId } from './ids.js'
import { type Instance, type Loose, type Permission, type Roles, type StoredRole, touch } from './instance.js'
import { changeRoles } from './memberships.js'

const defaultRoles: Roles = {
  'org:admin': [
    'org:sys_profile:manage',
    'org:sys_profile:delete',
    'org:sys_memberships:read',
    'org:sys_memberships:manage',
    'org:sys_domains:read',
    'org:sys_domains:manage',
  ],
  'org:member': ['org:sys_memberships:read'],
}

export const initialRoleSet = 'role_set:default'

const nameOf = (key: string) => {
  const name = key.replace(/^org:(sys_)?/, '').replaceAll(/[_:]/g, ' ')
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** The roles an instance begins with, without events. */
export function plantRoles(instance: Instance, more: Roles): void {
  const { state } = instance
  const now = instance.now()
  const times = { created_at: now, updated_at: now }
  const permission = (key: string): string => {
    const known = [...state.permissions.values()].find((one) => one.key === key)
    const made: Permission = known ?? {
      id: newId('perm'),
      object: 'permission',
      name: nameOf(key),
      key,
      description: '',
      type: key.startsWith('org:sys_') ? 'system' : 'user',
      ...times,
    }
    state.permissions.set(made.id, made)
    return made.id
  }
  for (const [key, permissions] of Object.entries({ ...defaultRoles, ...more })) {
    const role: StoredRole = {
      id: newId('role'),
      object: 'role',
      name: nameOf(key),
      key,
      description: null,
      is_creator_eligible: permissions.includes('org:sys_memberships:manage'),
      permissions: permissions.map(permission),
      ...times,
    }
    state.roles.set(role.id, role)
  }
  const set = { name: 'Default', key: initialRoleSet, description: null, type: 'initial', ...times }
  const keys = {
    roles: [...state.roles.values()].map(({ key }) => key),
    default_role: 'org:member',
    creator_role: 'org:admin',
  }
  const id = newId('rset')
  state.roleSets.set(id, { id, object: 'role_set', ...set, ...keys })
}

const roleByKey = ({ state }: Instance, key: string) =>
  [...state.roles.values()].find((role) => role.key === key)

export const roleName = (instance: Instance, key: string): string =>
  roleByKey(instance, key)?.name ?? nameOf(key)

export const roleKeys = ({ state }: Instance): string[] => [...state.roles.values()].map(({ key }) => key)

/** Keys of what a role permits. */
export function permissionsOf(instance: Instance, key: string): string[] {
  return (roleByKey(instance, key)?.permissions ?? []).flatMap(
    (id) => instance.state.permissions.get(id)?.key ?? [],
  )
}

/** @throws {BackendError} 422 for a role the instance does not have */
export function knownRole(instance: Instance, key: string): string {
  if (!roleByKey(instance, key)) throw invalidParameter('role', `one of ${roleKeys(instance).join(', ')}`)
  return key
}

const assertKey = (key: unknown, form: RegExp, like: string) => {
  if (typeof key === 'string' && !form.test(key)) throw invalidParameter('key', `like ${like}`)
}

const permissions = collection<Permission>({
  path: '/organization_permissions',
  table: 'permissions',
  schema: 'Permission',
  idPrefix: 'perm',
  keys: ['key'],
  unique: ['key'],
  events: 'permission',
  search: ['name', 'key'],
  create(permission) {
    assertKey(permission.key, /^org:[a-z0-9_]+:[a-z0-9_]+$/, 'org:invoices:read')
    permission.type = 'user'
  },
  remove(permission, instance) {
    for (const role of instance.state.roles.values()) {
      if (!role.permissions.includes(permission.id)) continue
      role.permissions = role.permissions.filter((id) => id !== permission.id)
      roles.changed(instance, role)
    }
  },
})

const roles = collection<StoredRole>({
  path: '/organization_roles',
  table: 'roles',
  schema: 'Role',
  idPrefix: 'role',
  keys: ['key'],
  unique: ['key'],
  events: 'role',
  search: ['name', 'key'],
  create(role, { instance, body }) {
    assertKey(role.key, /^org:[a-z0-9_]+$/, 'org:accountant')
    role.permissions = known(instance, role.permissions)
    if (body.include_in_initial_role_set === true) {
      for (const set of instance.state.roleSets.values()) {
        if (set.type === 'initial') (set.roles as string[]).push(role.key)
      }
    }
  },
  update(role, { instance, body }) {
    assertKey(body.key, /^org:[a-z0-9_]+$/, 'org:accountant')
    const { permissions: ids = role.permissions, ...fields } = body as Partial<StoredRole>
    if (fields.key && fields.key !== role.key)
      changeRoles(instance, (key) => (key === role.key ? fields.key : undefined))
    Object.assign(role, fields, { permissions: known(instance, ids) })
  },
  remove(role, instance) {
    const used = [...instance.state.memberships.values()].some((membership) => membership.role === role.key)
    if (used) {
      throw new BackendError(422, 'organization_role_assigned_to_members', 'in use', {
        longMessage: 'Members have this role. Give them another one first.',
      })
    }
    for (const set of instance.state.roleSets.values()) {
      set.roles = (set.roles as string[]).filter((key) => key !== role.key)
    }
  },
  json: (role, { state }) => ({
    ...role,
    permissions: role.permissions.flatMap((id) => state.permissions.get(id) ?? []),
  }),
})

function known({ state }: Instance, ids: readonly string[] | null): string[] {
  for (const id of ids ?? []) if (!state.permissions.has(id)) throw notFound('permission')
  return [...(ids ?? [])]
}

const grant =
  (change: (held: string[], id: string) => string[]) =>
  ({ instance, path }: { instance: Instance; path: Readonly<Record<string, string>> }) => {
    const role = roles.find(instance, path.organization_role_id ?? '')
    const { id } = permissions.find(instance, path.permission_id ?? '')
    role.permissions = change(role.permissions, id)
    return roles.json(instance, roles.changed(instance, role))
  }

/** Stored with keys: which roles those are is looked up where it is shown. */
const roleSets = collection<Loose>({
  path: '/role_sets',
  table: 'roleSets',
  schema: 'RoleSet',
  idPrefix: 'rset',
  keys: ['key'],
  unique: ['key'],
  search: ['name', 'key'],
  create(set, { instance, body }) {
    const name = String(set.name).toLowerCase().replaceAll(/\W+/g, '_')
    set.key = body.key ?? `role_set:${name}`
    set.type = body.type ?? 'custom'
    Object.assign(set, { default_role: body.default_role_key, creator_role: body.creator_role_key })
    for (const key of [...(set.roles as string[]), set.default_role, set.creator_role])
      knownRole(instance, String(key))
  },
  update(set, { instance, body }) {
    setDefaults(instance, set, body)
    for (const name of ['name', 'key', 'description', 'type'])
      if (body[name] !== undefined) set[name] = body[name]
  },
  json(set, instance) {
    const item = (key: unknown) => {
      const role = roleByKey(instance, String(key))
      if (!role) return []
      const members = [...instance.state.memberships.values()].filter((one) => one.role === role.key).length
      return [{ ...role, object: 'role_set_item', members_count: members, has_members: members > 0 }]
    }
    const [default_role = null] = item(set.default_role)
    const [creator_role = null] = item(set.creator_role)
    return { ...set, roles: (set.roles as string[]).flatMap(item), default_role, creator_role }
  },
})

function setDefaults(instance: Instance, set: Loose, body: Readonly<Record<string, unknown>>): void {
  for (const which of ['default_role', 'creator_role']) {
    const key = body[`${which}_key`]
    if (typeof key === 'string') set[which] = knownRole(instance, key)
  }
}

const setAt = (call: { instance: Instance; path: Readonly<Record<string, string>> }) =>
  roleSets.find(call.instance, call.path.role_set_key_or_id ?? '')

export const roleOperations = [
  ...permissions.bindings,
  ...roles.bindings,
  ...roleSets.bindings,
  action(
    'AssignPermissionToOrganizationRole',
    grant((held, id) => {
      if (held.includes(id))
        throw new BackendError(409, 'organization_role_permission_exists', 'already assigned')
      return [...held, id]
    }),
  ),
  action(
    'RemovePermissionFromOrganizationRole',
    grant((held, id) => held.filter((one) => one !== id)),
  ),
  action<{ role_keys: string[] }>('AddRolesToRoleSet', (call) => {
    const set = setAt(call)
    for (const key of call.body.role_keys) knownRole(call.instance, key)
    set.roles = [...new Set([...(set.roles as string[]), ...call.body.role_keys])]
    setDefaults(call.instance, set, call.body as Record<string, unknown>)
    return roleSets.json(call.instance, roleSets.changed(call.instance, set))
  }),
  action<{ role_key: string; to_role_key: string }>('ReplaceRoleInRoleSet', (call) => {
    const { instance, body } = call
    const set = setAt(call)
    const keys = set.roles as string[]
    if (!keys.includes(body.role_key)) throw notFound('role')
    knownRole(instance, body.to_role_key)
    const replaced = (key: unknown) => (key === body.role_key ? body.to_role_key : String(key))
    set.roles = [...new Set(keys.map(replaced))]
    set.default_role = replaced(set.default_role)
    set.creator_role = replaced(set.creator_role)
    changeRoles(instance, (key) => (key === body.role_key ? body.to_role_key : undefined), String(set.key))
    return roleSets.json(instance, roleSets.changed(instance, set))
  }),
  action<{ dest_role_set_key: string; reassignment_mappings?: Record<string, string> }>(
    'ReplaceRoleSet',
    (call) => {
      const { instance, body } = call
      const set = setAt(call)
      const target = roleSets.find(instance, body.dest_role_set_key)
      const own = (target.roles as string[]).includes.bind(target.roles)
      const mapped = (key: string) =>
        body.reassignment_mappings?.[key] ?? (own(key) ? key : String(target.default_role))
      changeRoles(instance, mapped, String(set.key))
      for (const organization of instance.state.organizations.values()) {
        if (organization.role_set_key !== set.key) continue
        organization.role_set_key = String(target.key)
        touch(instance, organization)
      }
      instance.state.roleSets.delete(set.id)
      return { id: set.id, object: 'role_set', deleted: true }
    },
  ),
]
