import { requireAuth } from '@acme/clerk-koa'
import { scopedCollection } from '@acme/clerk-mongo'
import { bodyParser } from '@koa/bodyparser'
import { Router } from '@koa/router'
import { type Db, ObjectId } from 'mongodb'
import type { TeamClerk } from './clerk.js'

interface Note {
  _id: ObjectId
  orgId: string
  authorId: string
  text: string
  createdAt: Date
}

/** A collection that shows, takes and deletes notes of this organisation only, whatever a query filters by. */
const notesOf = (db: Db, orgId: string) =>
  scopedCollection(db.collection<Note>('notes'), orgId, { field: 'orgId' })

export function notesRouter(db: Db, clerk: TeamClerk): Router {
  const router = new Router({ prefix: '/api/notes' })

  router.get('/', requireAuth({ org: true }), async (ctx) => {
    const notes = await notesOf(db, ctx.state.auth.orgId)
      .find({}, { sort: { createdAt: -1 }, limit: 50 })
      .toArray()
    ctx.body = await Promise.all(
      notes.map(async ({ _id, text, createdAt, authorId }) => {
        const author = await clerk.users.get(authorId)
        return { id: _id.toHexString(), text, createdAt, author: author?.firstName ?? 'Unknown' }
      }),
    )
  })

  router.post('/', requireAuth({ org: true }), bodyParser({ enableTypes: ['json'] }), async (ctx) => {
    const { userId, orgId } = ctx.state.auth
    const { text } = (ctx.request.body ?? {}) as Record<string, unknown>
    if (typeof text !== 'string' || text.trim() === '' || text.length > 280) {
      ctx.status = 400
      ctx.body = { error: 'A note has 1 to 280 characters', code: 'bad-request' }
      return
    }
    const note = { _id: new ObjectId(), orgId, authorId: userId, text: text.trim(), createdAt: new Date() }
    await notesOf(db, orgId).insertOne(note)
    ctx.status = 201
    ctx.body = { id: note._id.toHexString() }
  })

  router.delete('/:id', requireAuth({ org: true, role: 'admin' }), async (ctx) => {
    const id = ctx.params['id'] ?? ''
    const { deletedCount } = ObjectId.isValid(id)
      ? await notesOf(db, ctx.state.auth.orgId).deleteOne({ _id: new ObjectId(id) })
      : { deletedCount: 0 }
    ctx.status = deletedCount === 1 ? 204 : 404
  })

  return router
}
