import { memoryStore } from '@acme/clerk-core'
import type { UserStore } from '@acme/clerk-core/store'
import type { Case } from './case.js'
import { isText, isThere } from './expect.js'
import { PAGE } from './harness.js'

const UNAUTHENTICATED = { error: 'Authentication required', code: 'unauthenticated' }
const FORBIDDEN = { error: 'Forbidden', code: 'forbidden' }
const SIGNED_OUT = { 'www-authenticate': 'Bearer' }
const REFUSED = { 'www-authenticate': 'Bearer error="invalid_token"' }
const ADA = { kind: 'user', source: 'token', firstName: 'Ada' }

export const accessCases: readonly Case[] = [
  {
    title: 'a request without credentials is anonymous, and refused where a user is required',
    steps: () => [
      { request: 'GET /open', status: 200, json: { kind: 'anonymous', reason: 'no-credentials' } },
      { request: 'GET /private', status: 401, json: UNAUTHENTICATED, responseHeaders: SIGNED_OUT },
      { request: 'POST /private', status: 401, json: UNAUTHENTICATED },
      { request: 'GET /machine', status: 401, json: UNAUTHENTICATED },
      { request: 'GET /local', status: 401, json: UNAUTHENTICATED },
    ],
  },
  {
    title: 'a bearer token signs in the local user, who is created on the first request',
    steps: ({ ada, orgId, clerk }) => [
      {
        request: 'GET /private',
        bearer: ada.token,
        status: 200,
        includes: { ...ADA, userId: ada.id, orgId },
        responseHeaders: { 'set-cookie': null },
      },
      {
        meanwhile: async () => {
          if ((await clerk.users.get(ada.id))?.firstName !== 'Ada') throw new Error('no local row')
        },
        request: 'POST /open',
        headers: { authorization: `bEaReR ${ada.token}` },
        status: 200,
        includes: { userId: ada.id },
      },
    ],
  },
  {
    title: 'the organisation’s row stands beside the membership, and an Auth that is sent is what /me shows',
    steps: ({ ada, bob, orgId, clerk }) => {
      const me = { email: null, username: null, lastName: null, imageUrl: isText }
      const local = isText
      return [
        {
          // An organisation that no event has told of yet.
          request: 'GET /private',
          bearer: ada.token,
          status: 200,
          includes: {
            ...{ orgId, organization: null, membership: null },
            written: {
              ...{
                ...me,
                kind: 'user',
                id: local,
                clerkId: ada.id,
                email: isThere,
                firstName: 'Ada',
              },
              organization: { id: orgId, role: 'org:admin' },
            },
          },
        },
        {
          meanwhile: async () => {
            const row = await clerk.organizations.refresh(orgId)
            if (row === null) throw new Error('no organisation')
          },
          request: 'GET /private',
          bearer: ada.token,
          status: 200,
          includes: { organization: /^org/, membership: 'org:admin' },
        },
        {
          request: 'GET /private',
          bearer: bob.token,
          status: 200,
          includes: { orgId: null, organization: null, membership: null },
        },
      ]
    },
  },
  {
    title: 'only WWW-Authenticate tells a refused token from none',
    steps: ({ ada, offline }) => [
      {
        request: 'GET /private',
        bearer: 'rubbish',
        status: 401,
        json: UNAUTHENTICATED,
        responseHeaders: REFUSED,
      },
      {
        request: 'GET /private',
        bearer: `${ada.token}x`,
        status: 401,
        json: UNAUTHENTICATED,
        responseHeaders: REFUSED,
      },
      {
        request: 'GET /private',
        bearer: ada.token,
        after: 3600,
        status: 401,
        json: UNAUTHENTICATED,
        responseHeaders: REFUSED,
      },
      {
        request: 'GET /private',
        headers: { authorization: `Basic ${Buffer.from(`ada:${offline.secretKey}`).toString('base64')}` },
        status: 401,
        responseHeaders: SIGNED_OUT,
      },
    ],
  },
  {
    title: 'guards check role and organisation, and refuse an organisation that the user does not belong to',
    steps: ({ ada, bob, orgId }) => [
      { request: 'GET /admin', bearer: ada.token, status: 200, includes: { orgId } },
      { request: 'GET /admin', bearer: bob.token, status: 403, json: FORBIDDEN },
      {
        request: 'GET /org',
        bearer: bob.token,
        status: 403,
        json: { error: 'Organization context required', code: 'organization-required' },
      },
      {
        request: 'GET /private',
        bearer: bob.token,
        headers: { 'x-organization-id': orgId },
        status: 403,
        includes: { code: 'organization-mismatch' },
      },
      { request: 'GET /admin', bearer: ada.token, headers: { 'x-organization-id': orgId }, status: 200 },
    ],
  },
  {
    routesOnly: true,
    title: 'a repeated header never adds access',
    steps: ({ ada, bob, orgId }) => [
      {
        request: 'GET /private',
        bearer: ada.token,
        headers: { 'x-organization-id': [orgId, orgId] },
        status: 403,
        includes: { code: 'organization-mismatch' },
      },
      {
        request: 'GET /private',
        headers: { authorization: [`Bearer ${bob.token}`, `Bearer ${ada.token}`] },
        status: 200,
        includes: { userId: bob.id },
      },
      {
        request: 'POST /private',
        cookie: ada.token,
        headers: { origin: [PAGE, 'https://evil.example'] },
        status: 401,
      },
    ],
  },
  {
    title: 'a machine is accepted only where the guard allows machines',
    options: { accept: { apiKeys: true } },
    steps: ({ ada, offline }) => {
      const { secret } = offline.createApiKey({ subject: ada.id, name: 'ci key' })
      return [
        {
          request: 'GET /machine',
          bearer: secret,
          status: 200,
          json: { kind: 'machine', tokenType: 'api_key', subject: ada.id },
        },
        { request: 'GET /private', bearer: secret, status: 403, json: FORBIDDEN },
        { request: 'GET /machine', bearer: ada.token, status: 403, json: FORBIDDEN },
        { request: 'GET /auth/me', bearer: secret, status: 403, json: FORBIDDEN },
      ]
    },
  },
  {
    title: 'a machine names its own organisation or one of its user, and is refused with any other',
    options: { accept: { apiKeys: true } },
    steps: async ({ ada, bob, orgId, clerk, offline }) => {
      await clerk.organizations.refresh(orgId)
      const secretOf = (subject: string) => offline.createApiKey({ subject, name: 'continuous' }).secret
      const header = { 'x-organization-id': orgId }
      const mismatch = { status: 403, includes: { code: 'organization-mismatch' } }
      const foreign = offline.createOrganization({ name: 'Foreign', createdBy: bob.id }).id
      return [
        { request: 'GET /machine', bearer: secretOf(ada.id), headers: header, status: 200 },
        { request: 'GET /machine', bearer: secretOf(orgId), headers: header, status: 200 },
        { request: 'GET /machine', bearer: secretOf(bob.id), headers: header, ...mismatch },
        {
          request: 'GET /machine',
          bearer: secretOf(orgId),
          headers: { 'x-organization-id': foreign },
          ...mismatch,
        },
      ]
    },
  },
  {
    title: 'a guard that lists types of tokens accepts machines with one of them, and no users',
    options: { accept: { apiKeys: true } },
    steps: ({ ada, offline }) => {
      const { secret } = offline.createApiKey({ subject: ada.id, name: 'continuous' })
      return [
        { request: 'GET /api-key', bearer: secret, status: 200, includes: { tokenType: 'api_key' } },
        { request: 'GET /m2m', bearer: secret, status: 403, json: FORBIDDEN },
        { request: 'GET /api-key', bearer: ada.token, status: 403, json: FORBIDDEN },
        { request: 'GET /api-key', status: 401, json: UNAUTHENTICATED },
      ]
    },
  },
  {
    title: 'an API key may come in a header of its own where that is accepted, and not beside a bearer',
    options: { accept: { apiKeys: true, apiKeyHeader: true } },
    steps: ({ ada, offline }) => {
      const { secret } = offline.createApiKey({ subject: ada.id, name: 'continuous' })
      const headers = { 'x-api-key': secret }
      return [
        { request: 'GET /api-key', headers, status: 200, includes: { tokenType: 'api_key' } },
        { request: 'GET /api-key', headers, bearer: secret, status: 401, json: UNAUTHENTICATED },
        { request: 'GET /private', headers, bearer: ada.token, status: 401, json: UNAUTHENTICATED },
        { request: 'GET /private', headers: { 'x-api-key': ada.token }, status: 401, json: UNAUTHENTICATED },
      ]
    },
  },
  {
    title: 'an OAuth token is for one resource, and one without a scope is told which it needs',
    options: { accept: { oauth: true } },
    steps: ({ ada, offline }) => {
      const token = (resource: string, scopes: string[]) =>
        offline.createOAuthToken({ user: ada.id, tokenFormat: 'jwt', resource, scopes }).token
      const here = 'https://mcp.example.com/mcp'
      const lacks = { error: 'Insufficient scope', code: 'insufficient-scope' }
      return [
        { request: 'GET /oauth', bearer: token(here, ['write', 'read']), status: 200 },
        { request: 'GET /oauth', bearer: token(here, ['read']), status: 403, json: lacks },
        { request: 'GET /oauth', bearer: token('https://x.example', ['write']), status: 401 },
        { request: 'GET /m2m', bearer: token('https://x.example', []), status: 200 },
        { request: 'GET /api-key', bearer: token(here, ['write']), status: 403, json: FORBIDDEN },
        { request: 'GET /private', bearer: token(here, ['write']), status: 403, json: FORBIDDEN },
      ]
    },
  },
  {
    routesOnly: true,
    title:
      'a protected resource describes itself, and every refusal of a guard that takes OAuth points there',
    options: { accept: { oauth: { resource: 'https://mcp.example.com/mcp', scopes: ['read'] } } },
    app: { resource: { scopes: ['read', 'write'] } },
    steps: ({ ada, offline }) => {
      const at = '/.well-known/oauth-protected-resource/mcp'
      const server = '/.well-known/oauth-authorization-server'
      const named = `resource_metadata="https://mcp.example.com${at}"`
      const open = {
        'access-control-allow-origin': '*',
        'access-control-allow-credentials': null,
        'set-cookie': null,
      }
      const token = (scopes: string[], resource = 'https://mcp.example.com/mcp') =>
        offline.createOAuthToken({ user: ada.id, tokenFormat: 'jwt', resource, scopes }).token
      const origin = 'https://inspector.example'
      const says = (value: string | null) => ({ responseHeaders: { 'www-authenticate': value } })
      const json = {
        resource: 'https://mcp.example.com/mcp',
        authorization_servers: [offline.issuer],
        scopes_supported: ['read', 'write'],
        bearer_methods_supported: ['header'],
      }
      return [
        {
          request: `GET ${at}`,
          headers: { origin, host: 'evil.example', 'x-forwarded-host': 'evil.example' },
          status: 200,
          json,
          responseHeaders: open,
        },
        { request: `GET ${at}?x=1`, cookie: ada.token, status: 200, json, responseHeaders: open },
        { request: `HEAD ${at}`, status: 200, responseHeaders: open },
        {
          request: `OPTIONS ${at}`,
          headers: {
            origin,
            'access-control-request-method': 'GET',
            'access-control-request-headers': 'mcp-protocol-version',
          },
          status: 204,
          responseHeaders: { ...open, 'access-control-allow-headers': '*' },
        },
        { request: 'GET /.well-known/oauth-protected-resource', status: 404 },
        ...[server, `${server}/mcp`].map((path) => ({
          request: `GET ${path}`,
          status: 307,
          responseHeaders: { ...open, location: `${offline.issuer}${server}` },
        })),
        { request: 'GET /m2m', status: 401, ...says(`Bearer scope="read", ${named}`) },
        {
          request: 'GET /m2m',
          bearer: token(['read'], 'https://x.example'),
          status: 401,
          ...says(`Bearer error="invalid_token", scope="read", ${named}`),
        },
        {
          request: 'GET /m2m',
          bearer: token([]),
          status: 403,
          ...says(`Bearer error="insufficient_scope", scope="read", ${named}`),
        },
        { request: 'GET /oauth', status: 401, ...says(`Bearer scope="read write", ${named}`) },
        {
          request: 'GET /oauth',
          bearer: token(['read']),
          status: 403,
          ...says(`Bearer error="insufficient_scope", scope="read write", ${named}`),
        },
        { request: 'GET /oauth', bearer: token(['read', 'write']), status: 200, ...says(null) },
        // Guards that take no OAuth token.
        { request: 'GET /private', status: 401, ...says('Bearer') },
        { request: 'GET /api-key', status: 401, ...says('Bearer') },
      ]
    },
  },
  {
    title: 'a key passes no check that its user does not',
    options: { accept: { apiKeys: true }, provisioning: 'off' },
    steps: ({ ada, offline }) => [
      { request: 'GET /private', bearer: ada.token, status: 401 },
      {
        request: 'GET /machine',
        bearer: offline.createApiKey({ subject: ada.id, name: 'continuous' }).secret,
        status: 401,
        json: UNAUTHENTICATED,
      },
    ],
  },
  ...[true, false].map(
    (trustProxy): Case => ({
      routesOnly: true,
      title: trustProxy
        ? 'behind a trusted proxy, invented credentials of one client are no limit for another'
        : 'without a trusted proxy a client cannot make up addresses',
      options: { accept: { apiKeys: true } },
      app: { trustProxy },
      steps: () => {
        const from = (address: string, n: number) => ({
          request: 'GET /open',
          bearer: `ak_invented_${n}`,
          headers: { 'x-forwarded-for': address },
          status: 200,
        })
        const asked = { json: { kind: 'anonymous', reason: 'machine-credential-invalid' } }
        const turnedAway = { json: { kind: 'unavailable', reason: 'clerk-unavailable' } }
        return [
          ...[1, 2, 3, 4].map((n) => ({ ...from('203.0.113.9', n), ...asked })),
          { ...from('203.0.113.9', 5), ...turnedAway },
          { ...from('198.51.100.7', 6), ...(trustProxy ? asked : turnedAway) },
        ]
      },
    }),
  ),
  {
    title: 'a pending session is anonymous to every guard that does not ask for it',
    options: { allowPending: true },
    sessions: 'every',
    steps: async ({ ada, bob, offline }) => {
      const pending = await offline.token(ada.sessionId, { claims: { sts: 'pending' } })
      const user = { kind: 'user', userId: ada.id }
      return [
        { request: 'GET /open', bearer: pending, status: 200, includes: user },
        {
          request: 'GET /private',
          bearer: pending,
          status: 401,
          json: UNAUTHENTICATED,
          responseHeaders: REFUSED,
        },
        { request: 'GET /admin', bearer: pending, status: 401, json: UNAUTHENTICATED },
        { request: 'GET /pending', bearer: pending, status: 200, includes: user },
        { request: 'GET /pending', bearer: bob.token, status: 200, includes: { userId: bob.id } },
        { request: 'GET /private', bearer: bob.token, status: 200 },
      ]
    },
  },
  {
    title: 'a pending session is remembered as pending',
    options: { allowPending: true },
    sessions: 'every',
    routesOnly: true,
    steps: async ({ ada, offline }) => {
      const pending = await offline.token(ada.sessionId, { claims: { sts: 'pending' } })
      const done = await offline.token(ada.sessionId)
      return [
        { request: 'GET /open', cookie: pending, status: 200, includes: { source: 'token' } },
        { request: 'GET /open', status: 200, includes: { kind: 'user', source: 'session' } },
        { request: 'GET /private', status: 401, json: UNAUTHENTICATED, responseHeaders: SIGNED_OUT },
        { request: 'GET /auth/me', status: 401, json: UNAUTHENTICATED },
        { request: 'GET /pending', status: 200, includes: { userId: ada.id, source: 'session' } },
        // The tasks are done: the next token says so.
        { request: 'GET /private', cookie: done, status: 200 },
        { request: 'GET /private', status: 200, includes: { source: 'session' } },
      ]
    },
  },
  {
    title: 'what one handler does to the rows of a user, no later request sees',
    steps: ({ ada, clerk, orgId }) => {
      const json = {
        firstName: 'Ada',
        isActive: true,
        publicMetadata: '{}',
        isRecent: true,
        name: /^org/,
        role: 'org:admin',
        everything: [false, false],
      }
      const meanwhile = () => clerk.organizations.refresh(orgId)
      return [
        { meanwhile, request: 'GET /change', bearer: ada.token, status: 200, json },
        { request: 'GET /change', bearer: ada.token, status: 200, json },
        { request: 'GET /admin', bearer: ada.token, status: 200, includes: { firstName: 'Ada' } },
      ]
    },
  },
  {
    title: 'when the key set cannot be fetched, a token is unavailable and not anonymous',
    options: { jwksUrl: 'http://127.0.0.1:9/jwks' },
    steps: ({ ada }) => [
      {
        request: 'GET /open',
        bearer: ada.token,
        status: 200,
        json: { kind: 'unavailable', reason: 'keys-unavailable' },
      },
      {
        request: 'GET /private',
        bearer: ada.token,
        status: 503,
        includes: { code: 'unavailable' },
        responseHeaders: { 'retry-after': /^[1-9]\d*$/ },
      },
      { request: 'GET /private', status: 401, json: UNAUTHENTICATED },
      { request: 'GET /auth/health', bearer: ada.token, status: 200, json: { status: 'ok' } },
      { request: 'GET /auth/ready', status: 503, json: { status: 'unavailable' } },
    ],
  },
  {
    title: 'a process that can answer is ready, and says no more than that',
    routesOnly: true,
    steps: ({ ada }) => [
      { request: 'GET /private', bearer: ada.token, status: 200 },
      {
        request: 'GET /auth/ready',
        status: 200,
        json: { status: 'ok' },
        responseHeaders: { 'cache-control': 'no-store' },
      },
    ],
  },
  {
    title: 'a process whose store of users fails is alive and not ready',
    routesOnly: true,
    options: {
      users: {
        ...memoryStore().users,
        ping: () => Promise.reject(new Error('connect ECONNREFUSED db.internal:5432')),
      } as unknown as UserStore<never>,
    },
    steps: () => [
      { request: 'GET /auth/health', status: 200, json: { status: 'ok' } },
      { request: 'GET /auth/ready', status: 503, json: { status: 'unavailable' } },
    ],
  },
  {
    title: 'a cookie counts for an unsafe request only with a listed Origin or from the same origin',
    steps: ({ ada }) => [
      { request: 'POST /private', cookie: ada.token, status: 401 },
      {
        request: 'POST /private',
        cookie: ada.token,
        headers: { origin: 'https://evil.example' },
        status: 401,
      },
      { request: 'POST /private', cookie: ada.token, headers: { origin: 'null' }, status: 401 },
      { request: 'POST /private', cookie: ada.token, headers: { origin: PAGE }, status: 200 },
      {
        request: 'POST /private',
        cookie: ada.token,
        headers: { 'sec-fetch-site': 'same-origin' },
        status: 200,
      },
      {
        request: 'GET /private',
        cookie: ada.token,
        headers: { 'sec-fetch-site': 'cross-site' },
        status: 200,
      },
      {
        request: 'POST /private',
        bearer: ada.token,
        headers: { origin: 'https://evil.example' },
        status: 200,
      },
    ],
  },
  {
    title: 'a request that asks for a WebSocket falls under the Origin rule, also as a GET',
    steps: ({ ada }) => {
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket' }
      return [
        {
          request: 'GET /private',
          cookie: ada.token,
          headers: { ...upgrade, origin: 'https://evil.example' },
          status: 401,
        },
        { request: 'GET /private', cookie: ada.token, headers: { ...upgrade, origin: PAGE }, status: 200 },
      ]
    },
  },
  {
    routesOnly: true,
    title: 'only a browser that navigates is redirected to sign in',
    steps: ({ offline, ada }) => {
      const location = new RegExp(
        `^${offline.url}/sign-in\\?redirect_url=http%3A%2F%2F127\\.0\\.0\\.1%3A\\d+%2Fpage%3Ftab%3D1$`,
      )
      return [
        {
          request: 'GET /page?tab=1',
          headers: { 'sec-fetch-dest': 'document' },
          status: 303,
          responseHeaders: { location },
        },
        {
          request: 'GET /page?tab=1',
          headers: { 'sec-fetch-dest': 'empty' },
          status: 401,
          responseHeaders: { location: null },
        },
        { request: 'GET /page', status: 401, json: UNAUTHENTICATED, responseHeaders: { location: null } },
        { request: 'GET /private', headers: { 'sec-fetch-dest': 'document' }, status: 401 },
        { request: 'GET /page', bearer: ada.token, headers: { 'sec-fetch-dest': 'document' }, status: 200 },
      ]
    },
  },
]
