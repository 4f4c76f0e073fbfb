import { notFound } from '../server/errors.js'
import { ignored, list, nullable, parse, record, required, text, whole } from '../server/parameters.js'
import { expiresAt, isExpired } from './expiry.js'
import { newId, randomText } from './ids.js'
import type { ApiKeyJSON, DeletedJSON } from './json.js'
import { type StoredApiKey, touch, type World } from './world.js'

export const apiKeyJson = (world: World, { secret: _, ...key }: StoredApiKey): ApiKeyJSON => ({
  ...key,
  expired: isExpired(world, key),
})

export function createApiKey(world: World, body: unknown): StoredApiKey {
  const given = parse(body, {
    name: required(text),
    subject: required(text),
    type: ignored,
    description: nullable(text),
    claims: nullable(record),
    scopes: list(text),
    created_by: nullable(text),
    seconds_until_expiration: nullable(whole),
  })
  if (!world.state.users.has(given.subject) && !world.state.organizations.has(given.subject)) {
    throw notFound('subject')
  }
  const now = world.now()
  const key: StoredApiKey = {
    id: newId('ak'),
    object: 'api_key',
    type: 'api_key',
    name: given.name,
    subject: given.subject,
    description: given.description ?? null,
    scopes: given.scopes ?? [],
    claims: given.claims ?? null,
    revoked: false,
    revocation_reason: null,
    expired: false,
    expiration: expiresAt(world, given.seconds_until_expiration),
    created_by: given.created_by ?? null,
    last_used_at: null,
    created_at: now,
    updated_at: now,
    secret: `ak_${randomText(43)}`,
  }
  world.state.apiKeys.set(key.id, key)
  return key
}

export function getApiKey({ state }: World, id: string): StoredApiKey {
  const key = state.apiKeys.get(id)
  if (!key) throw notFound('API key')
  return key
}

export function updateApiKey(world: World, id: string, body: unknown): ApiKeyJSON {
  const key = getApiKey(world, id)
  const given = parse(body, {
    subject: ignored,
    description: nullable(text),
    claims: nullable(record),
    scopes: list(text),
    seconds_until_expiration: nullable(whole),
  })
  if (given.description !== undefined) key.description = given.description
  if (given.claims !== undefined) key.claims = given.claims
  if (given.scopes !== undefined) key.scopes = given.scopes
  if (given.seconds_until_expiration !== undefined)
    key.expiration = expiresAt(world, given.seconds_until_expiration)
  touch(world, key)
  return apiKeyJson(world, key)
}

export function revokeApiKey(world: World, id: string, body: unknown): ApiKeyJSON {
  const key = getApiKey(world, id)
  const given = parse(body, { revocation_reason: nullable(text) })
  key.revoked = true
  key.revocation_reason = given.revocation_reason ?? null
  touch(world, key)
  return apiKeyJson(world, key)
}

export function deleteApiKey(world: World, id: string): DeletedJSON {
  getApiKey(world, id)
  world.state.apiKeys.delete(id)
  return { id, object: 'api_key', deleted: true }
}

/** @throws {BackendError} 404 for a secret that was never issued. A revoked or expired key is returned as what it is. */
export function verifyApiKey(world: World, body: unknown): ApiKeyJSON {
  const { secret } = parse(body, { secret: required(text) })
  const key = [...world.state.apiKeys.values()].find((one) => one.secret === secret)
  if (!key) throw notFound('API key')
  key.last_used_at = world.now()
  return apiKeyJson(world, key)
}
