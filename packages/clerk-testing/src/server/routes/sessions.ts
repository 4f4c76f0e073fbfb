import type { Instance } from '../../resources/instance.js'
import type { SessionJSON } from '../../resources/json.js'
import { order, paginate } from '../../resources/lists.js'
import { allSessions, createSession, endSession, getSession } from '../../resources/sessions.js'
import { sessionToken, templateToken } from '../../resources/tokens.js'
import { BackendError, notFound } from '../errors.js'
import { nullable, parse, required, text, whole } from '../parameters.js'
import { type Call, ok, type Route } from '../route.js'

export function sessionRoutes(instance: Instance): Route[] {
  const at = { access: 'secret-key', limit: 'standard' } as const
  const id = (call: Call) => call.param('id')
  const ttl = (call: Call) => {
    const { expires_in_seconds } = parse(call.body, { expires_in_seconds: nullable(whole) })
    if (
      typeof expires_in_seconds === 'number' &&
      (expires_in_seconds < 30 || expires_in_seconds > 315_360_000)
    ) {
      throw new BackendError(422, 'form_param_value_invalid', 'is invalid', {
        meta: { param_name: 'expires_in_seconds' },
      })
    }
    return expires_in_seconds ?? undefined
  }

  return [
    {
      method: 'GET',
      path: '/v1/sessions',
      ...at,
      handle: ({ query }) => {
        const wanted = (name: 'user_id' | 'client_id' | 'status') => (session: SessionJSON) =>
          query.get(name) === null || session[name] === query.get(name)
        const found = allSessions(instance)
          .filter(wanted('user_id'))
          .filter(wanted('client_id'))
          .filter(wanted('status'))
        const page = paginate(order(found, query, { created_at: ({ created_at }) => created_at }), query)
        return ok(query.get('paginated') === 'true' ? page : page.data)
      },
    },
    { method: 'POST', path: '/v1/sessions', ...at, handle: ({ body }) => ok(createSession(instance, body)) },
    { method: 'GET', path: '/v1/sessions/:id', ...at, handle: (call) => ok(getSession(instance, id(call))) },
    {
      method: 'POST',
      path: '/v1/sessions/:id/revoke',
      ...at,
      handle: (call) => ok(endSession(instance, id(call), 'revoked')),
    },
    {
      method: 'POST',
      path: '/v1/sessions/:id/tokens',
      ...at,
      handle: async (call) =>
        ok({ object: 'token', jwt: await sessionToken(instance, id(call), {}, { ttlSeconds: ttl(call) }) }),
    },
    {
      method: 'POST',
      path: '/v1/sessions/:id/tokens/:template',
      ...at,
      handle: async (call) =>
        ok({
          object: 'token',
          jwt: await templateToken(instance, id(call), call.param('template'), ttl(call)),
        }),
    },
    {
      method: 'GET',
      path: '/v1/clients',
      ...at,
      handle: ({ query }) => {
        const page = paginate([...instance.state.clients.keys()].reverse().map(clientJson), query)
        return ok(query.get('paginated') === 'true' ? page : page.data)
      },
    },
    { method: 'GET', path: '/v1/clients/:id', ...at, handle: (call) => ok(clientJson(id(call))) },
    {
      method: 'POST',
      path: '/v1/sessions/:id/verify',
      ...at,
      handle: (call) => {
        parse(call.body, { token: required(text) })
        return ok(getSession(instance, id(call)))
      },
    },
  ]

  function clientJson(clientId: string): object {
    const client = instance.state.clients.get(clientId)
    if (!client) throw notFound('client')
    const sessions = allSessions(instance).filter(({ client_id }) => client_id === clientId)
    return {
      object: 'client',
      id: clientId,
      session_ids: sessions.map((session) => session.id),
      sessions,
      sign_in_id: null,
      sign_up_id: null,
      last_active_session_id: client.session_id,
      last_authentication_strategy: null,
      created_at: sessions[0]?.created_at ?? instance.now(),
      updated_at: sessions.at(-1)?.updated_at ?? instance.now(),
    }
  }
}
