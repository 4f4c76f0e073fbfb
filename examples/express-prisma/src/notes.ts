import { getAuth, requireAuth } from '@acme/clerk-express'
import { organizationScope } from '@acme/clerk-prisma'
import { json, type Request, Router } from 'express'
import type { Database } from './database.js'

/** A client that sees, creates and deletes notes of this organisation only, whatever a query filters by. */
const notesOf = (prisma: Database, orgId: string) =>
  prisma.$extends(organizationScope(orgId, { models: { note: { tenant: 'orgId' } } })).note

/** Of a request that `requireAuth({ org: true })` has let pass. */
function memberOf(req: Request): { userId: string; orgId: string } {
  const auth = getAuth(req)
  if (auth.kind !== 'user' || auth.orgId === null) throw new Error('requireAuth({ org: true }) is missing')
  return { userId: auth.userId, orgId: auth.orgId }
}

export function notesRouter(prisma: Database): Router {
  const router = Router()

  router.get('/notes', requireAuth({ org: true }), async (req, res) => {
    const { orgId } = memberOf(req)
    const notes = await notesOf(prisma, orgId).findMany({ orderBy: { createdAt: 'desc' }, take: 50 })
    // Names come from the local rows, which webhooks keep up to date.
    const authors = await prisma.user.findMany({
      where: { clerkId: { in: notes.map((note) => note.authorId) } },
    })
    const nameOf = (id: string) => authors.find(({ clerkId }) => clerkId === id)?.firstName ?? 'Unknown'
    res.json(
      notes.map(({ id, text, createdAt, authorId }) => ({ id, text, createdAt, author: nameOf(authorId) })),
    )
  })

  router.post('/notes', requireAuth({ org: true }), json(), async (req, res) => {
    const { userId, orgId } = memberOf(req)
    const { text } = (req.body ?? {}) as Record<string, unknown>
    if (typeof text !== 'string' || text.trim() === '' || text.length > 280)
      return res.status(400).json({ error: 'A note has 1 to 280 characters', code: 'bad-request' })
    const { id } = await notesOf(prisma, orgId).create({
      data: { orgId, authorId: userId, text: text.trim() },
    })
    return res.status(201).json({ id })
  })

  router.delete('/notes/:id', requireAuth({ org: true, role: 'admin' }), async (req, res) => {
    const { count } = await notesOf(prisma, memberOf(req).orgId).deleteMany({
      where: { id: String(req.params['id']) },
    })
    res.status(count === 1 ? 204 : 404).end()
  })

  /** For a service account: the notes of the organisation its API key belongs to. */
  router.get('/export', requireAuth({ machine: 'only', scope: 'notes:read' }), async (req, res) => {
    const auth = getAuth(req)
    if (auth.kind !== 'machine' || auth.orgId === null)
      return res.status(403).json({ error: 'The key belongs to no organisation', code: 'forbidden' })
    return res.json({ notes: await notesOf(prisma, auth.orgId).findMany({ orderBy: { createdAt: 'asc' } }) })
  })

  return router
}
