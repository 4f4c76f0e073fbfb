import {
  createContact,
  deleteContact,
  emailKind,
  findContact,
  phoneKind,
  updateContact,
} from '../../resources/contacts.js'
import type { Instance } from '../../resources/instance.js'
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
import { ok, type Route } from '../route.js'

export function userRoutes(instance: Instance): Route[] {
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
      const user = getUser(instance, id(call))
      user.totp_enabled = user.two_factor_enabled = false
      user.backup_code_enabled = false
      updateUser(instance, user.id, {})
      return ok({ user_id: user.id })
    },
  })

  return [
    {
      method: 'GET',
      path: '/v1/users',
      ...read,
      handle: ({ query }) => ok(paginate(listUsers(instance, query), query).data),
    },
    { method: 'POST', path: '/v1/users', ...read, handle: ({ body }) => ok(createUser(instance, body)) },
    {
      method: 'GET',
      path: '/v1/users/count',
      ...read,
      handle: ({ query }) =>
        ok({ object: 'total_count', total_count: matchingUsers(instance, query).length }),
    },
    { method: 'GET', path: '/v1/users/:id', ...read, handle: (call) => ok(getUser(instance, id(call))) },
    {
      method: 'PATCH',
      path: '/v1/users/:id',
      ...write,
      handle: (call) => ok(updateUser(instance, id(call), call.body)),
    },
    {
      method: 'DELETE',
      path: '/v1/users/:id',
      ...read,
      handle: (call) => ok(deleteUser(instance, id(call))),
    },
    {
      method: 'PATCH',
      path: '/v1/users/:id/metadata',
      ...write,
      handle: (call) => ok(changeUserMetadata(instance, id(call), call.body, 'merge')),
    },
    {
      method: 'PUT',
      path: '/v1/users/:id/metadata',
      ...write,
      handle: (call) => ok(changeUserMetadata(instance, id(call), call.body, 'replace')),
    },
    {
      method: 'PUT',
      path: '/v1/users/:id/email_address',
      ...write,
      handle: (call) => ok(replaceContact(instance, id(call), emailKind, call.body)),
    },
    {
      method: 'PUT',
      path: '/v1/users/:id/phone_number',
      ...write,
      handle: (call) => ok(replaceContact(instance, id(call), phoneKind, call.body)),
    },
    action('ban', (userId) => setBanned(instance, userId, true)),
    action('unban', (userId) => setBanned(instance, userId, false)),
    action('lock', (userId) => setLocked(instance, userId, true)),
    action('unlock', (userId) => setLocked(instance, userId, false)),
    {
      method: 'POST',
      path: '/v1/users/:id/verify_password',
      ...read,
      handle: (call) => ok(verifyPassword(instance, id(call), call.body)),
    },
    noFactor('mfa'),
    noFactor('totp'),
    noFactor('backup_code'),
    {
      method: 'GET',
      path: '/v1/users/:id/organization_memberships',
      ...read,
      handle: (call) => {
        const user = getUser(instance, id(call))
        const own = [...instance.state.memberships.values()].filter(({ user_id }) => user_id === user.id)
        const page = paginate(own.reverse(), call.query)
        return ok({ ...page, data: page.data.map((stored) => membershipJson(instance, stored)) })
      },
    },
    {
      method: 'GET',
      path: '/v1/users/:id/organization_invitations',
      ...read,
      handle: (call) => {
        const user = getUser(instance, id(call))
        const addresses = new Set(user.email_addresses.map(({ email_address }) => email_address))
        const status = call.query.getAll('status')
        const own = [...instance.state.organizationInvitations.values()].filter(
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
      { method: 'POST', path, ...read, handle: ({ body }) => ok(createContact(instance, kind, body)) },
      {
        method: 'GET',
        path: `${path}/:id`,
        ...read,
        handle: (call) => ok(findContact(instance, kind, id(call)).contact),
      },
      {
        method: 'PATCH',
        path: `${path}/:id`,
        ...read,
        handle: (call) => ok(updateContact(instance, kind, id(call), call.body)),
      },
      {
        method: 'DELETE',
        path: `${path}/:id`,
        ...read,
        handle: (call) => ok(deleteContact(instance, kind, id(call))),
      },
    ]
  }
}
