import { type ApiCall, action } from '../server/api.js'
import { verifySessionOperation } from '../server/beyond.js'
import { BackendError, notFound } from '../server/errors.js'
import { newId, randomText } from './ids.js'
import { type Instance, type StoredClient, touch } from './instance.js'
import type { SessionJSON, UserJSON } from './json.js'
import { answerList, order } from './lists.js'
import { sessionToken, templateToken } from './tokens.js'

const day = 86_400_000

export function getSession(instance: Instance, id: string): SessionJSON {
  const session = instance.state.sessions.get(id)
  if (!session) throw notFound('session')
  return expireWhenDue(instance, session)
}

function expireWhenDue(instance: Instance, session: SessionJSON): SessionJSON {
  if (session.status === 'active' && instance.now() >= session.expire_at) {
    session.status = 'expired'
    touch(instance, session)
  }
  return session
}

export function allSessions(instance: Instance): SessionJSON[] {
  return [...instance.state.sessions.values()].map((session) => expireWhenDue(instance, session))
}

export function createClient({ state }: Instance): StoredClient {
  const client: StoredClient = {
    id: newId('client'),
    browser: `dvb_${randomText(27)}`,
    session_id: null,
    uat: 0,
    sign_in_id: null,
    sign_up_id: null,
  }
  state.clients.set(client.id, client)
  return client
}

export interface NewSession {
  userId: string
  organizationId?: string | null | undefined
  client?: StoredClient | undefined
  /** `pending` while the user still has a task to do, as choosing an organisation. Default `active`. */
  status?: 'active' | 'pending' | undefined
  actor?: Record<string, unknown> | null | undefined
}

/** Signs a user in. @throws {BackendError} 404 without that user, or when the user is banned */
export function createSession(instance: Instance, given: NewSession): SessionJSON {
  const {
    userId,
    organizationId = null,
    client = createClient(instance),
    status = 'active',
    actor = null,
  } = given
  const user = instance.state.users.get(userId)
  if (!user || user.banned) throw notFound('user')
  const now = instance.now()
  const session: SessionJSON = {
    id: newId('sess'),
    object: 'session',
    client_id: client.id,
    user_id: userId,
    status,
    last_active_organization_id: organizationId,
    actor,
    last_active_at: now,
    expire_at: now + 7 * day,
    abandon_at: now + 30 * day,
    created_at: now,
    updated_at: now,
  }
  instance.state.sessions.set(session.id, session)
  client.session_id = session.id
  client.uat = Math.floor(now / 1000)
  user.last_sign_in_at = user.last_active_at = now
  instance.emit(status === 'pending' ? 'session.pending' : 'session.created', withUser(session, user))
  return session
}

/** Ends a session that is active or pending; another one stays as it is. */
export function endSession(
  instance: Instance,
  id: string,
  status: 'ended' | 'removed' | 'revoked',
): SessionJSON {
  const session = getSession(instance, id)
  if (session.status !== 'active' && session.status !== 'pending') return session
  session.status = status
  touch(instance, session)
  const client = instance.state.clients.get(session.client_id)
  if (client?.session_id === id) {
    client.session_id = sessionsOf(instance, client).at(-1)?.id ?? null
    if (client.session_id === null) client.uat = 0
  }
  instance.emit(`session.${status}`, withUser(session, instance.state.users.get(session.user_id)))
  return session
}

export function endSessionsOf(instance: Instance, userId: string, status: 'removed' | 'revoked'): void {
  for (const session of instance.state.sessions.values()) {
    if (session.user_id === userId) endSession(instance, session.id, status)
  }
}

/** What signing out of a browser does. */
export function endSessionsIn(instance: Instance, client: StoredClient, status: 'ended' | 'removed'): void {
  for (const { id } of sessionsOf(instance, client)) endSession(instance, id, status)
}

/** The sessions that a browser is signed in with, the oldest first. */
export function sessionsOf(instance: Instance, { id }: Pick<StoredClient, 'id'>): SessionJSON[] {
  const own = [...instance.state.sessions.values()].filter(({ client_id }) => client_id === id)
  return own.filter((session) => ['active', 'pending'].includes(expireWhenDue(instance, session).status))
}

/** Which organisation the session's next tokens are active in; `null` is the personal account. */
export function setActiveOrganization(
  instance: Instance,
  sessionId: string,
  organizationId: string | null,
): SessionJSON {
  const session = getSession(instance, sessionId)
  session.last_active_organization_id = organizationId
  touch(instance, session)
  return session
}

const withUser = (session: SessionJSON, user: UserJSON | undefined) => ({ ...session, user: user ?? null })

function clientJson(instance: Instance, clientId: string): object {
  const client = instance.state.clients.get(clientId)
  if (!client) throw notFound('client')
  const sessions = allSessions(instance).filter(({ client_id }) => client_id === clientId)
  return {
    object: 'client',
    id: clientId,
    session_ids: sessions.map((session) => session.id),
    sessions,
    sign_in_id: client.sign_in_id,
    sign_up_id: client.sign_up_id,
    last_active_session_id: client.session_id,
    last_authentication_strategy: null,
    created_at: sessions[0]?.created_at ?? instance.now(),
    updated_at: sessions.at(-1)?.updated_at ?? instance.now(),
  }
}

const sessionOf = (jwt: string): string => {
  try {
    const claims: { sid?: unknown } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
    return String(claims.sid)
  } catch {
    return ''
  }
}

const ttlOf = ({
  body,
}: ApiCall<{ expires_in_seconds?: number | null }>): { ttlSeconds: number | undefined } => {
  const { expires_in_seconds: seconds } = body
  if (typeof seconds === 'number' && (seconds < 30 || seconds > 315_360_000)) {
    throw new BackendError(422, 'form_param_value_invalid', 'is invalid', {
      meta: { param_name: 'expires_in_seconds' },
    })
  }
  return { ttlSeconds: seconds ?? undefined }
}
type Ttl = { expires_in_seconds?: number | null }
const tokenJson = async (jwt: Promise<string>) => ({ object: 'token', jwt: await jwt })

export const sessionOperations = [
  action('GetSessionList', (call) => {
    const { query, instance } = call
    const wanted = (['user_id', 'client_id', 'status'] as const).filter((name) => query[name] !== undefined)
    const found = allSessions(instance).filter((session) =>
      wanted.every((name) => session[name] === query[name]),
    )
    return answerList(call, order(found, call, {}))
  }),
  action<{ user_id: string; active_organization_id?: string }>('createSession', ({ instance, body }) =>
    createSession(instance, { userId: body.user_id, organizationId: body.active_organization_id }),
  ),
  action('GetSession', ({ instance, path }) => getSession(instance, path.session_id ?? '')),
  action('RevokeSession', ({ instance, path }) => endSession(instance, path.session_id ?? '', 'revoked')),
  action(verifySessionOperation, ({ instance, path }) => getSession(instance, path.session_id ?? '')),
  action<Ttl>('CreateSessionToken', (call) =>
    tokenJson(sessionToken(call.instance, call.path.session_id ?? '', {}, ttlOf(call))),
  ),
  action<Ttl>('CreateSessionTokenFromTemplate', (call) => {
    const { session_id = '', template_name = '' } = call.path
    return tokenJson(templateToken(call.instance, session_id, template_name, ttlOf(call).ttlSeconds))
  }),
  action<{ expired_token: string; format?: 'token' | 'cookie'; request_origin: string }>(
    'RefreshSession',
    async ({ instance, path, body }) => {
      const { session_id = '' } = path
      if (sessionOf(body.expired_token) !== session_id) {
        throw new BackendError(400, 'expired_token_session_mismatch', 'The token is of another session')
      }
      const jwt = await sessionToken(instance, session_id, { azp: body.request_origin })
      if (body.format !== 'cookie') return { object: 'token', jwt }
      return { object: 'cookies', cookies: [`__session=${jwt}; Path=/; SameSite=Lax`] }
    },
    { alsoQuery: { suffixed_cookies: { type: 'boolean' } } },
  ),
  action('GetClientList', (call) =>
    answerList(call, [...call.instance.state.clients.keys()].reverse(), (id) =>
      clientJson(call.instance, id),
    ),
  ),
  action('GetClient', ({ instance, path }) => clientJson(instance, path.client_id ?? '')),
  action<{ token: string }>('VerifyClient', ({ instance, body }) => {
    const byBrowser = [...instance.state.clients.values()].find(({ browser }) => browser === body.token)
    const session = instance.state.sessions.get(sessionOf(body.token))
    return clientJson(instance, byBrowser?.id ?? session?.client_id ?? '')
  }),
]
