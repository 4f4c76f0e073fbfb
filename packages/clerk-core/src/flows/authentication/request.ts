import { bearerOf } from '../../domain/credentials/bearer.js'
import { readSessionCookies } from '../../domain/credentials/cookies.js'
import {
  type Credentials,
  type PresentCredentials,
  withoutNulls,
} from '../../domain/credentials/credentials.js'
import { localUserOf } from '../../domain/credentials/local-user.js'
import { violatesOriginRule } from '../../domain/credentials/origin.js'
import { machineTypeOf } from '../../domain/machines/machine-types.js'
import { BoundedSlot } from '../../domain/session/bounded-slot.js'
import type { SessionSlot } from '../../domain/session/slot.js'
import type { AnonymousReason } from '../../ground/errors.js'
import type { Evidence } from '../../ground/observe/explain.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'

/** One request on its way through the pipeline. */
export interface Request {
  readonly credentials: PresentCredentials
  readonly slot: BoundedSlot | undefined
  readonly localUser: unknown
  /** Of the `Authorization` header, or an API key of its own header. */
  readonly bearer: string | null
  /** Why nothing that it carries is looked at. */
  readonly fault: Extract<AnonymousReason, 'several-credentials' | 'machine-credential-invalid'> | null
  readonly crossSite: boolean
  readonly cookieToken: string | null
  readonly clientUat: number | null
  /** `X-Organization-Id`, when it says anything. */
  readonly requested: string | undefined
  /** Whether nothing but the record of a session can decide. */
  isSessionAlone: boolean
  /** Of the bearer token, where it has been worked out. */
  digest: string | undefined
  /** What was verified, by its hash: the only form in which it is mentioned. Worked out when it is asked for. */
  token: { readonly hash: string } | null
  /** What was looked at where something of it was refused: for the log alone. */
  seen: Evidence | null
  /** False once a token had to be verified for it, or Clerk was asked: nothing that was remembered answers it alone. */
  cached: boolean
}

export type RequestOptions = Pick<
  ResolvedOptions,
  | 'accept'
  | 'session'
  | 'cookieSuffix'
  | 'publishableKey'
  | 'issuer'
  | 'authorizedParties'
  | 'now'
  | 'clockToleranceSeconds'
  | 'storeTimeoutSeconds'
>

/**
 * A moment of the browser's clock that any page of the site can set: one that lies in the future by more than the tolerance
 * says nothing, else it would make every token and every record look outdated.
 */
function readClientUat(
  clientUat: number | null,
  { now, clockToleranceSeconds }: Pick<ResolvedOptions, 'now' | 'clockToleranceSeconds'>,
): number | null {
  return clientUat === null || clientUat > now() / 1000 + clockToleranceSeconds ? null : clientUat
}

/**
 * Of two credentials each could be meant, and a proxy that looks at one of them would have let the other pass. In the header
 * for API keys there is nothing but API keys: no token that signs a user in.
 */
function faultOf(bearer: string | null, apiKey: string): Request['fault'] {
  if (bearer !== null) return 'several-credentials'
  return machineTypeOf(apiKey)?.tokenType === 'api_key' ? null : 'machine-credential-invalid'
}

/** Reads what a request carries; nothing of it is verified yet, but where it comes from. */
export function createRequestReader(
  options: RequestOptions,
  observer: Pick<Observer, 'warn'>,
): (credentials: Credentials) => Request {
  const { accept, session, cookieSuffix: suffix, publishableKey, issuer, authorizedParties, now } = options
  const production = publishableKey?.startsWith('pk_live_') ?? false
  const instance = suffix === null ? null : { suffix, issuer, production }
  const nowSeconds = () => Math.floor(now() / 1000)

  const boundedSlot = (slot: SessionSlot | undefined) =>
    slot === undefined || session.remember === 'never'
      ? undefined
      : new BoundedSlot(slot, options.storeTimeoutSeconds)

  return (given) => {
    const credentials = withoutNulls(given)
    const bearer = bearerOf(credentials.authorization)
    const apiKey = accept.apiKeyHeader ? credentials.apiKey?.trim() || null : null
    const cookies = readSessionCookies(credentials.cookie, instance, nowSeconds)
    return {
      credentials,
      slot: boundedSlot(credentials.session),
      localUser: localUserOf(credentials.localUser, options, observer),
      bearer: bearer ?? apiKey,
      fault: apiKey === null ? null : faultOf(bearer, apiKey),
      crossSite: violatesOriginRule(credentials, authorizedParties),
      cookieToken: cookies.token,
      clientUat: readClientUat(cookies.clientUat, options),
      requested: credentials.organization?.trim() || undefined,
      isSessionAlone: false,
      digest: undefined,
      token: null,
      seen: null,
      cached: true,
    }
  }
}
