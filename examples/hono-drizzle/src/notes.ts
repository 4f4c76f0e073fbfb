import { organizationScope } from '@acme/clerk-drizzle'
import { requireAuth } from '@acme/clerk-hono'
import { desc, eq } from 'drizzle-orm'
import { Hono } from 'hono'
import type { Database } from './database.js'
import { notes, users } from './schema.js'

/** A database that shows, takes and deletes notes of one organisation only, whatever a query filters by. */
const scope = organizationScope({ owned: [notes.orgId], shared: [users] })

export const notesRoutes = (db: Database) =>
  new Hono()
    .get('/', requireAuth({ org: true }), async (c) => {
      const rows = await scope(db, c.var.auth.orgId)
        .select({ id: notes.id, text: notes.text, createdAt: notes.createdAt, author: users.firstName })
        .from(notes)
        // Names come from the local rows, which webhooks keep up to date.
        .leftJoin(users, eq(users.clerkId, notes.authorId))
        .orderBy(desc(notes.createdAt), desc(notes.id))
        .limit(50)
      return c.json(rows.map(({ author, ...note }) => ({ ...note, author: author ?? 'Unknown' })))
    })
    .post('/', requireAuth({ org: true }), async (c) => {
      const { userId, orgId } = c.var.auth
      const { text } = await c.req.json<{ text?: unknown }>().catch(() => ({ text: undefined }))
      if (typeof text !== 'string' || text.trim() === '' || text.length > 280)
        return c.json({ error: 'A note has 1 to 280 characters', code: 'bad-request' }, 400)
      const [note] = await scope(db, orgId)
        .insert(notes)
        .values({ orgId, authorId: userId, text: text.trim() })
        .returning({ id: notes.id })
      return c.json(note, 201)
    })
    .delete('/:id', requireAuth({ org: true, role: 'admin' }), async (c) => {
      const deleted = await scope(db, c.var.auth.orgId)
        .delete(notes)
        .where(eq(notes.id, Number(c.req.param('id'))))
        .returning({ id: notes.id })
      return c.body(null, deleted.length === 1 ? 204 : 404)
    })
