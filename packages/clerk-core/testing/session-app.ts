import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clerk } from '../src/clerk.js'
import type { Auth } from '../src/domain/auth/auth.js'
import type { SessionSlot } from '../src/domain/session/slot.js'
import type { MembershipRecord } from '../src/domain/store/organization.js'
import type { UserRecord } from '../src/domain/store/user.js'

/** A server-side session as an application would keep it: ours stands beside what the application put there. */
export interface StoredSession {
  clerk?: unknown
  localUser?: string
  [key: string]: unknown
}

export interface SessionApp {
  readonly url: string
  /** The session table, by session id. */
  readonly sessions: Map<string, StoredSession>
  /** How often a session was written or ended. */
  readonly writes: () => number
  close(): Promise<void>
}

/**
 * A plain Node application with server-side sessions in a cookie `app`, answering `GET /` (and any method) with what
 * `authenticate` says. `/login-local` signs a local user in.
 */
export async function startSessionApp<U extends UserRecord, M extends MembershipRecord>(
  clerk: Clerk<U, M>,
): Promise<SessionApp> {
  const sessions = new Map<string, StoredSession>()
  let writes = 0

  const server = createServer(async (req, res) => {
    let id = /(?:^|; )app=([^;]+)/.exec(req.headers.cookie ?? '')?.[1]
    if (id !== undefined && !sessions.has(id)) id = undefined
    const setId = (next: string) => {
      id = next
      res.setHeader('set-cookie', `app=${next}; HttpOnly; Path=/`)
    }
    const current = (): StoredSession => {
      if (id === undefined) setId(randomUUID())
      const session = sessions.get(id as string) ?? {}
      sessions.set(id as string, session)
      return session
    }
    const localUser = id === undefined ? undefined : sessions.get(id)?.localUser
    const slot: SessionSlot = {
      read: () => (id === undefined ? undefined : sessions.get(id)?.clerk),
      write: (record) => {
        writes++
        current().clerk = JSON.parse(JSON.stringify(record))
      },
      renew: ({ keep }) => {
        const old = id === undefined ? {} : (sessions.get(id) ?? {})
        if (id !== undefined) sessions.delete(id)
        setId(randomUUID())
        sessions.set(id as string, keep ? old : {})
      },
      end: () => {
        const session = id === undefined ? undefined : sessions.get(id)
        if (session?.clerk === undefined) return
        writes++
        if (session.localUser === undefined) sessions.delete(id as string)
        else delete session.clerk
      },
    }
    if (req.url === '/webhook') {
      const chunks: Buffer[] = []
      for await (const chunk of req) chunks.push(chunk)
      const { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': signature } = req.headers
      const outcome = await clerk.receiveWebhook({ id, timestamp, signature, body: Buffer.concat(chunks) })
      res.writeHead(outcome.status, outcome.headers).end(JSON.stringify(outcome.body))
      return
    }
    if (req.url === '/login-local') {
      current().localUser = 'admin'
      res.end('{}')
      return
    }
    const auth = await clerk.authenticate({
      authorization: req.headers.authorization,
      cookie: req.headers.cookie,
      origin: req.headers.origin,
      fetchSite: text(req, 'sec-fetch-site'),
      fetchDest: text(req, 'sec-fetch-dest'),
      method: req.method,
      organization: text(req, 'x-organization-id'),
      session: slot,
      localUser,
    })
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify(summary(auth)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    writes: () => writes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function text(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

/** What of an `Auth` can be compared over a socket. */
export function summary(auth: Auth<UserRecord, MembershipRecord>): Record<string, unknown> {
  if (auth.kind !== 'user') return { ...auth }
  const { kind, userId, sessionId, orgId, orgRole, orgPermissions, actor, source, organizationMismatch } =
    auth
  const user = auth.user as UserRecord | undefined
  return {
    kind,
    userId,
    sessionId,
    orgId,
    orgRole,
    orgPermissions,
    actor,
    source,
    organizationMismatch,
    user: user && { clerkId: user.clerkId, firstName: user.firstName, isActive: user.isActive },
    plan: auth.has({ plan: 'pro' }),
    recent: auth.has({ reverification: 'strict' }),
    admin: auth.has({ role: 'admin' }),
    manage: auth.has({ permission: 'org:notes:manage' }),
  }
}
