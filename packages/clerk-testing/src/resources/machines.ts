import { BackendError, notFound } from '../server/errors.js'
import { ignored, list, nullable, oneOf, parse, record, required, text, whole } from '../server/parameters.js'
import { newId, randomText } from './ids.js'
import type { ApiKeyJSON, DeletedJSON, M2MTokenJSON, MachineJSON, OAuthAccessTokenJSON } from './json.js'
import { type StoredApiKey, type StoredM2MToken, type StoredMachine, touch, type World } from './world.js'

const expiresAt = (world: World, seconds: number | null | undefined) =>
  typeof seconds === 'number' ? world.now() + seconds * 1000 : null

const isExpired = (world: World, { expiration }: { expiration: number | null }) =>
  expiration !== null && world.now() >= expiration

// API keys

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

// Machines and their tokens

export function machineJson({ state }: World, stored: StoredMachine): MachineJSON {
  const bare = ({ scopes: _, secret_key: __, ...machine }: StoredMachine) => machine
  return {
    ...bare(stored),
    scoped_machines: stored.scopes.flatMap((id) => {
      const machine = state.machines.get(id)
      return machine ? [bare(machine)] : []
    }),
  }
}

export function createMachine(world: World, body: unknown): StoredMachine {
  const given = parse(body, {
    name: required(text),
    scoped_machines: list(text),
    default_token_ttl: nullable(whole),
  })
  for (const id of given.scoped_machines ?? []) getMachine(world, id)
  const now = world.now()
  const machine: StoredMachine = {
    id: newId('mch'),
    object: 'machine',
    name: given.name,
    instance_id: world.instanceId,
    default_token_ttl: given.default_token_ttl ?? 3600,
    scopes: given.scoped_machines ?? [],
    created_at: now,
    updated_at: now,
    secret_key: `ak_${randomText(43)}`,
  }
  world.state.machines.set(machine.id, machine)
  return machine
}

export function getMachine({ state }: World, id: string): StoredMachine {
  const machine = state.machines.get(id)
  if (!machine) throw notFound('machine')
  return machine
}

export function updateMachine(world: World, id: string, body: unknown): StoredMachine {
  const machine = getMachine(world, id)
  const given = parse(body, { name: text, default_token_ttl: nullable(whole) })
  machine.name = given.name ?? machine.name
  machine.default_token_ttl = given.default_token_ttl ?? machine.default_token_ttl
  touch(world, machine)
  return machine
}

export function deleteMachine(world: World, id: string): DeletedJSON {
  getMachine(world, id)
  world.state.machines.delete(id)
  for (const machine of world.state.machines.values())
    machine.scopes = machine.scopes.filter((scope) => scope !== id)
  return { id, object: 'machine', deleted: true }
}

export function rotateMachineSecret(world: World, id: string, body: unknown): { secret: string } {
  const machine = getMachine(world, id)
  parse(body, { previous_token_ttl: ignored })
  machine.secret_key = `ak_${randomText(43)}`
  touch(world, machine)
  return { secret: machine.secret_key }
}

/** Two machines in scope may verify each other's tokens. */
export function createScope(world: World, id: string, body: unknown): object {
  const machine = getMachine(world, id)
  const { to_machine_id } = parse(body, { to_machine_id: required(text) })
  getMachine(world, to_machine_id)
  if (!machine.scopes.includes(to_machine_id)) machine.scopes.push(to_machine_id)
  touch(world, machine)
  return { object: 'machine_scope', from_machine_id: id, to_machine_id, created_at: world.now() }
}

export function deleteScope(world: World, id: string, other: string): object {
  const machine = getMachine(world, id)
  if (!machine.scopes.includes(other)) throw notFound('machine scope')
  machine.scopes = machine.scopes.filter((scope) => scope !== other)
  touch(world, machine)
  return { object: 'machine_scope', from_machine_id: id, to_machine_id: other, deleted: true }
}

export const m2mTokenJson = (world: World, { token: _, ...stored }: StoredM2MToken): M2MTokenJSON => ({
  ...stored,
  expired: isExpired(world, stored),
})

export async function createM2MToken(
  world: World,
  machine: StoredMachine,
  body: unknown,
): Promise<M2MTokenJSON> {
  const given = parse(body, {
    seconds_until_expiration: nullable(whole),
    claims: nullable(record),
    min_remaining_ttl_seconds: ignored,
    token_format: nullable(oneOf('opaque', 'jwt')),
  })
  const ttlSeconds = given.seconds_until_expiration ?? machine.default_token_ttl
  const now = world.now()
  const id = newId('mt')
  const token =
    given.token_format === 'jwt'
      ? await world.issuer.mintM2M(
          {
            ...given.claims,
            sub: machine.id,
            jti: id,
            aud: machine.scopes,
            scopes: machine.scopes.join(' '),
          },
          { ttlSeconds },
        )
      : `mt_${randomText(43)}`
  const stored: StoredM2MToken = {
    id,
    object: 'machine_to_machine_token',
    subject: machine.id,
    scopes: [...machine.scopes],
    claims: given.claims ?? null,
    revoked: false,
    revocation_reason: null,
    expired: false,
    expiration: now + ttlSeconds * 1000,
    last_used_at: null,
    created_at: now,
    updated_at: now,
    token,
  }
  world.state.m2mTokens.set(id, stored)
  return stored
}

/** Who asks: a machine by its own secret, or the instance by its secret key (`null`). */
export type MachineCaller = StoredMachine | null

export function listM2MTokens(world: World, caller: MachineCaller, query: URLSearchParams): M2MTokenJSON[] {
  const subject = query.get('subject') ?? caller?.id
  return [...world.state.m2mTokens.values()]
    .filter((stored) => caller === null || stored.subject === caller.id)
    .filter((stored) => subject === undefined || stored.subject === subject)
    .map((stored) => m2mTokenJson(world, stored))
    .filter(
      (token) =>
        (query.get('revoked') === 'true' || !token.revoked) &&
        (query.get('expired') === 'true' || !token.expired),
    )
}

export function revokeM2MToken(world: World, caller: MachineCaller, id: string, body: unknown): M2MTokenJSON {
  const stored = world.state.m2mTokens.get(id)
  if (!stored || (caller !== null && caller.id !== stored.subject)) throw notFound('M2M token')
  const given = parse(body, { revocation_reason: nullable(text) })
  stored.revoked = true
  stored.revocation_reason = given.revocation_reason ?? null
  touch(world, stored)
  return m2mTokenJson(world, stored)
}

/** @throws {BackendError} 404 for a token unknown, or not meant for the machine that asks */
export function verifyM2MToken(world: World, caller: MachineCaller, body: unknown): M2MTokenJSON {
  const { token } = parse(body, { token: required(text) })
  const stored = [...world.state.m2mTokens.values()].find((one) => one.token === token)
  if (!stored || (caller !== null && caller.id !== stored.subject && !stored.scopes.includes(caller.id))) {
    throw notFound('M2M token')
  }
  stored.last_used_at = world.now()
  return m2mTokenJson(world, stored)
}

// OAuth access tokens

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

export const machineOf = (world: World, secret: string): StoredMachine | undefined =>
  [...world.state.machines.values()].find((machine) => machine.secret_key === secret)

export const unauthorizedMachine = () =>
  new BackendError(401, 'machine_secret_key_invalid', 'The machine secret key is invalid', {
    longMessage: 'Send the secret key of a machine, or the secret key of the instance, as bearer token.',
  })
