import { type OptionRules, rule } from '../../ground/options/read-options.js'
import { originOf, type WebRequest, type WebResponse } from './messages.js'

/** What a server of fetch requests does not tell of a client. `R`: the framework's request. */
export interface PeerOptions<R> {
  /**
   * Believe `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-For`: of a list the last entry, which the proxy in front
   * has written. Default `false`: where no proxy sets them, a client can.
   */
  trustProxy?: boolean | undefined
  /**
   * Address of the peer, for limits and the audit log alone. A fetch `Request` does not have it: `server.requestIP(request)`
   * of Bun, `info.remoteAddr` of Deno. Where it is unknown, invented machine credentials of all clients share one limit.
   */
  clientAddress?: ((request: R) => string | undefined) | undefined
}

export const PEER_OPTIONS: OptionRules<PeerOptions<never>> = {
  trustProxy: rule.flag,
  clientAddress: rule.code,
}

/** The part of a URL that a client sends in its request: path and query. */
export function targetOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  return start < 0 ? '/' : url.slice(start)
}

/** A fetch `Request` as {@link WebRequest}. */
export function webRequestFromFetch(
  { url, method, headers }: Pick<Request, 'url' | 'method' | 'headers'>,
  trustProxy = false,
): WebRequest {
  const { protocol, host } = new URL(url)
  const plain = Object.fromEntries(headers)
  const forwarded = (name: string) => (trustProxy ? lastOf(plain[`x-forwarded-${name}`]) : undefined)
  const origin = originOf(forwarded('proto') ?? protocol.slice(0, -1), forwarded('host') ?? host)
  return { method, url: targetOf(url), origin, headers: plain }
}

/** The client's address: the proxy's word where it is believed, else the peer's. */
export function addressBehindProxy(
  forwardedFor: string | null | undefined,
  trustProxy: boolean | undefined,
  peer: string | undefined,
): string | undefined {
  return (trustProxy === true ? lastOf(forwardedFor) : undefined) ?? peer
}

function lastOf(list: string | null | undefined): string | undefined {
  const last = list?.slice(list.lastIndexOf(',') + 1).trim()
  return last === '' ? undefined : last
}

export function toFetchResponse({ status, headers, body }: WebResponse): Response {
  return body === null
    ? new Response(null, { status, headers })
    : new Response(JSON.stringify(body), {
        status,
        headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
      })
}
