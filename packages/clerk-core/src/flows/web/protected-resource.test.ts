import { inspect } from 'node:util'
import { createTestIssuer } from '@acme/clerk-testing'
import { expect, it } from 'vitest'
import { createClerk } from '../../create-clerk.js'
import type { AcceptOAuth } from '../../options.js'
import type { AnyClerk } from './any-clerk.js'
import { toMcpAuthInfo } from './mcp.js'
import type { WebRequest } from './messages.js'
import { createProtectedResource, metadataUrlOf, withMetadata } from './protected-resource.js'

const issuer = await createTestIssuer()
const clerkOf = (oauth: 'jwt' | AcceptOAuth | false) =>
  createClerk({
    publishableKey: issuer.publishableKey,
    jwtKey: issuer.pem,
    authorizedParties: 'any',
    accept: { oauth: typeof oauth === 'object' ? { form: 'jwt', ...oauth } : oauth },
  })
const web = { webRequestOf: (request: WebRequest) => request }
const mount = (clerk: object, ...options: readonly unknown[]) =>
  createProtectedResource(web, clerk as AnyClerk, ...(options as []))
const denial = {
  status: 401,
  code: 'unauthenticated',
  message: '',
  headers: { 'WWW-Authenticate': 'Bearer' },
  body: {},
} as const

it('the well-known part stands between the host and the path of the resource', () => {
  const at = 'https://a.example/.well-known/oauth-protected-resource'
  expect(metadataUrlOf('https://a.example')).toBe(at)
  expect(metadataUrlOf('https://a.example/')).toBe(at)
  expect(metadataUrlOf('https://a.example/mcp')).toBe(`${at}/mcp`)
  expect(metadataUrlOf('https://a.example/a/b/')).toBe(`${at}/a/b/`)
  expect(metadataUrlOf('https://a.example:8443/mcp?x=1')).toBe(
    'https://a.example:8443/.well-known/oauth-protected-resource/mcp?x=1',
  )
})

it.each<[string, 'jwt' | AcceptOAuth | false, readonly unknown[]]>([
  ['a clerk that takes no OAuth token', false, [{ resource: 'https://a.example' }]],
  ['no resource', 'jwt', []],
  ['a resource that came out undefined', { resource: 'https://a.example' }, [{ resource: undefined }]],
  ['a resource in the clear', 'jwt', [{ resource: 'http://a.example' }]],
  ['a misspelt option', { resource: 'https://a.example' }, [{ scope: ['read'] }]],
  ['scopes that are text', { resource: 'https://a.example' }, [{ scopes: 'read' }]],
  ['a promise', { resource: 'https://a.example' }, [Promise.resolve({})]],
])('no metadata is made of %s', (_name, oauth, options) => {
  expect(() => mount(clerkOf(oauth), ...options)).toThrow(/oauth|resource|scope|promise/)
})

it('of several resources a refusal names the one that the request is for', () => {
  const clerk = clerkOf('jwt')
  const named = (url: string) =>
    withMetadata(denial, { machine: 'only' }, clerk, () => url).headers['WWW-Authenticate']
  expect(named('/mcp')).toBe('Bearer')
  mount(clerk, { resource: 'https://a.example/mcp' })
  expect(named('/elsewhere')).toContain('oauth-protected-resource/mcp"')
  mount(clerk, { resource: 'https://a.example/mcp/admin' })
  expect(named('/mcp/admin?x')).toContain('oauth-protected-resource/mcp/admin"')
  expect(named('/mcp/administration')).toContain('oauth-protected-resource/mcp"')
  expect(named('/elsewhere')).toBe('Bearer')
})

it('for the MCP SDK a machine is its `AuthInfo`, and nobody else is', async () => {
  const clerk = clerkOf({ resource: 'https://a.example/mcp' })
  const token = await issuer.mintOAuth({ aud: ['https://a.example/mcp'], scope: 'read write', sub: 'user_1' })
  const auth = await clerk.authenticate({ authorization: `Bearer ${token}` })
  if (auth.kind !== 'machine') throw new Error(inspect(auth))
  expect(toMcpAuthInfo(auth)).toEqual({
    token,
    clientId: 'client_test',
    scopes: ['read', 'write'],
    expiresAt: auth.expiresAt,
    resource: new URL('https://a.example/mcp'),
    extra: { tokenType: 'oauth', subject: 'user_1', userId: 'user_1', orgId: null, actor: null },
  })
  expect(() => toMcpAuthInfo({ ...auth })).toThrow(TypeError)
  const nobody = await clerk.authenticate({})
  expect(() => toMcpAuthInfo(nobody as never)).toThrow(TypeError)
})
