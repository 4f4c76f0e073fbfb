import type { IncomingHttpHeaders } from 'node:http'
import { bearerOf } from '../../domain/credentials/bearer.js'
import type { PresentCredentials } from '../../domain/credentials/credentials.js'
import { machineTypeOf } from '../../domain/machines/machine-types.js'
import type { SessionSlot } from '../../domain/session/slot.js'

/**
 * The credentials in the headers of a Node request (HTTP/1 or HTTP/2).
 *
 * Node keeps the first of repeated `Authorization` headers and joins the others with `, `, so that a repeated `Origin`,
 * `Sec-Fetch-…` or `X-Organization-Id` equals no listed value. Some hosts give repeated headers as arrays; they are
 * joined the same way.
 *
 * @param addressOf the client's address by the framework's own rules for trusted proxies; only asked for where a limit
 *   needs it
 */
export function credentialsFrom<
  R extends { readonly headers: IncomingHttpHeaders; readonly method?: string | undefined },
>(
  request: R,
  session?: SessionSlot,
  localUser?: unknown,
  addressOf?: (request: R) => string | undefined,
): PresentCredentials {
  const { headers } = request
  const authorization = single(headers.authorization)
  const apiKey = single(headers['x-api-key'])
  const cookie = single(headers.cookie, '; ')
  // What says where a request comes from is asked about cookies alone, and each header that is looked for costs.
  const hasCookie = cookie !== undefined
  return {
    authorization,
    apiKey,
    // Working it out from `X-Forwarded-For` costs a microsecond: not on every request.
    clientAddress:
      addressOf !== undefined && (apiKey !== undefined || sendsMachineCredential(authorization))
        ? addressOf(request)
        : undefined,
    cookie,
    origin: hasCookie ? single(headers.origin) : undefined,
    fetchSite: hasCookie ? single(headers['sec-fetch-site']) : undefined,
    fetchDest: hasCookie ? single(headers['sec-fetch-dest']) : undefined,
    // Reading it from an Express request costs a microsecond.
    method: hasCookie ? request.method : undefined,
    // A framework runs its hooks for upgrade requests too, and a handler then trusts their result.
    upgrade: headers.upgrade !== undefined && /websocket/i.test(headers.upgrade),
    organization: single(headers['x-organization-id']),
    session,
    localUser,
  }
}

/** The same for a fetch `Request`, whose `Headers` join repeated headers themselves. */
export function credentialsFromFetch<R extends { readonly headers: Headers; readonly method: string }>(
  request: R,
  session?: SessionSlot,
  localUser?: unknown,
  addressOf?: (request: R) => string | undefined,
): PresentCredentials {
  const { headers } = request
  const get = (name: string) => headers.get(name) ?? undefined
  // The first of several, as in Node: no bearer token has a comma in it (RFC 6750 §2.1).
  const authorization = get('authorization')?.split(',', 1)[0]
  const apiKey = get('x-api-key')
  const cookie = get('cookie')
  const hasCookie = cookie !== undefined
  return {
    authorization,
    apiKey,
    clientAddress:
      addressOf !== undefined && (apiKey !== undefined || sendsMachineCredential(authorization))
        ? addressOf(request)
        : undefined,
    cookie,
    origin: hasCookie ? get('origin') : undefined,
    fetchSite: hasCookie ? get('sec-fetch-site') : undefined,
    fetchDest: hasCookie ? get('sec-fetch-dest') : undefined,
    method: hasCookie ? request.method : undefined,
    upgrade: /websocket/i.test(get('upgrade') ?? ''),
    organization: get('x-organization-id'),
    session,
    localUser,
  }
}

function sendsMachineCredential(authorization: string | undefined): boolean {
  // Every JWT begins like this: most requests end here.
  if (authorization === undefined || authorization.startsWith('Bearer eyJ')) return false
  const bearer = bearerOf(authorization)
  return bearer !== null && machineTypeOf(bearer) !== undefined
}

function single(value: string | string[] | undefined, separator = ', '): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(separator)
}
