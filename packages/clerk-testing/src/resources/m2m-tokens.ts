import { notFound } from '../server/errors.js'
import { ignored, nullable, oneOf, parse, record, required, text, whole } from '../server/parameters.js'
import { isExpired } from './expiry.js'
import { newId, randomText } from './ids.js'
import { type Instance, type StoredM2MToken, type StoredMachine, touch } from './instance.js'
import type { M2MTokenJSON } from './json.js'

const m2mTokenJson = (instance: Instance, { token: _, ...stored }: StoredM2MToken): M2MTokenJSON => ({
  ...stored,
  expired: isExpired(instance, stored),
})

export async function createM2MToken(
  instance: Instance,
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
  const now = instance.now()
  const id = newId('mt')
  const token =
    given.token_format === 'jwt'
      ? await instance.issuer.mintM2M(
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
  instance.state.m2mTokens.set(id, stored)
  return stored
}

/** Who asks: a machine by its own secret, or the instance by its secret key (`null`). */
export type MachineCaller = StoredMachine | null

export function listM2MTokens(
  instance: Instance,
  caller: MachineCaller,
  query: URLSearchParams,
): M2MTokenJSON[] {
  const subject = query.get('subject') ?? caller?.id
  return [...instance.state.m2mTokens.values()]
    .filter((stored) => caller === null || stored.subject === caller.id)
    .filter((stored) => subject === undefined || stored.subject === subject)
    .map((stored) => m2mTokenJson(instance, stored))
    .filter(
      (token) =>
        (query.get('revoked') === 'true' || !token.revoked) &&
        (query.get('expired') === 'true' || !token.expired),
    )
}

export function revokeM2MToken(
  instance: Instance,
  caller: MachineCaller,
  id: string,
  body: unknown,
): M2MTokenJSON {
  const stored = instance.state.m2mTokens.get(id)
  if (!stored || (caller !== null && caller.id !== stored.subject)) throw notFound('M2M token')
  const given = parse(body, { revocation_reason: nullable(text) })
  stored.revoked = true
  stored.revocation_reason = given.revocation_reason ?? null
  touch(instance, stored)
  return m2mTokenJson(instance, stored)
}

/** @throws {BackendError} 404 for a token unknown, or not meant for the machine that asks */
export function verifyM2MToken(instance: Instance, caller: MachineCaller, body: unknown): M2MTokenJSON {
  const { token } = parse(body, { token: required(text) })
  const stored = [...instance.state.m2mTokens.values()].find((one) => one.token === token)
  if (!stored || (caller !== null && caller.id !== stored.subject && !stored.scopes.includes(caller.id))) {
    throw notFound('M2M token')
  }
  stored.last_used_at = instance.now()
  return m2mTokenJson(instance, stored)
}
