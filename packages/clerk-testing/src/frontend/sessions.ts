import type { SessionJSON } from '../resources/json.js'
import { findMembership } from '../resources/memberships.js'
import {
  createClient,
  endSession,
  endSessionsIn,
  sessionsOf,
  setActiveOrganization,
} from '../resources/sessions.js'
import { activeOrganization, sessionToken, templateToken } from '../resources/tokens.js'
import { notFound, signedOut } from '../server/errors.js'
import { clientJson, sessionJson } from './json.js'
import { open, own, type PageCall, parameter } from './operation.js'

const { text } = parameter

/** The page's own session. @throws {BackendError} 401 for one that has ended, 404 for another browser's */
function sessionAt({ instance, client, path }: PageCall): SessionJSON {
  const { session_id: id = '' } = path
  const session = sessionsOf(instance, client).find((one) => one.id === id)
  if (session) return session
  throw instance.state.sessions.get(id)?.client_id === client.id ? signedOut() : notFound('session')
}

const end = (status: 'ended' | 'removed') => (call: PageCall) => {
  const { id } = sessionAt(call)
  return sessionJson(call.instance, endSession(call.instance, id, status), call.origin)
}

/** `select_session` and `select_org`: which session, and which organisation, the page acts in from now on. */
function touch(call: PageCall): Promise<object> {
  const { instance, client, texts } = call
  const session = sessionAt(call)
  const { active_organization_id: organization } = texts
  if (organization) findMembership(instance, organization, session.user_id)
  if (organization !== undefined && (organization || null) !== session.last_active_organization_id)
    setActiveOrganization(instance, session.id, organization || null)
  client.session_id = session.id
  return sessionJson(instance, session, call.origin)
}

/** A token for the page; an empty `organization_id` is the personal account. */
async function token(call: PageCall): Promise<object> {
  const { instance, origin: azp, texts } = call
  const session = sessionAt(call)
  const { organization_id: organization } = texts
  if (organization) findMembership(instance, organization, session.user_id)
  const wanted =
    organization === undefined ? session : { ...session, last_active_organization_id: organization || null }
  const jwt = await sessionToken(instance, session.id, {
    azp,
    organization: activeOrganization(instance, wanted),
  })
  return { object: 'token', jwt }
}

const path = '/client/sessions/{session_id}'

export const sessionOperations = [
  open(
    'POST',
    '/dev_browser',
    ({ instance }) => ({ object: 'dev_browser', id: createClient(instance).browser }),
    { bare: true },
  ),
  open('GET', '/client', clientJson),
  open('PUT', '/client', clientJson),
  open('POST', '/client', clientJson),
  open('DELETE', '/client', (call) => {
    endSessionsIn(call.instance, call.client, 'removed')
    return clientJson(call)
  }),
  open('DELETE', '/client/sessions', (call) => {
    endSessionsIn(call.instance, call.client, 'removed')
    return clientJson(call)
  }),
  open('GET', path, (call) => sessionJson(call.instance, sessionAt(call), call.origin)),
  open('POST', `${path}/touch`, touch, { parameters: { active_organization_id: text, intent: text } }),
  open('POST', `${path}/end`, end('ended')),
  open('POST', `${path}/remove`, end('removed')),
  open('POST', `${path}/tokens`, token, { parameters: { organization_id: text }, bare: true }),
  open(
    'POST',
    `${path}/tokens/{template_name}`,
    async (call) => ({
      object: 'token',
      jwt: await templateToken(call.instance, sessionAt(call).id, call.path.template_name ?? '', undefined),
    }),
    { bare: true },
  ),
  own(
    'GET',
    '/me/sessions/active',
    ({ instance, user }) =>
      [...instance.state.sessions.values()]
        .filter(({ user_id, status }) => user_id === user.id && status === 'active')
        .map(activeJson),
    { bare: true },
  ),
  own('POST', '/me/sessions/{session_id}/revoke', ({ instance, user, path: { session_id = '' } }) => {
    if (instance.state.sessions.get(session_id)?.user_id !== user.id) throw notFound('session')
    return activeJson(endSession(instance, session_id, 'revoked'))
  }),
]

const activeJson = ({ id, object, status, expire_at, abandon_at, last_active_at, actor }: SessionJSON) => ({
  ...{ id, object, status, expire_at, abandon_at, last_active_at, actor },
  latest_activity: {
    object: 'session_activity',
    id: `sess_activity_${id.slice('sess_'.length)}`,
    is_mobile: false,
  },
})
