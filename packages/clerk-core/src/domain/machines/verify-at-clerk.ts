import { type Gate, GateClosedError } from '../../ground/api/gate.js'
import type { MachineErrorReason } from '../../ground/errors.js'
import { fetchJson, type JsonResponse } from '../../ground/http/fetch-json.js'
import { retryAfterSeconds } from '../../ground/http/retry-after.js'
import { deepFreeze } from '../../ground/json/deep-freeze.js'
import { isObject } from '../../ground/json/json-reader.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { MAX_RETRY_AFTER_SECONDS } from '../../ground/timing/backoff.js'
import { textsOf } from './machine-jwt.js'
import type { MachineCredential, MachineType } from './machine-types.js'

export type MachineCheck =
  | { readonly kind: 'confirmed'; readonly machine: MachineCredential; readonly expiresAtMs: number }
  | { readonly kind: 'refused'; readonly reason: MachineErrorReason }
  /** `allRequests`: Clerk refuses all requests of this application, not just this one. */
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number; readonly allRequests: boolean }

const TIMEOUT_MS = 3000
const MAX_BYTES = 64 * 1024
/** Statuses that say something about the credential; every other is about us or about Clerk. */
const INVALID_STATUS = new Set([400, 404, 422])
/** Our own key is refused (401, 403), or the limit of requests is reached. */
const ALL_REQUESTS_STATUS = new Set([401, 403, 429])

export async function verifyAtClerk(
  options: Pick<ResolvedOptions, 'apiUrl' | 'secretKey' | 'machineSecretKey' | 'fetch' | 'now' | 'accept'>,
  gate: Gate | null,
  type: MachineType,
  credential: string,
): Promise<MachineCheck> {
  const key = options[type.authority]
  let response: JsonResponse
  try {
    response = await inTurn(gate, () =>
      fetchJson(options.fetch, {
        url: `${options.apiUrl}${type.path}`,
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'clerk-api-version': '2026-05-12',
        },
        body: JSON.stringify({ [type.parameter]: credential }),
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
      }),
    )
  } catch (error) {
    if (!(error instanceof GateClosedError)) throw error
    return { kind: 'unavailable', retryAfterSeconds: error.retryAfterSeconds, allRequests: false }
  }
  const { status, json, problem, retryAfter } = response
  if (status === 429) gate?.pause(retryAfterSeconds(retryAfter, options.now()) ?? 1)
  if (INVALID_STATUS.has(status)) return { kind: 'refused', reason: 'machine-credential-invalid' }
  if (problem !== null) {
    const requested = retryAfterSeconds(retryAfter, options.now()) ?? 1
    return {
      kind: 'unavailable',
      retryAfterSeconds: Math.min(Math.max(requested, 1), MAX_RETRY_AFTER_SECONDS),
      allRequests: ALL_REQUESTS_STATUS.has(status),
    }
  }
  return readResponse(json, type, options)
}

function inTurn<T>(gate: Gate | null, call: () => Promise<T>): Promise<T> {
  return gate === null ? call() : gate.run('request', TIMEOUT_MS, call)
}

/** A 200 alone means little: Clerk also sends it for credentials that are revoked or expired, flagged as such. */
function readResponse(
  json: unknown,
  { tokenType }: MachineType,
  { now, accept }: Pick<ResolvedOptions, 'now' | 'accept'>,
): MachineCheck {
  const invalid: MachineCheck = { kind: 'refused', reason: 'machine-credential-invalid' }
  if (!isObject(json)) return invalid
  const { id, subject, scopes, claims, revoked, expired, expiration, aud, client_id, name, act } = json
  if (revoked !== false && revoked !== undefined && revoked !== null) {
    return { kind: 'refused', reason: 'machine-credential-revoked' }
  }
  const expiresAtMs = expiryOf(expiration)
  if ((expired !== false && expired !== undefined && expired !== null) || expiresAtMs <= now()) {
    return { kind: 'refused', reason: 'machine-credential-expired' }
  }
  if (!isText(id) || !isText(subject)) return invalid
  const listed = Array.isArray(scopes) ? scopes.filter(isText) : []
  const machine: MachineCredential = {
    tokenType,
    id,
    subject,
    scopes: tokenType === 'm2m' ? [] : listed,
    claims: isObject(claims) ? claims : null,
    audience: tokenType === 'm2m' ? listed : textsOf(aud),
    clientId: isText(client_id) ? client_id : null,
    actor: isObject(act) && isText(act.sub) ? { ...act, sub: act.sub } : null,
    name: isText(name) ? name : null,
    expiresAt: Number.isFinite(expiresAtMs) ? Math.floor(expiresAtMs / 1000) : null,
  }
  if (tokenType === 'oauth' && accept.resource !== null && !machine.audience.includes(accept.resource))
    return { kind: 'refused', reason: 'machine-resource-mismatch' }
  return { kind: 'confirmed', machine: deepFreeze(machine), expiresAtMs }
}

/** Clerk documents seconds for OAuth access tokens and milliseconds for the others: told apart by their size. */
function expiryOf(expiration: unknown): number {
  if (typeof expiration !== 'number') return Number.POSITIVE_INFINITY
  return expiration < 100_000_000_000 ? expiration * 1000 : expiration
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
