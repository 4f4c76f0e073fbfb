import { strictEqual as equal } from 'node:assert'
import type { Case } from './case.js'
import { isText } from './expect.js'
import { PAGE } from './harness.js'

const TARGET_REFUSED = { error: 'Return target refused', code: 'return-target-refused' }

/** Targets known to get past a naive check. */
const EVIL = [
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/%5cevil.example',
  '/%2F/evil.example',
  '/.//evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https://evil.example',
  'https://app.example.com@evil.example',
  'https://app.example.com.evil.example',
  'http://app.example.com',
  'javascript:alert(1)',
  'data:text/html,x',
  ' /path',
  '/\t/evil.example',
  '/path\r\nSet-Cookie: a=b',
  'evil',
  '',
]

const signIn = (returnTo: string, name = 'returnTo') =>
  `GET /auth/sign-in?${name}=${encodeURIComponent(returnTo)}`

export const routeCases: readonly Case[] = [
  {
    title: 'me shows the signed-in user, in exactly these fields',
    steps: ({ ada, bob, orgId, clerk }) => [
      { request: 'GET /auth/me', status: 401, includes: { code: 'unauthenticated' } },
      {
        request: 'GET /auth/me',
        bearer: ada.token,
        status: 200,
        responseHeaders: { 'cache-control': 'no-store' },
        includes: { clerkId: ada.id, firstName: 'Ada', organization: { id: orgId, role: 'org:admin' } },
      },
      {
        request: 'GET /auth/me',
        bearer: bob.token,
        status: 200,
        includes: { clerkId: bob.id, organization: null },
      },
      {
        meanwhile: async () => {
          if ((await clerk.users.get(bob.id)) === null) throw new Error('no local row')
        },
        request: 'GET /auth/me',
        bearer: bob.token,
        status: 200,
        includes: { username: null, imageUrl: isText },
      },
    ],
  },
  {
    title: 'signing in and up goes to the Account Portal and back to the callback',
    steps: ({ offline }) => {
      const back = (path: string) =>
        new RegExp(
          `^${offline.url}/${path}\\?redirect_url=http%3A%2F%2F127\\.0\\.0\\.1%3A\\d+%2Fauth%2Fcallback%3FreturnTo%3D`,
        )
      return [
        { request: 'GET /auth/sign-in', status: 303, responseHeaders: { location: back('sign-in') } },
        {
          request: 'GET /auth/sign-up?returnTo=/welcome',
          status: 303,
          responseHeaders: { location: back('sign-up') },
        },
        {
          request: signIn('https://app.example.com/done?a=1'),
          status: 303,
          responseHeaders: { location: /app\.example\.com/ },
        },
      ]
    },
  },
  {
    title: 'no return target leads to a site that is not listed',
    steps: () => [
      ...['returnTo', 'redirect_url'].flatMap((name) =>
        EVIL.map((target) => ({ request: signIn(target, name), status: 400, json: TARGET_REFUSED })),
      ),
      ...['returnTo=/a&returnTo=/b', 'redirect_url=/a&redirect_url=/b', 'returnTo=/a&redirect_url=/b'].map(
        (query) => ({ request: `GET /auth/sign-in?${query}`, status: 400, json: TARGET_REFUSED }),
      ),
      {
        request: 'POST /auth/sign-out?redirect_url=//evil.example',
        headers: { origin: PAGE },
        status: 400,
        json: TARGET_REFUSED,
      },
    ],
  },
  {
    title: 'a deep link is kept under both names, on every route that redirects',
    steps: ({ ada }) => {
      const back = (target: string) =>
        new RegExp(`%2Fauth%2Fcallback%3FreturnTo%3D${encodeURIComponent(encodeURIComponent(target))}$`)
      return [
        ...['/auth/sign-in', '/auth/sign-up'].flatMap((path) =>
          ['returnTo', 'redirect_url'].map((name) => ({
            request: `GET ${path}?${name}=${encodeURIComponent('/page?tab=1&next=/x?y')}`,
            status: 303,
            responseHeaders: { location: back('/page?tab=1&next=/x?y') },
          })),
        ),
        {
          request: signIn('https://app.example.com/done', 'redirect_url'),
          status: 303,
          responseHeaders: { location: back('https://app.example.com/done') },
        },
        {
          request: 'GET /auth/callback?redirect_url=/page',
          cookie: ada.token,
          headers: { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'cross-site' },
          status: 303,
          responseHeaders: { location: '/page' },
        },
        {
          request: 'POST /auth/sign-out?redirect_url=/bye',
          headers: { origin: PAGE },
          status: 303,
          responseHeaders: { location: '/bye' },
        },
      ]
    },
  },
  {
    title: 'the callback signs in by the cookie, never by the URL',
    sessions: 'every',
    steps: ({ ada }) => {
      const arriving = { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'cross-site' }
      return [
        {
          request: `GET /auth/callback?returnTo=/home&__session=${ada.token}&token=${ada.token}`,
          headers: arriving,
          status: 401,
          session: 'untouched',
        },
        {
          request: 'GET /auth/callback?returnTo=/home%3Ftab=1',
          cookie: ada.token,
          headers: arriving,
          status: 303,
          responseHeaders: { location: '/home?tab=1' },
          session: 'written',
        },
        { request: 'GET /private', after: 120, status: 200, includes: { source: 'session' } },
        {
          request: 'GET /auth/callback?returnTo=//evil.example',
          cookie: ada.token,
          status: 400,
          json: TARGET_REFUSED,
        },
      ]
    },
  },
  {
    title: 'signing out takes a POST, or a link that was followed on a page of the same origin',
    steps: ({ ada, offline }) => [
      {
        request: 'GET /auth/sign-out',
        cookie: ada.token,
        status: 403,
        includes: { code: 'cross-site-request' },
      },
      ...['cross-site', 'same-site', 'none'].map((site) => ({
        request: 'GET /auth/sign-out',
        cookie: ada.token,
        headers: { 'sec-fetch-site': site },
        status: 403,
      })),
      ...['image', 'script', 'iframe', 'empty'].map((dest) => ({
        request: 'GET /auth/sign-out',
        cookie: ada.token,
        headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': dest },
        status: 403,
      })),
      {
        request: 'GET /auth/sign-out',
        cookie: ada.token,
        headers: { 'sec-fetch-site': 'same-origin' },
        status: 403,
      },
      {
        request: 'POST /auth/sign-out',
        cookie: ada.token,
        status: 403,
        json: { error: 'Forbidden', code: 'cross-site-request' },
      },
      { request: 'GET /private', cookie: ada.token, status: 200 },
      {
        request: 'GET /auth/sign-out',
        cookie: ada.token,
        headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'document' },
        status: 303,
        responseHeaders: { location: '/' },
      },
      {
        meanwhile: () => equal(offline.getSession(ada.sessionId).status, 'revoked'),
        request: 'GET /private',
        cookie: ada.token,
        status: 401,
      },
      { request: 'POST /auth/sign-out', headers: { origin: PAGE }, status: 303 },
      {
        request: 'POST /auth/sign-out?returnTo=https:evil',
        headers: { origin: PAGE },
        status: 400,
        json: TARGET_REFUSED,
      },
    ],
  },
  {
    title: 'signing out ends the session at Clerk, unless it is left to the front end',
    app: { routes: { revokeAtClerk: false } },
    steps: ({ ada, offline }) => [
      { request: 'POST /auth/sign-out', bearer: ada.token, status: 303 },
      {
        meanwhile: () => equal(offline.getSession(ada.sessionId).status, 'active'),
        request: 'GET /private',
        bearer: ada.token,
        status: 401,
      },
    ],
  },
  {
    title: 'a program signs out with its bearer token',
    steps: ({ bob }) => [
      { request: 'POST /auth/sign-out', bearer: bob.token, status: 303, responseHeaders: { location: '/' } },
      { request: 'GET /private', bearer: bob.token, status: 401 },
    ],
  },
  {
    title: 'what does not fit into a fetch Request is refused, as by the SDKs of Clerk',
    steps: ({ ada }) => [
      ...['TRACE /open', 'TRACE /auth/me', 'GET //', 'GET ///'].map((request) => ({
        request,
        bearer: ada.token,
        status: 400,
        json: { error: 'Bad request', code: 'request-malformed' },
      })),
      { request: 'GET //nowhere', bearer: ada.token, status: 404 },
      { request: 'OPTIONS /nowhere', bearer: ada.token, status: 404 },
    ],
  },
  {
    title: 'what is not one of the routes is left to the application',
    steps: () => [
      { request: 'GET /auth/unknown', status: 404 },
      { request: 'POST /auth/sign-in', status: 404 },
      { request: 'GET /auth/webhook', status: 404 },
      { request: 'GET /auth/webhook/more', status: 404 },
      { request: 'HEAD /auth/health', status: 200 },
      { request: 'HEAD /auth/ready', status: 200 },
      { request: 'POST /auth/ready', status: 404 },
    ],
  },
]
