import { notFound } from '../server/errors.js'
import { parse, required, text } from '../server/parameters.js'
import { isExpired } from './expiry.js'
import { newId, randomText } from './ids.js'
import { type Instance, touch } from './instance.js'
import type { OAuthAccessTokenJSON } from './json.js'

export function createOAuthToken(
  instance: Instance,
  {
    subject,
    clientId = 'client_offline',
    scopes = ['profile'],
    ttlSeconds = 3600,
  }: {
    subject: string
    clientId?: string | undefined
    scopes?: string[] | undefined
    ttlSeconds?: number | undefined
  },
): OAuthAccessTokenJSON & { token: string } {
  if (!instance.state.users.has(subject)) throw notFound('user')
  const now = instance.now()
  const stored = {
    id: newId('oat'),
    object: 'clerk_idp_oauth_access_token' as const,
    client_id: clientId,
    type: 'oauth:access_token' as const,
    subject,
    scopes,
    revoked: false,
    revocation_reason: null,
    expired: false,
    expiration: now + ttlSeconds * 1000,
    created_at: now,
    updated_at: now,
    token: `oat_${randomText(43)}`,
  }
  instance.state.oauthTokens.set(stored.id, stored)
  return stored
}

export function revokeOAuthToken(instance: Instance, id: string): void {
  const stored = instance.state.oauthTokens.get(id)
  if (!stored) throw notFound('OAuth access token')
  stored.revoked = true
  touch(instance, stored)
}

export function verifyOAuthToken(instance: Instance, body: unknown): OAuthAccessTokenJSON {
  const { access_token } = parse(body, { access_token: required(text) })
  const stored = [...instance.state.oauthTokens.values()].find((one) => one.token === access_token)
  if (!stored) throw notFound('OAuth access token')
  const { token: _, ...json } = stored
  return { ...json, expired: isExpired(instance, stored) }
}
