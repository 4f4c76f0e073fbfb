import { notFound } from '../server/errors.js'
import { parse, required, text } from '../server/parameters.js'
import { newId, randomText } from './ids.js'
import { type Instance, type StoredClient, touch } from './instance.js'
import type { SessionJSON, SessionStatus, UserJSON } from './json.js'

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
  const client = { id: newId('client'), browser: `dvb_${randomText(27)}`, session_id: null, uat: 0 }
  state.clients.set(client.id, client)
  return client
}

/** Signs a user in. @throws {BackendError} 404 without that user, 403 when the user is banned */
export function createSession(
  instance: Instance,
  body: unknown,
  client = createClient(instance),
): SessionJSON {
  const { user_id, organization_id } = parse(body, { user_id: required(text), organization_id: text })
  const user = instance.state.users.get(user_id)
  if (!user || user.banned) throw notFound('user')
  const now = instance.now()
  const session: SessionJSON = {
    id: newId('sess'),
    object: 'session',
    client_id: client.id,
    user_id,
    status: 'active',
    last_active_organization_id: organization_id ?? null,
    actor: null,
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
  instance.emit('session.created', withUser(session, user))
  return session
}

const events: Partial<Record<SessionStatus, string>> = {
  ended: 'session.ended',
  removed: 'session.removed',
  revoked: 'session.revoked',
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
    client.session_id = null
    client.uat = 0
  }
  instance.emit(
    events[status] ?? 'session.ended',
    withUser(session, instance.state.users.get(session.user_id)),
  )
  return session
}

export function endSessionsOf(instance: Instance, userId: string, status: 'removed' | 'revoked'): void {
  for (const session of instance.state.sessions.values()) {
    if (session.user_id === userId) endSession(instance, session.id, status)
  }
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
