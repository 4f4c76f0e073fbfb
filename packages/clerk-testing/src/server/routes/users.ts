import {
  createContact,
  deleteContact,
  emailKind,
  findContact,
  phoneKind,
  updateContact,
} from '../../resources/contacts.js'
import { paginate } from '../../resources/lists.js'
import { membershipJson } from '../../resources/memberships.js'
import { listUsers, matchingUsers } from '../../resources/user-list.js'
import {
  changeUserMetadata,
  createUser,
  deleteUser,
  getUser,
  replaceContact,
  setBanned,
  setLocked,
  updateUser,
  verifyPassword,
} from '../../resources/users.js'
import type { World } from '../../resources/world.js'
import { ok, type Route } from '../route.js'

export function userRoutes(world: World): Route[] {
  const read = { access: 'secret-key', limit: 'standard' } as const
  const write = { access: 'secret-key', limit: 'user-write' } as const
  const id = (call: { param(name: string): string }) => call.param('id')
  const action = (name: string, run: (userId: string) => unknown): Route => ({
    method: 'POST',
    path: `/v1/users/:id/${name}`,
    ...read,
    handle: (call) => ok(run(id(call))),
  })
  const noFactor = (name: string): Route => ({
    method: 'DELETE',
    path: `/v1/users/:id/${name}`,
    ...write,
    handle: (call) => {
      const user = getUser(world, id(call))
      user.totp_enabled = user.two_factor_enabled = false
      user.backup_code_enabled = false
      updateUser(world, user.id, {})
      return ok({ user_id: user.id })
    },
  })

  return [
    {
      method: 'GET',
      path: '/v1/users',
      ...read,
      handle: ({ query }) => ok(paginate(listUsers(world, query), query).data),
    },
    { method: 'POST', path: '/v1/users', ...read, handle: ({ body }) => ok(createUser(world, body)) },
    {
      method: 'GET',
      path: '/v1/users/count',
      ...read,
      handle: ({ query }) => ok({ object: 'total_count', total_count: matchingUsers(world, query).length }),
    },
    { method: 'GET', path: '/v1/users/:id', ...read, handle: (call) => ok(getUser(world, id(call))) },
    {
      method: 'PATCH',
      path: '/v1/users/:id',
      ...write,
      handle: (call) => ok(updateUser(world, id(call), call.body)),
    },
    { method: 'DELETE', path: '/v1/users/:id', ...read, handle: (call) => ok(deleteUser(world, id(call))) },
    {
      method: 'PATCH',
      path: '/v1/users/:id/metadata',
      ...write,
      handle: (call) => ok(changeUserMetadata(world, id(call), call.body, 'merge')),
    },
    {
      method: 'PUT',
      path: '/v1/users/:id/metadata',
      ...write,
      handle: (call) => ok(changeUserMetadata(world, id(call), call.body, 'replace')),
    },
    {
      method: 'PUT',
      path: '/v1/users/:id/email_address',
      ...write,
      handle: (call) => ok(replaceContact(world, id(call), emailKind, call.body)),
    },
    {
      method: 'PUT',
      path: '/v1/users/:id/phone_number',
      ...write,
      handle: (call) => ok(replaceContact(world, id(call), phoneKind, call.body)),
    },
    action('ban', (userId) => setBanned(world, userId, true)),
    action('unban', (userId) => setBanned(world, userId, false)),
    action('lock', (userId) => setLocked(world, userId, true)),
    action('unlock', (userId) => setLocked(world, userId, false)),
    {
      method: 'POST',
      path: '/v1/users/:id/verify_password',
      ...read,
      handle: (call) => ok(verifyPassword(world, id(call), call.body)),
    },
    noFactor('mfa'),
    noFactor('totp'),
    noFactor('backup_code'),
    {
      method: 'GET',
      path: '/v1/users/:id/organization_memberships',
      ...read,
      handle: (call) => {
        const user = getUser(world, id(call))
        const own = [...world.state.memberships.values()].filter(({ user_id }) => user_id === user.id)
        const page = paginate(own.reverse(), call.query)
        return ok({ ...page, data: page.data.map((stored) => membershipJson(world, stored)) })
      },
    },
    {
      method: 'GET',
      path: '/v1/users/:id/organization_invitations',
      ...read,
      handle: (call) => {
        const user = getUser(world, id(call))
        const addresses = new Set(user.email_addresses.map(({ email_address }) => email_address))
        const status = call.query.getAll('status')
        const own = [...world.state.organizationInvitations.values()].filter(
          (invitation) =>
            addresses.has(invitation.email_address) &&
            (status.length === 0 || status.includes(invitation.status)),
        )
        return ok(paginate(own.reverse(), call.query))
      },
    },
    ...contactRoutes('/v1/email_addresses', emailKind),
    ...contactRoutes('/v1/phone_numbers', phoneKind),
  ]

  function contactRoutes(path: string, kind: typeof emailKind): Route[] {
    return [
      { method: 'POST', path, ...read, handle: ({ body }) => ok(createContact(world, kind, body)) },
      {
        method: 'GET',
        path: `${path}/:id`,
        ...read,
        handle: (call) => ok(findContact(world, kind, id(call)).contact),
      },
      {
        method: 'PATCH',
        path: `${path}/:id`,
        ...read,
        handle: (call) => ok(updateContact(world, kind, id(call), call.body)),
      },
      {
        method: 'DELETE',
        path: `${path}/:id`,
        ...read,
        handle: (call) => ok(deleteContact(world, kind, id(call))),
      },
    ]
  }
}
