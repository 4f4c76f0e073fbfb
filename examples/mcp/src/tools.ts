import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import type { Notebook } from './notebook.js'

/** What every assistant must have been allowed. */
export const READ = 'notes:read'
/** Tools for which the user must have allowed more. */
const SCOPE_OF: ReadonlyMap<unknown, string> = new Map([['add_note', 'notes:write']])

/** All that clients may ask a user for. */
export const SCOPES = [READ, ...SCOPE_OF.values()]

/** What the tools of a request need, beside {@link READ}. A body is one message, or a list of them: JSON-RPC knows batches. */
export function scopesOf(body: unknown): string[] {
  const needed = [body].flat().flatMap((message: unknown) => {
    const { method, params } = (message ?? {}) as { method?: unknown; params?: { name?: unknown } }
    return method === 'tools/call' ? (SCOPE_OF.get(params?.name) ?? []) : []
  })
  return [...new Set(needed)]
}

/** An MCP server for one request: it keeps nothing between two. */
export function createNotesServer(notebook: Notebook): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  const say = (text: string) => ({ content: [{ type: 'text' as const, text }] })

  server.registerTool('list_notes', { description: 'The notes of the user' }, ({ authInfo }) =>
    say(notebook.list(userOf(authInfo)).join('\n') || 'no notes'),
  )
  server.registerTool(
    'add_note',
    { description: 'Writes a note', inputSchema: { text: z.string().min(1).max(280) } },
    ({ text }, { authInfo }) => say(`note ${notebook.add(userOf(authInfo), text)}`),
  )
  return server
}

/** As `toMcpAuthInfo` has it. */
function userOf(authInfo: { extra?: Record<string, unknown> } | undefined): string {
  const userId = authInfo?.extra?.['userId']
  if (typeof userId !== 'string') throw new Error('There is no user behind this token')
  return userId
}
