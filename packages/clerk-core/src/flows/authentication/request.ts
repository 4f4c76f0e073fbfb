import { bearerOf } from '../../domain/credentials/bearer.js'
import { readSessionCookies } from '../../domain/credentials/cookies.js'
import {
  type Credentials,
  type PresentCredentials,
  withoutNulls,
} from '../../domain/credentials/credentials.js'
import { violatesOriginRule } from '../../domain/credentials/origin.js'
import type { SessionSlot } from '../../domain/session/slot.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'

/** One request on its way through the pipeline. */
export interface Request {
  readonly credentials: PresentCredentials
  readonly slot: SessionSlot | undefined
  readonly localUser: unknown
  readonly bearer: string | null
  readonly crossSite: boolean
  readonly cookieToken: string | null
  readonly clientUat: number | null
  /** `X-Organization-Id`, when it says anything. */
  readonly requested: string | undefined
  /** Hash of the token that was verified; the only form in which it is mentioned. */
  tokenHash: string | null
}

type RequestOptions = Pick<
  ResolvedOptions,
  'session' | 'cookieSuffix' | 'publishableKey' | 'issuer' | 'authorizedParties' | 'now'
>

/** Reads what a request carries; nothing of it is verified yet, but where it comes from. */
export function createRequestReader({
  session,
  cookieSuffix: suffix,
  publishableKey,
  issuer,
  authorizedParties,
  now,
}: RequestOptions): (credentials: Credentials) => Request {
  const production = publishableKey?.startsWith('pk_live_') ?? false
  const instance = suffix === null ? null : { suffix, issuer, production }
  const nowSeconds = () => Math.floor(now() / 1000)

  return (given) => {
    const credentials = withoutNulls(given)
    const cookies = readSessionCookies(credentials.cookie, instance, nowSeconds)
    return {
      credentials,
      slot: session.remember === 'never' ? undefined : credentials.session,
      localUser: credentials.localUser ?? undefined,
      bearer: bearerOf(credentials.authorization),
      crossSite: violatesOriginRule(credentials, authorizedParties),
      cookieToken: cookies.token,
      clientUat: cookies.clientUat,
      requested: credentials.organization?.trim() || undefined,
      tokenHash: null,
    }
  }
}
