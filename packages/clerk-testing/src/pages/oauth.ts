import { createHash, timingSafeEqual } from 'node:crypto'
import { createOAuthToken, revokeOAuthToken } from '../resources/credentials.js'
import { randomText } from '../resources/ids.js'
import type { Instance, StoredOAuthToken } from '../resources/instance.js'
import { getUser } from '../resources/users.js'
import { BackendError } from '../server/errors.js'
import type { Reply } from '../server/http.js'
import { allowedUrl } from '../server/origin.js'
import type { Call, Route } from '../server/route.js'
import { findClient } from './cookies.js'
import { assertSameOrigin } from './guard.js'
import { html, page, redirect } from './html.js'

// This instance as the authorization server of OAuth and OpenID Connect clients, MCP's among them.

const SCOPES = ['openid', 'profile', 'email', 'offline_access']
const CODE_MS = 60_000
const cors = { 'access-control-allow-origin': '*' }

interface Application {
  readonly client_id: string
  /** `null`: a public client, which proves itself with PKCE alone. */
  readonly client_secret: string | null
  readonly client_name: string
  readonly redirect_uris: readonly string[]
}

interface Grant {
  readonly clientId: string
  readonly userId: string
  readonly scopes: string[]
  readonly resource: string | undefined
}

interface Code extends Grant {
  readonly redirectUri: string
  readonly challenge: string | null
  readonly expiresAt: number
}

/** RFC 6749 §5.2. */
const failed = (error: string, description: string, status = 400): Reply => ({
  status,
  headers: cors,
  json: { error, error_description: description },
})

export function oauthRoutes(instance: Instance, allowedOrigins: readonly string[]): Route[] {
  const at = { access: 'public', limit: 'none' } as const
  const registered = new Map<string, Application>()
  const codes = new Map<string, Code>()
  const refreshTokens = new Map<string, Grant>()

  const metadata = () => {
    const { issuer } = instance.issuer
    return {
      issuer,
      authorization_endpoint: `${issuer}/oauth/authorize`,
      token_endpoint: `${issuer}/oauth/token`,
      userinfo_endpoint: `${issuer}/oauth/userinfo`,
      revocation_endpoint: `${issuer}/oauth/token/revoke`,
      introspection_endpoint: `${issuer}/oauth/token_info`,
      registration_endpoint: `${issuer}/oauth/register`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      scopes_supported: SCOPES,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
      code_challenge_methods_supported: ['S256'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      authorization_response_iss_parameter_supported: true,
    }
  }

  const applicationOf = (clientId: string | null): Application | undefined => {
    if (clientId === null) return undefined
    const stored = [...instance.state.oauthApplications.values()].find((one) => one.client_id === clientId)
    if (stored === undefined) return registered.get(clientId)
    return {
      client_id: clientId,
      client_secret: stored.public === true ? null : String(stored.client_secret),
      client_name: String(stored.name),
      redirect_uris: (stored.redirect_uris as string[] | undefined) ?? [],
    }
  }

  /** What a page may be asked for; nothing is sent to a place that the application has not registered. */
  function asked(parameters: URLSearchParams) {
    const application = applicationOf(parameters.get('client_id'))
    const redirectUri = parameters.get('redirect_uri') ?? ''
    const target = allowedUrl(redirectUri, allowedOrigins)
    if (!application || !target || !application.redirect_uris.some((uri) => isSameTarget(uri, redirectUri))) {
      throw new BackendError(400, 'oauth_request_invalid', 'Invalid authorization request', {
        longMessage: 'client_id names no application, or redirect_uri is not one of its own.',
      })
    }
    const challenge = parameters.get('code_challenge')
    const isCode = parameters.get('response_type') === 'code'
    const isProven = challenge !== null && parameters.get('code_challenge_method') === 'S256'
    const error = !isCode
      ? 'unsupported_response_type'
      : !isProven && application.client_secret === null
        ? 'invalid_request'
        : null
    const scopes = (parameters.get('scope') ?? '').split(' ').filter(Boolean)
    return { application, redirectUri, challenge: isProven ? challenge : null, error, scopes }
  }

  const answerTo = (redirectUri: string, parameters: URLSearchParams, fields: Record<string, string>) => {
    const url = new URL(redirectUri)
    const state = parameters.get('state')
    const all = { ...fields, ...(state === null ? {} : { state }), iss: instance.issuer.issuer }
    for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
    return redirect(url.href)
  }

  function signedInUser(call: Call): string | null {
    const sessionId = findClient(instance, call)?.session_id ?? null
    const session = sessionId === null ? undefined : instance.state.sessions.get(sessionId)
    return session?.status === 'active' ? session.user_id : null
  }

  function authorize(call: Call): Reply {
    const { application, redirectUri, scopes, error } = asked(call.query)
    if (error !== null) return answerTo(redirectUri, call.query, { error })
    const userId = signedInUser(call)
    if (userId === null) {
      const back = `http://${call.headers.host}${call.url.pathname}${call.url.search}`
      return redirect(`/sign-in?redirect_url=${encodeURIComponent(back)}`)
    }
    const fields = [...call.query].map(
      ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
    )
    return page({
      title: 'Allow access',
      body: html`<div class="narrow"><h1>Allow access</h1><section>
<p><strong>${application.client_name}</strong> wants to act for ${getUser(instance, userId).first_name ?? userId}.</p>
<p>It asks for: ${scopes.join(', ') || 'nothing in particular'}.</p>
<form method="post" action="/oauth/authorize">${fields}
<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button>
</form></section></div>`,
    })
  }

  function decide(call: Call): Reply {
    assertSameOrigin(call)
    const { application, redirectUri, scopes, challenge, error } = asked(call.form)
    const userId = signedInUser(call)
    if (error !== null) return answerTo(redirectUri, call.form, { error })
    if (userId === null || call.form.get('decision') !== 'allow')
      return answerTo(redirectUri, call.form, { error: 'access_denied' })
    const code = randomText(32)
    codes.set(code, {
      clientId: application.client_id,
      userId,
      scopes,
      resource: call.form.get('resource') ?? undefined,
      redirectUri,
      challenge,
      expiresAt: instance.now() + CODE_MS,
    })
    return answerTo(redirectUri, call.form, { code })
  }

  /** By `Authorization: Basic` or in the form; a public client has its id alone. */
  function authenticated({ headers, form }: Call): Application | undefined {
    const [scheme, encoded = ''] = (headers.authorization ?? '').split(' ')
    const basic = scheme?.toLowerCase() === 'basic' ? Buffer.from(encoded, 'base64').toString() : null
    const [id, secret] = basic?.split(':').map(decoded) ?? [form.get('client_id'), form.get('client_secret')]
    const application = applicationOf(id ?? null)
    if (application === undefined || application.client_secret === null) return application
    return isSame(application.client_secret, secret ?? '') ? application : undefined
  }

  function exchange(call: Call): Reply {
    const { form } = call
    const application = authenticated(call)
    if (application === undefined) return failed('invalid_client', 'Unknown client, or wrong secret.', 401)
    const type = form.get('grant_type')
    if (type === 'authorization_code') {
      const given = form.get('code') ?? ''
      const code = codes.get(given)
      // Once, whatever comes of it.
      codes.delete(given)
      const proof = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      const isValid =
        code !== undefined &&
        code.clientId === application.client_id &&
        code.expiresAt > instance.now() &&
        code.redirectUri === (form.get('redirect_uri') ?? code.redirectUri) &&
        (code.challenge === null || isSame(code.challenge, proof))
      if (!isValid)
        return failed('invalid_grant', 'The code is unknown, used, expired, or not for this client.')
      return tokens(code, form.get('resource') ?? code.resource)
    }
    if (type === 'refresh_token') {
      const given = form.get('refresh_token') ?? ''
      const grant = refreshTokens.get(given)
      if (grant?.clientId !== application.client_id) return failed('invalid_grant', 'Unknown refresh token.')
      refreshTokens.delete(given)
      return tokens(grant, form.get('resource') ?? grant.resource)
    }
    return failed('unsupported_grant_type', 'Use authorization_code or refresh_token.')
  }

  function tokens(grant: Grant, resource: string | undefined): Reply {
    const { userId, clientId, scopes } = grant
    if (getUser(instance, userId).banned) return failed('invalid_grant', 'The user is banned.')
    // A token for one service is not turned into one for another.
    if (grant.resource !== undefined && resource !== grant.resource)
      return failed('invalid_target', 'The user has allowed another resource.')
    const { token, expiration } = createOAuthToken(instance, {
      subject: userId,
      clientId,
      scopes,
      tokenFormat: 'jwt',
      ...(resource === undefined ? {} : { resource }),
    })
    // OpenID Connect Core §11.
    const refreshToken = scopes.includes('offline_access') ? randomText(32) : undefined
    if (refreshToken !== undefined) refreshTokens.set(refreshToken, { userId, clientId, scopes, resource })
    return {
      headers: { ...cors, pragma: 'no-cache' },
      json: {
        access_token: token,
        token_type: 'Bearer',
        expires_in: Math.floor(((expiration ?? 0) - instance.now()) / 1000),
        refresh_token: refreshToken,
        scope: scopes.join(' '),
        ...(scopes.includes('openid') ? { id_token: idToken(userId, clientId) } : {}),
      },
    }
  }

  function idToken(userId: string, clientId: string): string {
    const { issuer, kid } = instance.issuer
    const iat = Math.floor(instance.now() / 1000)
    const claims = { iss: issuer, sub: userId, aud: clientId, iat, exp: iat + 3600 }
    return instance.issuer.signRaw(
      JSON.stringify({ alg: 'RS256', typ: 'JWT', kid, cat: 'cl_I7d4PD111III' }),
      JSON.stringify(claims),
    )
  }

  /** RFC 7591: a public client, as those of MCP are. */
  function register({ body }: Call): Reply {
    const { redirect_uris: uris, client_name: name = 'A client' } = (body ?? {}) as Record<string, unknown>
    const valid =
      Array.isArray(uris) &&
      uris.length > 0 &&
      uris.every((uri) => typeof uri === 'string' && allowedUrl(uri, allowedOrigins))
    if (!valid)
      return failed('invalid_redirect_uri', 'redirect_uris must be on loopback, or on listed origins.')
    const application: Application = {
      client_id: randomText(16),
      client_secret: null,
      client_name: String(name),
      redirect_uris: uris as string[],
    }
    registered.set(application.client_id, application)
    const { client_secret: _, ...json } = application
    return {
      status: 201,
      headers: cors,
      json: {
        ...json,
        client_id_issued_at: Math.floor(instance.now() / 1000),
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    }
  }

  const isOver = ({ revoked, expiration }: StoredOAuthToken) => revoked || (expiration ?? 0) <= instance.now()

  const storedOf = (token: string) =>
    [...instance.state.oauthTokens.values()].find((one) => one.token === token)

  function userinfo({ headers }: Call): Reply {
    const stored = storedOf((headers.authorization ?? '').replace(/^bearer /i, ''))
    if (!stored || isOver(stored))
      return failed('invalid_token', 'The access token is unknown, revoked or expired.', 401)
    const user = getUser(instance, stored.subject)
    const email = user.email_addresses.find(({ id }) => id === user.primary_email_address_id)
    const profile = {
      name: [user.first_name, user.last_name].filter(Boolean).join(' ') || null,
      given_name: user.first_name,
      family_name: user.last_name,
      preferred_username: user.username,
      picture: user.image_url,
    }
    const has = (scope: string) => stored.scopes.includes(scope)
    return {
      headers: cors,
      json: {
        sub: user.id,
        user_id: user.id,
        ...(has('profile') ? profile : {}),
        ...(has('email') && email
          ? { email: email.email_address, email_verified: email.verification?.status === 'verified' }
          : {}),
      },
    }
  }

  /** RFC 7009 §2.2: 200 for whatever was sent. A JWT goes on working where nobody asks about it. */
  function revoke(call: Call): Reply {
    const application = authenticated(call)
    if (application === undefined) return failed('invalid_client', 'Unknown client, or wrong secret.', 401)
    const token = call.form.get('token') ?? ''
    const stored = storedOf(token)
    if (stored?.client_id === application.client_id) revokeOAuthToken(instance, stored.id)
    if (refreshTokens.get(token)?.clientId === application.client_id) refreshTokens.delete(token)
    return { headers: cors }
  }

  /** RFC 7662, of a client's own tokens: it learns nothing of others, nor why one is not active. */
  function introspect(call: Call): Reply {
    const application = authenticated(call)
    if (application === undefined || application.client_secret === null)
      return failed('invalid_client', 'Unknown client, wrong secret, or a public client.', 401)
    const token = call.form.get('token') ?? ''
    const stored = storedOf(token)
    const grant = refreshTokens.get(token)
    const isOwn = (stored?.client_id ?? grant?.clientId) === application.client_id
    if (!isOwn || (stored !== undefined && isOver(stored))) return { headers: cors, json: { active: false } }
    return {
      headers: cors,
      json: {
        active: true,
        client_id: application.client_id,
        ...(stored === undefined ? {} : { iat: Math.floor(stored.created_at / 1000) }),
        scope: (stored?.scopes ?? grant?.scopes ?? []).join(' '),
        sub: stored?.subject ?? grant?.userId,
      },
    }
  }

  const preflight = (): Reply => ({
    status: 204,
    headers: { ...cors, 'access-control-allow-methods': 'GET, POST', 'access-control-allow-headers': '*' },
  })
  const open = (method: 'GET' | 'POST', path: string, handle: Route['handle']): Route[] => [
    { method, path, ...at, handle },
    { method: 'OPTIONS', path, ...at, handle: preflight },
  ]
  const describe = () => ({ headers: cors, json: metadata() })
  return [
    ...open('GET', '/.well-known/oauth-authorization-server', describe),
    ...open('GET', '/.well-known/openid-configuration', describe),
    { method: 'GET', path: '/oauth/authorize', ...at, handle: authorize },
    { method: 'POST', path: '/oauth/authorize', ...at, handle: decide },
    ...open('POST', '/oauth/token', exchange),
    ...open('POST', '/oauth/token/revoke', revoke),
    ...open('POST', '/oauth/token_info', introspect),
    ...open('POST', '/oauth/register', register),
    ...open('GET', '/oauth/userinfo', userinfo),
  ]
}

/** RFC 6749 §2.3.1: both halves are encoded as in a form. `null`: it is not, so it names no client. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** RFC 8252 §7.3: native applications listen on any port of the loopback interface. */
function isSameTarget(listed: string, given: string): boolean {
  if (listed === given) return true
  const own = allowedUrl(listed, [])
  const other = allowedUrl(given, [])
  if (own?.protocol !== 'http:' || other === undefined) return false
  own.port = ''
  other.port = ''
  return own.href === other.href
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(a as Buffer, b as Buffer)
}
