/** The running example, as a program that calls its API sees it. */
export interface Application {
  readonly origin: string
  /** What the API says to the bearer of a token about themselves. */
  workspace(token: string): Promise<{ status: number; role: string | null; name: string | null }>
  addNote(token: string, text: string): Promise<void>
}

interface WorkspaceAnswer {
  readonly user: { readonly firstName: string | null }
  readonly organization: { readonly role: string } | null
}

/** Marks the demo's own requests in the panel. */
export const PROBE_HEADER = 'x-demo-probe'

export async function connectTo(origin: string): Promise<Application> {
  const { api } = (await (await fetch(`${origin}/config.json`)).json()) as { api: 'rest' | 'trpc' }
  const paths = api === 'trpc' ? ['/trpc/workspace', '/trpc/notes.add'] : ['/api/workspace', '/api/notes']
  const call = (path: string | undefined, token: string, init: RequestInit = {}) =>
    fetch(`${origin}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', [PROBE_HEADER]: '1' },
    })
  return {
    origin,
    async workspace(token) {
      const answer = await call(paths[0], token)
      const body = (await answer.json()) as { result?: { data: WorkspaceAnswer } } & Partial<WorkspaceAnswer>
      const { organization, user } = body.result?.data ?? body
      return { status: answer.status, role: organization?.role ?? null, name: user?.firstName ?? null }
    },
    async addNote(token, text) {
      const answer = await call(paths[1], token, { method: 'POST', body: JSON.stringify({ text }) })
      if (!answer.ok) throw new Error(`The example refused a note: ${answer.status} ${await answer.text()}`)
    },
  }
}
