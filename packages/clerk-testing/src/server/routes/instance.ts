import type { Instance } from '../../resources/instance.js'
import { createInvitation, revokeInvitation } from '../../resources/invitations.js'
import { order, paginate } from '../../resources/lists.js'
import {
  createJwtTemplate,
  createSignInToken,
  createTestingToken,
  deleteJwtTemplate,
  getJwtTemplate,
  revokeSignInToken,
  updateJwtTemplate,
} from '../../resources/tickets.js'
import { invalidParameter } from '../errors.js'
import { type Call, ok, type Route } from '../route.js'

export function instanceRoutes(instance: Instance): Route[] {
  const at = { access: 'secret-key', limit: 'standard' } as const
  const inviting = { access: 'secret-key', limit: 'invitation' } as const
  const id = (call: Call) => call.param('id')

  return [
    {
      method: 'GET',
      path: '/.well-known/jwks.json',
      access: 'public',
      limit: 'none',
      handle: () => ok(instance.issuer.jwks()),
    },
    {
      method: 'GET',
      path: '/v1/jwks',
      access: 'secret-key',
      limit: 'none',
      handle: () => ok(instance.issuer.jwks()),
    },
    {
      method: 'GET',
      path: '/v1/instance',
      ...at,
      handle: () =>
        ok({
          object: 'instance',
          id: instance.instanceId,
          environment_type: 'development',
          allowed_origins: null,
        }),
    },
    {
      method: 'GET',
      path: '/v1/domains',
      ...at,
      handle: () =>
        ok({
          data: [
            {
              object: 'domain',
              id: 'dmn_offline',
              name: new URL(instance.url).host,
              is_satellite: false,
              frontend_api_url: instance.url,
              accounts_portal_url: instance.url,
              development_origin: '',
              cname_targets: [],
            },
          ],
          total_count: 1,
        }),
    },
    {
      method: 'GET',
      path: '/v1/invitations',
      ...at,
      handle: ({ query }) => {
        const needle = query.get('query')?.toLowerCase()
        const status = query.get('status')
        const found = [...instance.state.invitations.values()]
          .filter((one) => status === null || one.status === status)
          .filter(
            ({ id, email_address }) =>
              !needle || [id.toLowerCase(), email_address].some((t) => t.includes(needle)),
          )
        const page = paginate(
          order(found, query, {
            created_at: ({ created_at }) => created_at,
            email_address: ({ email_address }) => email_address,
            expires_at: ({ expires_at }) => expires_at,
          }),
          query,
        )
        return ok(query.get('paginated') === 'true' ? page : page.data)
      },
    },
    {
      method: 'POST',
      path: '/v1/invitations',
      ...inviting,
      handle: ({ body }) => ok(createInvitation(instance, body)),
    },
    {
      method: 'POST',
      path: '/v1/invitations/bulk',
      ...inviting,
      handle: ({ body }) => {
        if (!Array.isArray(body) || body.length > 10) throw invalidParameter('body', 'a list of at most 10')
        return ok(body.map((one) => createInvitation(instance, one)))
      },
    },
    {
      method: 'POST',
      path: '/v1/invitations/:id/revoke',
      ...at,
      handle: (call) => ok(revokeInvitation(instance, id(call))),
    },
    {
      method: 'POST',
      path: '/v1/sign_in_tokens',
      ...at,
      handle: async ({ body }) => ok(await createSignInToken(instance, body)),
    },
    {
      method: 'POST',
      path: '/v1/sign_in_tokens/:id/revoke',
      ...at,
      handle: (call) => ok(revokeSignInToken(instance, id(call))),
    },
    { method: 'POST', path: '/v1/testing_tokens', ...at, handle: () => ok(createTestingToken(instance)) },
    {
      method: 'GET',
      path: '/v1/jwt_templates',
      ...at,
      handle: ({ query }) => {
        const page = paginate([...instance.state.jwtTemplates.values()].reverse(), query)
        return ok(query.get('paginated') === 'true' ? page : page.data)
      },
    },
    {
      method: 'POST',
      path: '/v1/jwt_templates',
      ...at,
      handle: ({ body }) => ok(createJwtTemplate(instance, body)),
    },
    {
      method: 'GET',
      path: '/v1/jwt_templates/:id',
      ...at,
      handle: (call) => ok(getJwtTemplate(instance, id(call))),
    },
    {
      method: 'PATCH',
      path: '/v1/jwt_templates/:id',
      ...at,
      handle: (call) => ok(updateJwtTemplate(instance, id(call), call.body)),
    },
    {
      method: 'DELETE',
      path: '/v1/jwt_templates/:id',
      ...at,
      handle: (call) => ok(deleteJwtTemplate(instance, id(call))),
    },
  ]
}
