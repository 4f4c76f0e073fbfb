import type { RunningApp } from './binding.js'
import { PAGE } from './harness.js'
import { type RawResponse, request } from './http.js'

/** By name, as a browser has them. */
export type Cookies = ReadonlyMap<string, string>

/** The cookies that an answer sets. */
export function cookiesOf({ headers }: RawResponse): Map<string, string> {
  const pairs = (headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? '')
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

/** A request of a page: with cookies, Clerk's `__session` (`token`) among them, or a bearer token. */
export function send(
  app: RunningApp | undefined,
  path: string,
  {
    cookies = new Map(),
    token,
    bearer,
    method = 'GET',
  }: { cookies?: Cookies; token?: string | undefined; bearer?: string; method?: string } = {},
): Promise<RawResponse> {
  const pairs = [...cookies].map(([name, value]) => `${name}=${value}`)
  if (token !== undefined) pairs.push(`__session=${token}`)
  return request(`${app?.origin}${path}`, {
    method,
    headers: {
      origin: PAGE,
      ...(pairs.length === 0 ? {} : { cookie: pairs.join('; ') }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
  })
}
