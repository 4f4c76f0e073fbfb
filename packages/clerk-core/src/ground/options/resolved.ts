import type { OriginList } from './origins.js'

/** By what a Clerk user is linked to a row that was there before. */
export type LinkBy = 'verified-email' | 'external-id'

/** Which forms of a machine credential are accepted. */
export interface MachineForms {
  readonly opaque: boolean
  readonly jwt: boolean
}

/** Options with every default filled in and every value validated. What the modules of core receive. */
export interface ResolvedOptions {
  readonly secretKey: string | null
  readonly publishableKey: string | null
  readonly machineSecretKey: string | null
  /** Expected `iss`; also names the instance. */
  readonly issuer: string
  /** Without trailing slash and without `/v1`. */
  readonly apiUrl: string
  readonly keys:
    | { readonly kind: 'pem'; readonly pem: string }
    /** `secretKey` set: send it as bearer (the Backend API's key set). */
    | { readonly kind: 'jwks'; readonly url: string; readonly secretKey: string | null }
  /** `null` for `'any'`. */
  readonly authorizedParties: OriginList | null
  readonly allowMissingAzp: boolean
  readonly audience: readonly string[] | null
  readonly clockToleranceSeconds: number
  readonly allowPending: boolean
  readonly accept: {
    readonly apiKeys: boolean
    /** API keys in the `X-API-Key` header too. */
    readonly apiKeyHeader: boolean
    readonly m2m: MachineForms
    readonly oauth: MachineForms
    /** That the `aud` of OAuth tokens must name; `null`: any. */
    readonly resource: string | null
    /** That every OAuth token must have. */
    readonly scopes: readonly string[]
    /** Of JWT forms; `null`: until they expire. */
    readonly maxAgeSeconds: number | null
  }
  /** Id of this machine at Clerk: a receiver of M2M tokens. */
  readonly machineId: string | null
  /** Where M2M tokens of this machine may be sent. */
  readonly machineOrigins: readonly string[]
  /** `__session_<suffix>` of the publishable key; `null` without one. */
  readonly cookieSuffix: string | null
  readonly session: {
    readonly revalidateAfterSeconds: number
    readonly graceSeconds: number
    readonly remember: 'cookies' | 'always' | 'never'
    readonly keepClaims: readonly string[]
  }
  /** `null`: the Account Portal of the publishable key. */
  readonly signInUrl: string | null
  readonly signUpUrl: string | null
  readonly provisioning: 'api' | 'claims' | 'off'
  /** In the order in which they are tried; empty: off. */
  readonly linking: readonly LinkBy[]
  readonly privateMetadata: boolean
  readonly webhookSecrets: readonly string[]
  readonly webhook: {
    readonly toleranceSeconds: number
    readonly leaseSeconds: number
    readonly handlerTimeoutSeconds: number
    readonly maxBodyBytes: number
  }
  readonly cache: {
    readonly tokens: number
    readonly users: number
    readonly userTtlSeconds: number
    readonly organizationTtlSeconds: number
  }
  readonly pollSeconds: number
  /** No call of a store is waited for longer. */
  readonly storeTimeoutSeconds: number
  /** This process's part of Clerk's limits. */
  readonly api: { readonly concurrency: number; readonly requestsPer10Seconds: number }
  /** Clerk's limit, of which questions about credentials of machines may take a part; on a machine of ours too. */
  readonly credentialsPer10Seconds: number
  readonly now: () => number
  readonly fetch: typeof globalThis.fetch
}
