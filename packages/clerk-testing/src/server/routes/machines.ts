import {
  apiKeyJson,
  createApiKey,
  deleteApiKey,
  getApiKey,
  revokeApiKey,
  updateApiKey,
  verifyApiKey,
} from '../../resources/api-keys.js'
import type { Instance } from '../../resources/instance.js'
import { order, paginate } from '../../resources/lists.js'
import {
  createM2MToken,
  listM2MTokens,
  type MachineCaller,
  revokeM2MToken,
  verifyM2MToken,
} from '../../resources/m2m-tokens.js'
import {
  createMachine,
  createScope,
  deleteMachine,
  deleteScope,
  getMachine,
  machineJson,
  machineOf,
  rotateMachineSecret,
  unauthorizedMachine,
  updateMachine,
} from '../../resources/machines.js'
import { verifyOAuthToken } from '../../resources/oauth-tokens.js'
import { missingParameter } from '../errors.js'
import { type Call, ok, type Route } from '../route.js'

export function machineRoutes(instance: Instance): Route[] {
  const at = { access: 'secret-key', limit: 'standard' } as const
  const byMachine = { access: 'machine', limit: 'standard' } as const
  const id = (call: Call) => call.param('id')
  const bearer = (call: Call) => (call.headers.authorization ?? '').replace(/^Bearer /i, '')
  const caller = (call: Call): MachineCaller => machineOf(instance, bearer(call)) ?? null
  const machine = (call: Call) => {
    const found = caller(call)
    if (!found) throw unauthorizedMachine()
    return found
  }

  return [
    {
      method: 'GET',
      path: '/api_keys',
      ...at,
      handle: ({ query }) => {
        const subject = query.get('subject')
        if (!subject) throw missingParameter('subject')
        const keys = [...instance.state.apiKeys.values()]
          .filter((key) => key.subject === subject)
          .map((key) => apiKeyJson(instance, key))
          .filter((key) => query.get('include_invalid') === 'true' || (!key.revoked && !key.expired))
        return ok(paginate(keys.reverse(), query))
      },
    },
    { method: 'POST', path: '/api_keys', ...at, handle: ({ body }) => ok(createApiKey(instance, body)) },
    {
      method: 'POST',
      path: '/api_keys/verify',
      ...at,
      handle: ({ body }) => ok(verifyApiKey(instance, body)),
    },
    {
      method: 'GET',
      path: '/api_keys/:id',
      ...at,
      handle: (call) => ok(apiKeyJson(instance, getApiKey(instance, id(call)))),
    },
    {
      method: 'PATCH',
      path: '/api_keys/:id',
      ...at,
      handle: (call) => ok(updateApiKey(instance, id(call), call.body)),
    },
    {
      method: 'DELETE',
      path: '/api_keys/:id',
      ...at,
      handle: (call) => ok(deleteApiKey(instance, id(call))),
    },
    {
      method: 'POST',
      path: '/api_keys/:id/revoke',
      ...at,
      handle: (call) => ok(revokeApiKey(instance, id(call), call.body)),
    },
    {
      method: 'GET',
      path: '/api_keys/:id/secret',
      ...at,
      handle: (call) => ok({ secret: getApiKey(instance, id(call)).secret }),
    },

    {
      method: 'GET',
      path: '/v1/machines',
      ...at,
      handle: ({ query }) => {
        const needle = query.get('query')?.toLowerCase()
        const found = [...instance.state.machines.values()].filter(
          ({ id, name }) => !needle || [id, name].some((one) => one.toLowerCase().includes(needle)),
        )
        const sorted = order(found, query, {
          created_at: ({ created_at }) => created_at,
          name: ({ name }) => name,
        })
        const page = paginate(sorted, query)
        return ok({ ...page, data: page.data.map((one) => machineJson(instance, one)) })
      },
    },
    {
      method: 'POST',
      path: '/v1/machines',
      ...at,
      handle: ({ body }) => {
        const created = createMachine(instance, body)
        return ok({ ...machineJson(instance, created), secret_key: created.secret_key })
      },
    },
    {
      method: 'GET',
      path: '/v1/machines/:id',
      ...at,
      handle: (call) => ok(machineJson(instance, getMachine(instance, id(call)))),
    },
    {
      method: 'PATCH',
      path: '/v1/machines/:id',
      ...at,
      handle: (call) => ok(machineJson(instance, updateMachine(instance, id(call), call.body))),
    },
    {
      method: 'DELETE',
      path: '/v1/machines/:id',
      ...at,
      handle: (call) => ok(deleteMachine(instance, id(call))),
    },
    {
      method: 'GET',
      path: '/v1/machines/:id/secret_key',
      ...at,
      handle: (call) =>
        ok({ object: 'machine_secret_key', secret: getMachine(instance, id(call)).secret_key }),
    },
    {
      method: 'POST',
      path: '/v1/machines/:id/secret_key/rotate',
      ...at,
      handle: (call) =>
        ok({ object: 'machine_secret_key', ...rotateMachineSecret(instance, id(call), call.body) }),
    },
    {
      method: 'POST',
      path: '/v1/machines/:id/scopes',
      ...at,
      handle: (call) => ok(createScope(instance, id(call), call.body)),
    },
    {
      method: 'DELETE',
      path: '/v1/machines/:id/scopes/:other',
      ...at,
      handle: (call) => ok(deleteScope(instance, id(call), call.param('other'))),
    },

    {
      method: 'GET',
      path: '/m2m_tokens',
      ...byMachine,
      handle: (call) => {
        const page = paginate(listM2MTokens(instance, caller(call), call.query), call.query)
        return ok({ m2m_tokens: page.data, total_count: page.total_count })
      },
    },
    {
      method: 'POST',
      path: '/m2m_tokens',
      ...byMachine,
      handle: async (call) => ok(await createM2MToken(instance, machine(call), call.body)),
    },
    {
      method: 'POST',
      path: '/m2m_tokens/verify',
      ...byMachine,
      handle: (call) => ok(verifyM2MToken(instance, caller(call), call.body)),
    },
    {
      method: 'POST',
      path: '/m2m_tokens/:id/revoke',
      ...byMachine,
      handle: (call) => ok(revokeM2MToken(instance, caller(call), id(call), call.body)),
    },
    {
      method: 'POST',
      path: '/oauth_applications/access_tokens/verify',
      ...at,
      handle: ({ body }) => ok(verifyOAuthToken(instance, body)),
    },
  ]
}
