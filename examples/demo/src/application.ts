import { connectTo, type NotesApi } from '@acme/example-page'

/** The running example, as a program that calls its API sees it. */
export interface Application {
  readonly origin: string
  /**
   * What the API says to the bearer of a token about themselves.
   *
   * @param as `proof` where the answer is what an action is meant to show
   */
  workspace(token: string, as?: 'proof'): Promise<{ status: number; role: string | null }>
  addNote(token: string, text: string): Promise<void>
}

/** Marks the demo's own requests in the panel; `proof`: the one that counts. */
export const PROBE_HEADER = 'x-demo-probe'

export async function applicationAt(origin: string): Promise<Application> {
  const api: NotesApi = await connectTo(origin)
  const headersOf = (token: string, as = 'probe') => ({
    authorization: `Bearer ${token}`,
    [PROBE_HEADER]: as,
  })
  return {
    origin,
    async workspace(token, as) {
      const { status, body } = await api.workspace(headersOf(token, as))
      return { status, role: body?.organization?.role ?? null }
    },
    async addNote(token, text) {
      const { status } = await api.add(headersOf(token), text)
      if (status >= 300) throw new Error(`The example refused a note: ${status}`)
    },
  }
}
