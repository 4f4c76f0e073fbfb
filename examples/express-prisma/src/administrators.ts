import { requireAuth } from '@acme/clerk-express'
import { json, type Request, Router } from 'express'
import { LONGEST_PASSWORD } from './create-administrator.js'
import type { Database } from './database.js'
import { hashPassword, isPassword } from './passwords.js'

/** Signs in here, not at Clerk. */
export interface Administrator {
  readonly id: string
  readonly email: string
  readonly isStaff: true
}

declare module 'express-session' {
  interface SessionData {
    administratorId: string
  }
}

/** The user of the application's own login: `localUser` of `clerkMiddleware`. */
export function administratorOf(prisma: Database) {
  return async ({ session }: Request): Promise<Administrator | null> => {
    const id = session.administratorId
    if (id === undefined) return null
    const found = await prisma.administrator.findUnique({ where: { id }, select: { id: true, email: true } })
    return found && { ...found, isStaff: true }
  }
}

/**
 * Those who run the application: who signed in here, and users of Clerk's whose row says so (`isStaff`, a column of ours).
 * Another thing than an administrator of an organisation, which is a role at Clerk.
 */
const isStaff = requireAuth({
  local: 'allow',
  predicate: (auth) => (auth.kind === 'local' || auth.kind === 'user') && auth.user.isStaff,
})
const isSignedInHere = requireAuth({ local: 'allow', predicate: (auth) => auth.kind === 'local' })

/** Put a rate limit in front of the login before you run this in public. */
export async function administration(prisma: Database): Promise<Router> {
  // An unknown address takes as long as a known one, so that the time does not tell them apart.
  const dummyHash = await hashPassword('')
  const router = Router()

  // JSON only: a form on another site cannot send it.
  router.post('/login', json(), async (req, res) => {
    const { email, password } = (req.body ?? {}) as Record<string, unknown>
    if (typeof email !== 'string' || typeof password !== 'string' || password.length > LONGEST_PASSWORD)
      return res.status(400).json({ error: 'E-mail address and password are needed', code: 'bad-request' })
    const administrator = await prisma.administrator.findUnique({ where: { email: email.toLowerCase() } })
    const isRight = await isPassword(password, administrator?.passwordHash ?? dummyHash)
    if (administrator === null || !isRight)
      return res.status(401).json({ error: 'Address or password is wrong', code: 'wrong-password' })
    // A new session id: a client that knows the old one does not become administrator.
    await new Promise<void>((resolve, reject) => {
      req.session.regenerate((error: unknown) => (error ? reject(error) : resolve()))
    })
    req.session.administratorId = administrator.id
    return res.status(204).end()
  })

  router.post('/logout', isSignedInHere, async (req, res) => {
    await new Promise((resolve) => req.session.destroy(resolve))
    res.status(204).end()
  })

  /** Across organisations, without the text of the notes. */
  router.get('/overview', isStaff, async (_req, res) => {
    const [organizations, notes, users, subscriptions] = await Promise.all([
      prisma.organization.findMany({ where: { deletedAt: null }, orderBy: { name: 'asc' } }),
      prisma.note.groupBy({ by: ['orgId'], _count: true }),
      prisma.user.count({ where: { isActive: true, banned: false, deprovisioned: false, deletedAt: null } }),
      prisma.subscription.groupBy({ by: ['plan'], _count: true }),
    ])
    res.json({
      users,
      subscriptions: subscriptions.map(({ plan, _count }) => ({ plan, count: _count })),
      organizations: organizations.map(({ clerkId, name }) => ({
        name,
        notes: notes.find(({ orgId }) => orgId === clerkId)?._count ?? 0,
      })),
    })
  })

  return router
}
