import { violatesOriginRule } from '../../domain/credentials/origin.js'
import { authorize } from '../../domain/guard/authorize.js'
import { parseRecord } from '../../domain/session/parse-record.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import type { AnyClerk } from './any-clerk.js'
import { credentialsFrom } from './credentials-from.js'
import { refusal, type WebRequest, type WebResponse } from './messages.js'
import type { RequestState } from './request-state.js'

/**
 * Ends the local session and, in every process, the Clerk session it stands for. Nobody is signed out by a page
 * elsewhere: `POST` falls under the Origin rule, under which a bearer speaks for itself and no session is touched; `GET`
 * must come from this very origin.
 *
 * @returns `null` when it is done, else the refusal
 */
export async function signOut(
  clerk: AnyClerk,
  request: WebRequest,
  { auth, session: found }: RequestState,
): Promise<WebResponse | null> {
  const crossSite = isCrossSite(clerk, request)
  const byBearer = request.method === 'POST' && (auth.kind === 'user' || auth.kind === 'unavailable')
  if (crossSite && !byBearer) return refusal(403, 'cross-site-request', 'Forbidden')
  const session = crossSite ? undefined : found
  const { issuer, now, clockToleranceSeconds } = clerk.options
  const nowSeconds = Math.floor(now() / 1000)
  const { record } = parseRecord(await session?.read(), {
    instance: issuer,
    nowSeconds,
    clockToleranceSeconds,
  })
  // Whose session to end is not known: saying "signed out" would be a lie.
  if (auth.kind === 'unavailable' && record === null) return authorize(auth, {})

  const sessionIds = new Set<string>()
  if (auth.kind === 'user') sessionIds.add(auth.sessionId)
  if (record !== null) sessionIds.add(record.sid)
  const ended = await Promise.allSettled([...sessionIds].map((id) => clerk.signOut(id)))
  // Whatever became of the rest, this browser's session is over.
  await session?.end()
  for (const result of ended) {
    if (result.status === 'fulfilled') continue
    if (!(result.reason instanceof StoreUnavailableError)) throw result.reason
    return refusal(503, 'unavailable', 'Temporarily unavailable', { 'Retry-After': '5' })
  }
  return null
}

function isCrossSite(clerk: AnyClerk, { method, headers }: WebRequest): boolean {
  if (method !== 'POST') return headers['sec-fetch-site'] !== 'same-origin'
  return violatesOriginRule(credentialsFrom({ headers, method }), clerk.options.authorizedParties)
}
