import { notFound } from '../server/errors.js'
import { parse, required, text } from '../server/parameters.js'
import { isExpired } from './expiry.js'
import { newId, randomText } from './ids.js'
import type { OAuthAccessTokenJSON } from './json.js'
import { touch, type World } from './world.js'

export function createOAuthToken(
  world: World,
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
  if (!world.state.users.has(subject)) throw notFound('user')
  const now = world.now()
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
  world.state.oauthTokens.set(stored.id, stored)
  return stored
}

export function revokeOAuthToken(world: World, id: string): void {
  const stored = world.state.oauthTokens.get(id)
  if (!stored) throw notFound('OAuth access token')
  stored.revoked = true
  touch(world, stored)
}

export function verifyOAuthToken(world: World, body: unknown): OAuthAccessTokenJSON {
  const { access_token } = parse(body, { access_token: required(text) })
  const stored = [...world.state.oauthTokens.values()].find((one) => one.token === access_token)
  if (!stored) throw notFound('OAuth access token')
  const { token: _, ...json } = stored
  return { ...json, expired: isExpired(world, stored) }
}
