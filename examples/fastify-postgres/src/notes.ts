import { authOf, requireAuth } from '@acme/clerk-fastify'
import { organizationScope } from '@acme/clerk-prisma'
import type { FastifyPluginAsync } from 'fastify'
import type { Database } from './database.js'

/** A client that sees, creates and deletes notes of this organisation only, whatever a query filters by. */
const notesOf = (prisma: Database, orgId: string) =>
  prisma.$extends(organizationScope(orgId, { models: { note: { tenant: 'orgId' } } })).note

const NOTE = {
  type: 'object',
  required: ['text'],
  additionalProperties: false,
  properties: { text: { type: 'string', maxLength: 280, pattern: '\\S' } },
} as const

export const notes: FastifyPluginAsync<{ prisma: Database }> = async (app, { prisma }) => {
  // For every route of this plugin, before the body is read.
  app.addHook('onRequest', requireAuth({ org: true }))

  app.get('/', async (request) => {
    const found = await notesOf(prisma, authOf(request, { org: true }).orgId).findMany({
      orderBy: { createdAt: 'desc' },
      take: 50,
    })
    // Names come from the local rows, which webhooks keep up to date.
    const authors = await prisma.user.findMany({
      where: { clerkId: { in: found.map((note) => note.authorId) } },
    })
    const nameOf = (id: string) => authors.find(({ clerkId }) => clerkId === id)?.firstName ?? 'Unknown'
    return found.map(({ id, text, createdAt, authorId }) => ({
      id,
      text,
      createdAt,
      author: nameOf(authorId),
    }))
  })

  app.post<{ Body: { text: string } }>('/', { schema: { body: NOTE } }, async (request, reply) => {
    const { userId, orgId } = authOf(request, { org: true })
    const data = { orgId, authorId: userId, text: request.body.text.trim() }
    const { id } = await notesOf(prisma, orgId).create({ data })
    return reply.code(201).send({ id })
  })

  app.delete<{ Params: { id: string } }>(
    '/:id',
    { onRequest: requireAuth({ role: 'admin' }) },
    async (request, reply) => {
      const { orgId } = authOf(request, { org: true })
      const { count } = await notesOf(prisma, orgId).deleteMany({ where: { id: request.params.id } })
      return reply.code(count === 1 ? 204 : 404).send()
    },
  )
}
