import { authOf, requireAuth } from '@acme/clerk-express'
import { organizationScope } from '@acme/clerk-prisma'
import { json, Router } from 'express'
import type { Database } from './database.js'

/** A client that sees, creates and deletes notes of this organisation only, whatever a query filters by. */
const notesOf = (prisma: Database, orgId: string) =>
  prisma.$extends(organizationScope(orgId, { models: { note: { tenant: 'orgId' } } })).note

export function notesRouter(prisma: Database): Router {
  const router = Router()

  router.get('/notes', requireAuth({ org: true }), async (req, res) => {
    const { orgId } = authOf(req, { org: true })
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
    const { userId, orgId } = authOf(req, { org: true })
    const { text } = (req.body ?? {}) as Record<string, unknown>
    if (typeof text !== 'string' || text.trim() === '' || text.length > 280)
      return res.status(400).json({ error: 'A note has 1 to 280 characters', code: 'bad-request' })
    const { id } = await notesOf(prisma, orgId).create({
      data: { orgId, authorId: userId, text: text.trim() },
    })
    return res.status(201).json({ id })
  })

  router.delete('/notes/:id', requireAuth({ org: true, role: 'admin' }), async (req, res) => {
    const { orgId } = authOf(req, { org: true })
    const { count } = await notesOf(prisma, orgId).deleteMany({ where: { id: String(req.params['id']) } })
    res.status(count === 1 ? 204 : 404).end()
  })

  /** For a service account: the notes of the organisation its API key belongs to. */
  router.get('/export', requireAuth({ machine: 'only', scope: 'notes:read' }), async (req, res) => {
    // A key that belongs to no organisation is refused here: 403 `organization-required`.
    const { orgId } = authOf(req, { machine: 'only', org: true })
    res.json({ notes: await notesOf(prisma, orgId).findMany({ orderBy: { createdAt: 'asc' } }) })
  })

  return router
}
