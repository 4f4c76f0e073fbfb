import type { MachineErrorReason } from '../../ground/errors.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import {
  CATEGORY,
  checkAlgorithm,
  isId,
  isTime,
  LONGEST_TOKEN_SECONDS,
  MACHINE_SUBJECT,
  OAUTH_TYPES,
} from '../tokens/checks.js'
import type { JsonObject } from '../tokens/parse-token.js'
import type { ActorClaim } from '../tokens/session-claims.js'
import type { TokenRefusal } from '../tokens/token-refusal.js'
import type { MachineCredential, MachineTokenType } from './machine-types.js'

export type MachineJwtType = Exclude<MachineTokenType, 'api_key'>
export type MachineRefusal = MachineErrorReason | TokenRefusal

/** What the checks of a machine's JWT need to know of the options. */
export type MachineJwtPolicy = Pick<ResolvedOptions, 'issuer' | 'machineId'> & {
  readonly accept: Pick<ResolvedOptions['accept'], 'resource'>
}

interface Check {
  readonly reason: MachineRefusal
  readonly passes: (subject: JsonObject, policy: MachineJwtPolicy) => boolean
}

/**
 * What a JWT is for, according to its unverified header and claims; `null`: it is no machine's. The `sub` of a machine, or
 * the category of M2M tokens, comes before the type of OAuth tokens: a token that claims to be both is then refused.
 */
export function machineJwtTypeOf(header: JsonObject, claims: JsonObject): MachineJwtType | null {
  const { sub } = claims
  if (header.cat === CATEGORY.m2m || (typeof sub === 'string' && sub.startsWith(MACHINE_SUBJECT)))
    return 'm2m'
  return OAUTH_TYPES.has(header.typ) ? 'oauth' : null
}

/** In this order, before any key is looked for. One key signs all kinds of tokens: the header tells them apart. */
const HEADER_CHECKS: Readonly<Record<MachineJwtType, readonly Check[]>> = {
  m2m: [
    { reason: 'token-type-not-allowed', passes: ({ typ }) => typ === undefined || typ === 'JWT' },
    {
      // Absent on older M2M tokens. A session token or a template's whose `sub` is a machine is none.
      reason: 'token-category-not-allowed',
      passes: ({ cat }) => cat === undefined || cat === CATEGORY.m2m,
    },
  ],
  oauth: [
    { reason: 'token-type-not-allowed', passes: ({ typ }) => OAUTH_TYPES.has(typ) },
    {
      reason: 'token-category-not-allowed',
      passes: ({ cat }) => cat === undefined || cat === CATEGORY.ignore,
    },
  ],
}

const ISSUER: Check = { reason: 'issuer-mismatch', passes: ({ iss }, { issuer }) => iss === issuer }
const ID: Check = { reason: 'machine-credential-invalid', passes: ({ jti }) => isId(jti) }
const BEARER: Check = {
  // RFC 9449 §6: a token that is bound to a key of the client must not work for whoever carries it.
  reason: 'machine-credential-invalid',
  passes: ({ cnf }) => cnf === undefined,
}
const TIMES: Check = {
  // `nbf` is optional: RFC 9068 §2.2 does not have it.
  reason: 'time-claim-invalid',
  passes: ({ exp, iat, nbf }) => isTime(exp) && isTime(iat) && (nbf === undefined || isTime(nbf)),
}

/** In this order, after the signature. None of them depends on the time. */
const CLAIM_CHECKS: Readonly<Record<MachineJwtType, readonly Check[]>> = {
  m2m: [
    ISSUER,
    {
      reason: 'subject-invalid',
      passes: ({ sub }) => isId(sub) && sub.startsWith(MACHINE_SUBJECT) && sub !== MACHINE_SUBJECT,
    },
    ID,
    BEARER,
    TIMES,
    {
      // Without this the token of every machine of the instance would pass, whichever service it was made for.
      reason: 'machine-receiver-mismatch',
      passes: (claims, { machineId }) => machineId !== null && receiversOf(claims).includes(machineId),
    },
  ],
  oauth: [
    ISSUER,
    { reason: 'subject-invalid', passes: ({ sub }) => isId(sub) && /^user_./.test(sub) },
    ID,
    BEARER,
    { reason: 'machine-credential-invalid', passes: ({ client_id }) => isId(client_id) },
    {
      // Somebody acts for the user: who that is must be readable.
      reason: 'machine-credential-invalid',
      passes: ({ act }) => act === undefined || actorOf(act) !== null,
    },
    TIMES,
    {
      // A revocation of the user is remembered for as long as the longest token.
      reason: 'lifetime-too-long',
      passes: ({ exp, iat }) => Number(exp) - Number(iat) <= LONGEST_TOKEN_SECONDS,
    },
    {
      // RFC 8707: a token that was issued for another service.
      reason: 'machine-resource-mismatch',
      passes: ({ aud }, { accept: { resource } }) => resource === null || textsOf(aud).includes(resource),
    },
  ],
}

export function checkMachineHeader(type: MachineJwtType, header: JsonObject): MachineRefusal | null {
  const failed = HEADER_CHECKS[type].find(({ passes }) => !passes(header, NO_POLICY))
  return failed?.reason ?? checkAlgorithm(header)
}

export function checkMachineClaims(
  type: MachineJwtType,
  claims: JsonObject,
  policy: MachineJwtPolicy,
): MachineRefusal | null {
  return CLAIM_CHECKS[type].find(({ passes }) => !passes(claims, policy))?.reason ?? null
}

/** Of claims that have passed the checks. */
export function machineFromClaims(tokenType: MachineJwtType, claims: JsonObject): MachineCredential {
  const { jti, sub, exp, client_id } = claims
  const isOAuth = tokenType === 'oauth'
  return {
    tokenType,
    id: String(jti),
    subject: String(sub),
    scopes: isOAuth ? scopesOf(claims) : [],
    claims: customClaims(claims),
    audience: isOAuth ? textsOf(claims.aud) : receiversOf(claims),
    clientId: isOAuth ? String(client_id) : null,
    actor: isOAuth ? actorOf(claims.act) : null,
    name: null,
    expiresAt: Number(exp),
  }
}

/** Headers are looked at without the options. */
const NO_POLICY: MachineJwtPolicy = { issuer: '', machineId: null, accept: { resource: null } }

const RESERVED: ReadonlySet<string> = new Set(['iss', 'sub', 'exp', 'nbf', 'iat', 'jti'])

/** As Clerk's own SDK has them: all that is not one of the six names above. */
function customClaims(claims: JsonObject): Readonly<Record<string, unknown>> | null {
  const custom = Object.entries(claims).filter(([name]) => !RESERVED.has(name))
  return custom.length === 0 ? null : Object.fromEntries(custom)
}

/** The machines that may receive an M2M token: `scopes`, a string separated by spaces; without it `aud`. */
function receiversOf({ scopes, aud }: JsonObject): readonly string[] {
  if (scopes === undefined) return textsOf(aud)
  return typeof scopes === 'string' ? words(scopes) : []
}

/** `scp`, a list, or `scope`, a string (RFC 9068 §2.2.3). What has another form grants nothing. */
function scopesOf({ scp, scope }: JsonObject): readonly string[] {
  if (scp !== undefined) return Array.isArray(scp) ? textsOf(scp) : []
  return typeof scope === 'string' ? words(scope) : []
}

function actorOf(act: unknown): ActorClaim | null {
  return typeof act === 'object' && act !== null && 'sub' in act && isId(act.sub) ? (act as ActorClaim) : null
}

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '')

/** A string or a list of strings, as `aud` may be; anything else names nothing. */
export function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.every(isId) ? list : []
}
