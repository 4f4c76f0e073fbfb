import { randomText } from '../resources/ids.js'
import type { Instance, StoredClient } from '../resources/instance.js'
import { createClient, setActiveOrganization } from '../resources/sessions.js'
import { sessionToken } from '../resources/tokens.js'
import { BackendError, notFound, signedOut } from '../server/errors.js'
import type { Reply } from '../server/http.js'
import { allowedUrl, corsOf, pageOrigin, preflight } from '../server/origin.js'
import type { Call, Route } from '../server/route.js'
import { clientCookies, findClient } from './cookies.js'
import { copyScript, copyScriptPath } from './copy.js'
import { redirect } from './html.js'
import { returnScript, returnScriptPath } from './return.js'
import { stylesheet } from './style.js'

/** The part of the frontend API that a backend's SDK and a page of the application need. */
export function frontendRoutes(instance: Instance, allowedOrigins: readonly string[]): Route[] {
  const at = { access: 'public', limit: 'none' } as const
  const cors = corsOf(allowedOrigins)
  // Handed out once, to the holder of the secret key.
  const nonces = new Map<string, string[]>()

  const handshake = async (call: Call): Promise<Reply> => {
    const goal = allowedUrl(call.query.get('redirect_url'), allowedOrigins)
    if (!goal) {
      throw new BackendError(400, 'redirect_url_invalid', 'Invalid redirect_url', {
        longMessage: 'redirect_url must be on a loopback host, or on an origin listed in allowedOrigins.',
      })
    }
    const client = findClient(instance, call) ?? createClient(instance)
    activate(client, call.query.get('organization_id'))
    const directives = await clientCookies(instance, client, goal.origin)
    if (call.query.get('format') === 'nonce') {
      const nonce = randomText(32)
      nonces.set(nonce, directives)
      if (nonces.size > 1000) nonces.delete(nonces.keys().next().value ?? '')
      goal.searchParams.set('__clerk_handshake_nonce', nonce)
    } else {
      goal.searchParams.set('__clerk_handshake', await instance.issuer.sign({ handshake: directives }))
    }
    return { ...redirect(goal.href), status: 307 }
  }

  const activate = (client: StoredClient, organization: string | null) => {
    if (organization === null || client.session_id === null) return
    const session = instance.state.sessions.get(client.session_id)
    const found = [...instance.state.organizations.values()].find(({ id, slug }) =>
      [id, slug].includes(organization),
    )
    const member = [...instance.state.memberships.values()].some(
      ({ user_id, organization_id }) => user_id === session?.user_id && organization_id === found?.id,
    )
    if (organization === '') setActiveOrganization(instance, client.session_id, null)
    else if (found && member) setActiveOrganization(instance, client.session_id, found.id)
  }

  const freshToken = async (call: Call): Promise<Reply> => {
    const client = findClient(instance, call)
    if (!client || client.session_id === null) throw signedOut()
    const azp = pageOrigin(call, allowedOrigins)
    return {
      headers: { 'set-cookie': await clientCookies(instance, client, azp) },
      json: { object: 'token', jwt: await sessionToken(instance, client.session_id, { azp }) },
    }
  }

  return [
    { method: 'GET', path: '/v1/client/handshake', ...at, handle: handshake },
    {
      method: 'GET',
      path: '/v1/clients/handshake_payload',
      access: 'secret-key',
      limit: 'standard',
      handle: ({ query }) => {
        const nonce = query.get('nonce') ?? ''
        const directives = nonces.get(nonce)
        nonces.delete(nonce)
        if (!directives) throw notFound('handshake payload')
        return { json: { nonce, directives } }
      },
    },
    { method: 'OPTIONS', path: '/v1/client/token', ...at, cors, handle: preflight },
    { method: 'POST', path: '/v1/client/token', ...at, cors, handle: freshToken },
    ...Object.entries(files).map(([path, { type, text }]): Route => {
      const headers = { 'content-type': `text/${type}; charset=utf-8` }
      return { method: 'GET', path, ...at, handle: () => ({ headers, text }) }
    }),
    {
      method: 'GET',
      path: '/.well-known/jwks.json',
      ...at,
      handle: () => ({ json: instance.issuer.jwks() }),
    },
    {
      method: 'GET',
      path: '/images/:id',
      ...at,
      handle: (call) => {
        const image = instance.state.images.get(call.param('id'))
        // Whatever was uploaded, it is shown as a picture or not at all.
        if (!image?.type.startsWith('image/')) throw notFound('image')
        const headers = { ...forAnyPage, 'content-type': image.type, 'content-security-policy': 'sandbox' }
        return { headers, bytes: Buffer.from(image.base64, 'base64') }
      },
    },
    {
      method: 'GET',
      path: '/avatars/:id',
      ...at,
      handle: (call) => ({
        headers: { ...forAnyPage, 'content-type': 'image/svg+xml' },
        text: avatar(call.param('id')),
      }),
    },
  ]
}

/** Pictures are shown in pages of every origin, and Clerk's components read them with `crossorigin`. */
const forAnyPage = { 'access-control-allow-origin': '*' }

/** Keeps `__session` fresh while a page is open, which clerk-js does for a page that uses Clerk. */
const script = `(() => {
  const base = new URL(document.currentScript.src)
  base.hostname = location.hostname
  const call = async (path) => {
    const answer = await fetch(base.origin + path, { method: 'POST', credentials: 'include' })
    return answer.ok ? (await answer.json()).jwt : null
  }
  const token = () => call('/v1/client/token')
  window.offlineClerk = { token }
  token()
  setInterval(token, 50000)
})()
`

/** What the hosted pages, and pages of the application, load. */
const files = {
  '/offline.js': { type: 'javascript', text: script },
  '/offline.css': { type: 'css', text: stylesheet },
  [copyScriptPath]: { type: 'javascript', text: copyScript },
  [returnScriptPath]: { type: 'javascript', text: returnScript },
}

function avatar(id: string): string {
  const hue = [...id].reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 360, 7)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="hsl(${hue} 45% 45%)"/><circle cx="32" cy="25" r="11" fill="#fff"/><path d="M10 64a22 20 0 0 1 44 0z" fill="#fff"/></svg>`
}
