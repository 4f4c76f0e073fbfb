import type { PageConfig } from './page.js'
import type { Workspace } from './workspace.js'

export interface Note {
  readonly id: string
  readonly text: string
  readonly author: string
  readonly createdAt: string
}

/** `body` is `null` where the API refuses. */
export interface Answer<T> {
  readonly status: number
  readonly body: T | null
}

/** The API of an example, as any program calls it; the page's own is `public/api.js`. */
export interface NotesApi {
  readonly origin: string
  workspace(headers: Headers): Promise<Answer<Workspace>>
  notes(headers: Headers): Promise<Answer<readonly Note[]>>
  add(headers: Headers, text: string): Promise<Answer<{ id: string }>>
  remove(headers: Headers, id: string): Promise<Answer<unknown>>
}

type Headers = Readonly<Record<string, string>>

/** Asks the example first whether it speaks REST or tRPC. */
export async function connectTo(origin: string): Promise<NotesApi> {
  const { api } = (await (await fetch(`${origin}/config.json`)).json()) as PageConfig

  async function call<T>(headers: Headers, method: string, path: string, body?: object): Promise<Answer<T>> {
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok || text === '') return { status: answer.status, body: null }
    const json = JSON.parse(text)
    return { status: answer.status, body: api === 'trpc' ? json.result.data : json }
  }

  const rest: NotesApi = {
    origin,
    workspace: (headers) => call(headers, 'GET', '/api/workspace'),
    notes: (headers) => call(headers, 'GET', '/api/notes'),
    add: (headers, text) => call(headers, 'POST', '/api/notes', { text }),
    remove: (headers, id) => call(headers, 'DELETE', `/api/notes/${id}`),
  }
  const trpc: NotesApi = {
    origin,
    workspace: (headers) => call(headers, 'GET', '/trpc/workspace'),
    notes: (headers) => call(headers, 'GET', '/trpc/notes.list'),
    add: (headers, text) => call(headers, 'POST', '/trpc/notes.add', { text }),
    remove: (headers, id) => call(headers, 'POST', '/trpc/notes.remove', { id }),
  }
  return api === 'trpc' ? trpc : rest
}
