import type { RegisteredAuth } from '@acme/clerk-core'
import { type ClerkContext, createGuards, DeniedError } from '@acme/clerk-trpc'
import { workspaceOf } from '@acme/example-page'
import { initTRPC, TRPCError } from '@trpc/server'
import type { TeamClerk } from './clerk.js'
import type { Notebook } from './notebook.js'

const t = initTRPC.context<ClerkContext<RegisteredAuth>>().create({
  // So that a client can tell "sign in" from "choose an organisation".
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    data: { ...shape.data, denial: error.cause instanceof DeniedError ? error.cause.denial.code : null },
  }),
})
const { authed } = createGuards(t)
/** Procedures for members: `ctx.auth.orgId` is a string there, not perhaps null. */
const inOrganization = authed({ org: true })

export type AppRouter = ReturnType<typeof createRouter>

export function createRouter(clerk: TeamClerk, notebook: Notebook) {
  return t.router({
    workspace: authed().query(({ ctx }) => workspaceOf(clerk, ctx.auth)),

    notes: t.router({
      list: inOrganization.query(({ ctx }) =>
        Promise.all(
          notebook.list(ctx.auth.orgId).map(async ({ authorId, ...note }) => {
            const author = await clerk.users.get(authorId)
            return { ...note, author: author?.firstName ?? 'Unknown' }
          }),
        ),
      ),

      add: inOrganization.input(noteInput).mutation(({ ctx, input }) => {
        const { id } = notebook.add(ctx.auth.orgId, ctx.auth.userId, input.text)
        return { id }
      }),

      remove: authed({ org: true, role: 'admin' })
        .input(idInput)
        .mutation(({ ctx, input }) => {
          if (!notebook.remove(ctx.auth.orgId, input.id))
            throw new TRPCError({ code: 'NOT_FOUND', message: 'There is no such note' })
          return { id: input.id }
        }),

      /** Over a WebSocket, which is closed when the session behind it ends. */
      changes: inOrganization.subscription(({ ctx, signal }) =>
        notebook.changes(ctx.auth.orgId, signal ?? new AbortController().signal),
      ),
    }),
  })
}

// Two fields need no schema library; with more, use one that tRPC takes (Zod, Valibot, ArkType).
function noteInput(value: unknown): { text: string } {
  const { text } = fields(value)
  if (typeof text !== 'string' || text.trim() === '' || text.length > 280)
    throw new Error('A note has 1 to 280 characters')
  return { text: text.trim() }
}

function idInput(value: unknown): { id: string } {
  const { id } = fields(value)
  if (typeof id !== 'string') throw new Error('An id is a string')
  return { id }
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
