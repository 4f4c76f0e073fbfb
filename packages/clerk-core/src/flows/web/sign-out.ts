import { violatesOriginRule } from '../../domain/credentials/origin.js'
import { authorize } from '../../domain/guard/authorize.js'
import { BoundedSlot } from '../../domain/session/bounded-slot.js'
import { type FoundRecord, NO_RECORD, parseRecord, UNREADABLE } from '../../domain/session/parse-record.js'
import { readSlot, SessionReadError } from '../../domain/session/session-writer.js'
import { StoreFaultError, StoreUnavailableError } from '../../ground/errors.js'
import type { AnyClerk } from './any-clerk.js'
import { credentialsFrom } from './credentials-from.js'
import { refusal, type WebRequest, type WebResponse } from './messages.js'
import type { RequestState } from './request-state.js'
import { settingsOf } from './settings.js'

export interface SignOutOptions {
  /** Revoke the session at Clerk too, where a secret key is configured. Default true. */
  revokeAtClerk?: boolean | undefined
}

/**
 * Ends the local session and the Clerk session it was made from: first in every process, then at Clerk. A failure of
 * Clerk's changes neither the sign-out nor the response. A page of another site cannot sign a user out: a `POST` is
 * subject to the Origin rule (where it fails, a bearer token ends its own Clerk session, and the local session is not
 * touched), and a `GET` must be a link that was followed on a page of the same origin.
 *
 * @returns `null` when the user is signed out, else the refusal
 */
export async function signOut(
  clerk: AnyClerk,
  request: WebRequest,
  { auth, session: present }: RequestState,
  { revokeAtClerk = true }: SignOutOptions = {},
): Promise<WebResponse | null> {
  const crossSite = isCrossSite(clerk, request)
  const byBearer = request.method === 'POST' && (auth.kind === 'user' || auth.kind === 'unavailable')
  if (crossSite && !byBearer) return refusal(403, 'cross-site-request', 'Forbidden')
  const { storeTimeoutSeconds } = settingsOf(clerk)
  const session =
    crossSite || present === undefined ? undefined : new BoundedSlot(present, storeTimeoutSeconds)
  const found = await foundIn(session, clerk)
  const { record } = found
  // Which session to end is not known: the answer must not claim that it has ended.
  if (auth.kind === 'unavailable' && record === null) return authorize(auth)

  const sessionIds = new Set<string>()
  if (auth.kind === 'user') sessionIds.add(auth.sessionId)
  if (record !== null) sessionIds.add(record.sid)
  const endings = [...sessionIds].map((id) => clerk.signOut(id))
  // Tried again after a 503: the session has ended here, and whether the other processes know is what is asked.
  if (auth.kind === 'anonymous' && auth.reason === 'session-revoked')
    endings.push(settingsOf(clerk).recorded())
  const ended = await Promise.allSettled(endings)
  // This browser's session ends even where the Clerk session could not be ended.
  const left = await endedHere(found.absent === 'moved' ? undefined : session)
  const { revokeAtClerk: revoke } = settingsOf(clerk)
  if (revokeAtClerk && revoke !== null) await Promise.all([...sessionIds].map(revoke))
  for (const result of ended) {
    if (result.status === 'fulfilled') continue
    if (result.reason instanceof StoreFaultError)
      return refusal(500, 'failed', 'The sign-out could not be recorded')
    if (!(result.reason instanceof StoreUnavailableError)) throw result.reason
    return temporarilyUnavailable()
  }
  // The Clerk session has ended in every process; the session of this browser may hold another one, or local data.
  return found.absent === 'unreadable' || !left ? temporarilyUnavailable() : null
}

function temporarilyUnavailable(): WebResponse {
  return refusal(503, 'unavailable', 'Temporarily unavailable', { 'Retry-After': '5' })
}

async function foundIn(session: BoundedSlot | undefined, clerk: AnyClerk): Promise<FoundRecord> {
  if (session === undefined) return NO_RECORD
  const { issuer, now, clockToleranceSeconds } = settingsOf(clerk)
  try {
    const nowSeconds = Math.floor(now() / 1000)
    return parseRecord(await readSlot(session), { issuer, nowSeconds, clockToleranceSeconds })
  } catch (error) {
    if (error instanceof SessionReadError) return UNREADABLE
    throw error
  }
}

/** Whether the session of this browser has ended. */
async function endedHere(session: BoundedSlot | undefined): Promise<boolean> {
  try {
    await session?.end()
    return true
  } catch {
    return false
  }
}

/** The `Sec-Fetch-…` headers are the browser's: no page can set them, and an image or a frame is no navigation. */
function isCrossSite(clerk: AnyClerk, { method, headers }: WebRequest): boolean {
  if (method !== 'POST') {
    return headers['sec-fetch-site'] !== 'same-origin' || headers['sec-fetch-dest'] !== 'document'
  }
  return violatesOriginRule(credentialsFrom({ headers, method }), settingsOf(clerk).authorizedParties)
}
