import { insufficientScope } from '../../domain/guard/denials.js'
import type { Denial, Requirement } from '../../domain/guard/requirement.js'
import { isScope } from '../../ground/options/accept.js'
import { Problems } from '../../ground/options/problems.js'
import { type OptionRules, readOptions } from '../../ground/options/read-options.js'
import { checkResource } from '../../ground/options/values.js'
import type { AnyClerk } from './any-clerk.js'
import type { Framework } from './framework.js'
import { refusal, type WebResponse } from './messages.js'
import { settingsOf } from './settings.js'

export interface ProtectedResourceOptions {
  /** This service, as its clients name it: `https://mcp.example.com/mcp`. Default: `accept.oauth.resource`. */
  resource?: string
  /** Scopes that clients may ask for here. Default: `accept.oauth.scopes`. */
  scopes?: readonly string[]
}

const PROTECTED_RESOURCE_OPTIONS: OptionRules<ProtectedResourceOptions> = {
  resource: { check: checkResource, definite: true },
  scopes: {
    entries: (entry) =>
      isScope(entry)
        ? { value: entry }
        : { message: 'has an entry that is no scope.', remedy: "Write `['read']`." },
    definite: true,
  },
}

const RESOURCE_PATH = '/.well-known/oauth-protected-resource'
const SERVER_PATH = '/.well-known/oauth-authorization-server'

/** Pages of any origin may read it, without credentials: nothing in it is secret, and no cookie changes it. */
const CORS = { 'Access-Control-Allow-Origin': '*' }
const PREFLIGHT: WebResponse = {
  status: 204,
  headers: {
    ...CORS,
    'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
    // Clients of MCP send a header of their own with it.
    'Access-Control-Allow-Headers': '*',
    'Access-Control-Max-Age': '86400',
  },
  body: null,
}

/** RFC 9728 §3.1: the well-known part stands between the host and the path of the resource. */
export function metadataUrlOf(resource: string): string {
  const { origin, pathname, search } = new URL(resource)
  return `${origin}${RESOURCE_PATH}${pathname === '/' ? '' : pathname}${search}`
}

export interface ProtectedResource<R extends object> {
  /** Paths of the host, not below any prefix. */
  readonly paths: readonly string[]
  /** `null`: the request is for another path. */
  handle(request: R): WebResponse | null
}

/**
 * What a protected resource says of itself (RFC 9728), so that a client that meets a 401 finds the server that gives out
 * tokens. Every URL comes from the options, none from `Host`, which the client chooses.
 *
 * @throws {ConfigurationError} where OAuth tokens are not accepted, for unknown options, and for values they cannot have
 */
export function createProtectedResource<R extends object>(
  { webRequestOf }: Pick<Framework<R>, 'webRequestOf'>,
  clerk: AnyClerk,
  options?: ProtectedResourceOptions,
): ProtectedResource<R> {
  const { issuer, oauth } = settingsOf(clerk)
  const { resource, scopes } = read(options, oauth)
  oauth.resources.add(resource)
  const { pathname } = new URL(resource)
  const own = pathname === '/' ? '' : pathname
  const headers = { ...CORS, 'Cache-Control': 'public, max-age=300' }
  const metadata: WebResponse = {
    status: 200,
    headers,
    body: {
      resource,
      authorization_servers: [issuer],
      ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
      bearer_methods_supported: ['header'],
    },
  }
  // Older clients of MCP look for the authorization server's metadata here.
  const toIssuer: WebResponse = {
    status: 307,
    headers: { ...headers, Location: `${issuer}${SERVER_PATH}` },
    body: null,
  }
  const answers = new Map<string, WebResponse>([
    [`${RESOURCE_PATH}${own}`, metadata],
    [SERVER_PATH, toIssuer],
    [`${SERVER_PATH}${own}`, toIssuer],
  ])
  return {
    paths: [...answers.keys()],
    handle(request) {
      const { method, url } = webRequestOf(request)
      const answer = answers.get(url.replace(/[?#].*$/s, ''))
      if (answer === undefined) return null
      if (method === 'OPTIONS') return PREFLIGHT
      if (method === 'GET' || method === 'HEAD') return answer
      return refusal(405, 'method-not-allowed', 'Method not allowed', {
        ...CORS,
        Allow: 'GET, HEAD, OPTIONS',
      })
    },
  }
}

/**
 * The denial of a route that takes OAuth tokens, with the URL of the metadata and the scopes that the route needs (RFC 9728 §5.1,
 * RFC 6750 §3): a client finds out there how to get a token.
 *
 * @param url path and query of the request, to choose between several resources
 */
export function withMetadata(
  denial: Denial,
  requirement: Requirement,
  clerk: object,
  url: () => string | null,
): Denial {
  const given = denial.headers['WWW-Authenticate']
  if (given === undefined || !takesOAuth(requirement)) return denial
  const { oauth } = settingsOf(clerk)
  if (!oauth.accepted) return denial
  // All of them: a client that asked for the missing one alone would come back without the others.
  const needed = [...new Set([...oauth.scopes, ...(requirement.oauth?.scopes ?? [])])]
  const lacksScope = denial.code === 'insufficient-scope'
  const header = lacksScope
    ? (insufficientScope([...needed, ...[requirement.scope ?? []].flat()]).headers['WWW-Authenticate'] ??
      given)
    : given
  const resource = requirement.oauth?.resource ?? oauth.resource ?? nearest([...oauth.resources], url)
  const parameters = [
    ...(header === 'Bearer' ? [] : [header.slice('Bearer '.length)]),
    ...(lacksScope || needed.length === 0 || resource === null ? [] : [`scope="${needed.join(' ')}"`]),
    ...(resource === null ? [] : [`resource_metadata="${quoted(metadataUrlOf(resource))}"`]),
  ]
  if (parameters.length === 0) return denial
  const headers = { ...denial.headers, 'WWW-Authenticate': `Bearer ${parameters.join(', ')}` }
  return Object.freeze({ ...denial, headers: Object.freeze(headers) })
}

function takesOAuth({ machine }: Requirement): boolean {
  return machine === 'allow' || machine === 'only' || (machine?.includes('oauth') ?? false)
}

/** The only one, or of several the one whose path the request's path continues. */
function nearest(resources: readonly string[], url: () => string | null): string | null {
  if (resources.length <= 1) return resources[0] ?? null
  const path = `${(url() ?? '').replace(/[?#].*$/s, '')}/`
  const fitting = resources
    .map((resource) => ({ resource, base: new URL(resource).pathname.replace(/\/*$/, '/') }))
    .filter(({ base }) => path.startsWith(base))
    .sort((one, other) => other.base.length - one.base.length)
  return fitting[0]?.resource ?? null
}

/** RFC 9110 §5.6.4. */
const quoted = (text: string) => text.replace(/["\\]/g, '\\$&')

function read(
  given: ProtectedResourceOptions | undefined,
  oauth: { readonly accepted: boolean; readonly resource: string | null; readonly scopes: readonly string[] },
): { readonly resource: string; readonly scopes: readonly string[] } {
  const problems = new Problems()
  const options = readOptions('clerkProtectedResource', given, PROTECTED_RESOURCE_OPTIONS, problems)
  if (!oauth.accepted)
    problems.add(
      'accept.oauth',
      'is off: no guard would take a token that a client gets for this resource.',
      'Set it.',
    )
  const resource = options.resource ?? oauth.resource
  if (resource === null)
    problems.add(
      'clerkProtectedResource resource',
      'is missing.',
      'Name this service as its clients do: `https://host/path`.',
    )
  problems.throwIfAny()
  return { resource: resource as string, scopes: Object.freeze([...(options.scopes ?? oauth.scopes)]) }
}
