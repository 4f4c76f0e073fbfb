/** An answer that is not 2xx. `code` is the library's: `unauthenticated`, `forbidden`, `organization-required` … */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

const CHOSEN = 'organization'

/** The organisation this tab works in: sent with every request, and the server looks the membership up itself. */
export const organization = {
  get: () => sessionStorage.getItem(CHOSEN),
  set: (id) => (id ? sessionStorage.setItem(CHOSEN, id) : sessionStorage.removeItem(CHOSEN)),
}

async function request(method, path, body) {
  const chosen = organization.get()
  const answer = await fetch(path, {
    method,
    headers: {
      ...(chosen && { 'X-Organization-Id': chosen }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const json = answer.status === 204 ? null : await answer.json().catch(() => null)
  if (answer.ok) return json
  const trpc = json?.error?.data
  throw new Refused(
    answer.status,
    trpc?.denial ?? json?.code ?? 'error',
    trpc ? json.error.message : (json?.error ?? answer.statusText),
  )
}

const rest = {
  workspace: () => request('GET', '/api/workspace'),
  notes: () => request('GET', '/api/notes'),
  add: (text) => request('POST', '/api/notes', { text }),
  remove: (id) => request('DELETE', `/api/notes/${encodeURIComponent(id)}`),
}

const query = async (name) => (await request('GET', `/trpc/${name}`)).result.data
const mutate = async (name, input) => (await request('POST', `/trpc/${name}`, input)).result.data
const trpc = {
  workspace: () => query('workspace'),
  notes: () => query('notes.list'),
  add: (text) => mutate('notes.add', { text }),
  remove: (id) => mutate('notes.remove', { id }),
}

export const config = await request('GET', '/config.json')
export const api = config.api === 'trpc' ? trpc : rest
export const me = () => request('GET', '/me')

/** Calls `changed` whenever a user adds or deletes a note, where the example can tell (tRPC subscription). */
export function subscribe(changed) {
  if (config.api !== 'trpc') return () => {}
  const address = new URL('/trpc', location.href)
  address.protocol = address.protocol.replace('http', 'ws')
  const socket = new WebSocket(address)
  socket.addEventListener('open', () =>
    socket.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'notes.changes' } })),
  )
  socket.addEventListener('message', ({ data }) => {
    if (data === 'PING') socket.send('PONG')
    else if (JSON.parse(data).result?.type === 'data') changed()
  })
  return () => socket.close()
}
