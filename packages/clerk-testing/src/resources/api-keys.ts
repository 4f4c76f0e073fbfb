import { notFound } from '../server/errors.js'
import { ignored, list, nullable, parse, record, required, text, whole } from '../server/parameters.js'
import { expiresAt, isExpired } from './expiry.js'
import { newId, randomText } from './ids.js'
import { type Instance, type StoredApiKey, touch } from './instance.js'
import type { ApiKeyJSON, DeletedJSON } from './json.js'

export const apiKeyJson = (instance: Instance, { secret: _, ...key }: StoredApiKey): ApiKeyJSON => ({
  ...key,
  expired: isExpired(instance, key),
})

export function createApiKey(instance: Instance, body: unknown): StoredApiKey {
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
  if (!instance.state.users.has(given.subject) && !instance.state.organizations.has(given.subject)) {
    throw notFound('subject')
  }
  const now = instance.now()
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
    expiration: expiresAt(instance, given.seconds_until_expiration),
    created_by: given.created_by ?? null,
    last_used_at: null,
    created_at: now,
    updated_at: now,
    secret: `ak_${randomText(43)}`,
  }
  instance.state.apiKeys.set(key.id, key)
  return key
}

export function getApiKey({ state }: Instance, id: string): StoredApiKey {
  const key = state.apiKeys.get(id)
  if (!key) throw notFound('API key')
  return key
}

export function updateApiKey(instance: Instance, id: string, body: unknown): ApiKeyJSON {
  const key = getApiKey(instance, id)
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
    key.expiration = expiresAt(instance, given.seconds_until_expiration)
  touch(instance, key)
  return apiKeyJson(instance, key)
}

export function revokeApiKey(instance: Instance, id: string, body: unknown): ApiKeyJSON {
  const key = getApiKey(instance, id)
  const given = parse(body, { revocation_reason: nullable(text) })
  key.revoked = true
  key.revocation_reason = given.revocation_reason ?? null
  touch(instance, key)
  return apiKeyJson(instance, key)
}

export function deleteApiKey(instance: Instance, id: string): DeletedJSON {
  getApiKey(instance, id)
  instance.state.apiKeys.delete(id)
  return { id, object: 'api_key', deleted: true }
}

/** @throws {BackendError} 404 for a secret that was never issued. A revoked or expired key is returned, and its fields say so. */
export function verifyApiKey(instance: Instance, body: unknown): ApiKeyJSON {
  const { secret } = parse(body, { secret: required(text) })
  const key = [...instance.state.apiKeys.values()].find((one) => one.secret === secret)
  if (!key) throw notFound('API key')
  key.last_used_at = instance.now()
  return apiKeyJson(instance, key)
}
