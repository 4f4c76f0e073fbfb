import type { ResolvedOptions } from '../../ground/options/resolved.js'
import type { ActorClaim } from '../tokens/session-claims.js'

export type MachineTokenType = 'api_key' | 'm2m' | 'oauth'

/** A machine credential that Clerk has confirmed. Frozen; shared by the cache. */
export interface MachineCredential {
  readonly tokenType: MachineTokenType
  /** Id of the credential at Clerk. */
  readonly id: string
  /** `user_…`, `org_…` or `mch_…`. */
  readonly subject: string
  /** What was granted. An M2M token grants nothing by name: the `scopes` that Clerk writes into it are receivers. */
  readonly scopes: readonly string[]
  readonly claims: Readonly<Record<string, unknown>> | null
  /** For whom it was issued: the receivers of an M2M token (`mch_…`), the `aud` of an OAuth access token. */
  readonly audience: readonly string[]
  /** The OAuth application that it was issued to. */
  readonly clientId: string | null
  /** Who acts for the subject (RFC 8693 §4.1). */
  readonly actor: ActorClaim | null
  /** What an API key is called at Clerk. */
  readonly name: string | null
  /** Seconds; `null`: it does not expire. */
  readonly expiresAt: number | null
}

/** How Clerk tells a kind of opaque machine credential, and where it verifies it (no `/v1` in the path). */
export interface MachineType {
  readonly tokenType: MachineTokenType
  readonly prefix: string
  readonly path: string
  /** Name of the credential in the request's body. */
  readonly parameter: string
  /**
   * Who asks. An M2M token is meant for one machine: with the instance's own key those of every machine would pass.
   */
  readonly authority: keyof Pick<ResolvedOptions, 'secretKey' | 'machineSecretKey'>
}

export const MACHINE_TYPES: readonly MachineType[] = [
  {
    tokenType: 'api_key',
    prefix: 'ak_',
    path: '/api_keys/verify',
    parameter: 'secret',
    authority: 'secretKey',
  },
  {
    tokenType: 'm2m',
    prefix: 'mt_',
    path: '/m2m_tokens/verify',
    parameter: 'token',
    authority: 'machineSecretKey',
  },
  {
    tokenType: 'oauth',
    prefix: 'oat_',
    path: '/oauth_applications/access_tokens/verify',
    parameter: 'access_token',
    authority: 'secretKey',
  },
]

/** Of an opaque credential, told by its form; `undefined` for anything else. Cheap. */
export function machineTypeOf(bearer: string): MachineType | undefined {
  return MACHINE_TYPES.find(({ prefix }) => bearer.startsWith(prefix))
}
