import type { ResolvedOptions } from '../../ground/options/resolved.js'

export type MachineTokenType = 'api_key' | 'm2m' | 'oauth'

/** A machine credential that Clerk has confirmed. Frozen; shared by the cache. */
export interface MachineCredential {
  readonly tokenType: MachineTokenType
  /** Id of the credential at Clerk. */
  readonly id: string
  /** `user_…`, `org_…` or `mch_…`. */
  readonly subject: string
  readonly scopes: readonly string[]
  readonly claims: Readonly<Record<string, unknown>> | null
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
