import type { Case } from './case.js'
import { PAGE } from './harness.js'

const EXPIRED = 120

export const sessionCases: readonly Case[] = [
  {
    title:
      'signing in writes the session once; the session then authenticates the user when the token has expired',
    sessions: 'every',
    steps: ({ ada, orgId }) => [
      {
        request: 'GET /private',
        cookie: ada.token,
        status: 200,
        session: 'written',
        includes: { source: 'token' },
      },
      {
        request: 'GET /private',
        cookie: ada.token,
        status: 200,
        session: 'untouched',
        includes: { source: 'token' },
      },
      {
        request: 'GET /admin',
        after: EXPIRED,
        cookie: ada.token,
        status: 200,
        session: 'untouched',
        includes: { source: 'session', userId: ada.id, orgId, firstName: 'Ada' },
      },
      { request: 'GET /admin', status: 200, session: 'untouched', includes: { source: 'session' } },
      { request: 'GET /private', bearer: 'rubbish', status: 401, session: 'untouched' },
      { request: 'GET /private', status: 200, session: 'untouched' },
    ],
  },
  {
    title: 'a client that keeps no cookies gets no session',
    sessions: 'every',
    steps: ({ ada }) => [
      { request: 'GET /private', bearer: ada.token, browser: false, status: 200, session: 'untouched' },
      { request: 'GET /open', browser: false, status: 200, session: 'untouched' },
      { request: 'GET /open', headers: { cookie: 'theme=dark' }, status: 200, session: 'untouched' },
    ],
  },
  {
    title: 'signing in changes the session id, and what was in the session stays',
    sessions: 'server',
    steps: ({ ada }) => {
      let before = ''
      return [
        { request: 'POST /cart', headers: { origin: PAGE }, status: 204, session: 'written' },
        {
          request: 'GET /session',
          status: 200,
          includes: { cart: 1 },
          responseHeaders: {
            'x-session-id': remember((id) => {
              before = id
            }),
          },
        },
        { request: 'GET /private', cookie: ada.token, status: 200, session: 'written' },
        {
          request: 'GET /session',
          status: 200,
          includes: { cart: 1 },
          responseHeaders: {
            'x-session-id': remember((id) => {
              if (id === before) throw new Error('the same session id')
            }),
          },
        },
      ]
    },
  },
  {
    title: 'another user finds nothing of the previous user',
    sessions: 'every',
    steps: ({ ada, bob }) => [
      { request: 'GET /private', cookie: ada.token, status: 200, session: 'written' },
      { request: 'POST /cart', headers: { origin: PAGE }, status: 204, session: 'written' },
      { request: 'GET /session', status: 200, includes: { cart: 1 } },
      {
        request: 'GET /private',
        cookie: bob.token,
        status: 200,
        session: 'written',
        includes: { userId: bob.id },
      },
      { request: 'GET /session', cookie: bob.token, status: 200, includes: { cart: null } },
    ],
  },
  {
    title: 'signing out at Clerk empties the session, which can then be used again',
    sessions: 'every',
    steps: ({ ada }) => [
      { request: 'GET /private', cookie: ada.token, clientUat: 1, status: 200, session: 'written' },
      { request: 'POST /cart', headers: { origin: PAGE }, status: 204 },
      {
        request: 'GET /open',
        clientUat: 0,
        status: 200,
        json: { kind: 'anonymous', reason: 'signed-out' },
        session: 'written',
      },
      { request: 'GET /session', status: 200, includes: { cart: null } },
      { request: 'POST /cart', headers: { origin: PAGE }, status: 204 },
      { request: 'GET /session', status: 200, includes: { cart: 1 } },
    ],
  },
  {
    title: 'a cross-site request with the cookie is refused, and the session stays',
    sessions: 'every',
    steps: ({ ada, bob }) => [
      { request: 'GET /private', cookie: ada.token, status: 200, session: 'written' },
      {
        request: 'POST /private',
        headers: { origin: 'https://evil.example' },
        status: 401,
        session: 'untouched',
      },
      {
        request: 'POST /auth/sign-out',
        headers: { origin: 'https://evil.example' },
        status: 403,
        session: 'untouched',
      },
      {
        request: 'POST /auth/sign-out',
        bearer: 'rubbish',
        headers: { origin: 'https://evil.example' },
        status: 403,
        session: 'untouched',
      },
      {
        request: 'POST /auth/sign-out',
        bearer: bob.token,
        headers: { origin: 'https://evil.example' },
        status: 303,
        session: 'untouched',
      },
      { request: 'GET /private', status: 200, session: 'untouched', includes: { source: 'session' } },
    ],
  },
  {
    title: 'the application’s own login works beside Clerk’s',
    sessions: 'every',
    steps: ({ ada }) => [
      { request: 'POST /login', headers: { origin: PAGE }, status: 204, session: 'written' },
      { request: 'GET /open', status: 200, json: { kind: 'local', id: 7 }, session: 'untouched' },
      { request: 'GET /private', status: 403, includes: { code: 'forbidden' } },
      { request: 'GET /local', status: 200, json: { kind: 'local', id: 7 } },
      {
        request: 'GET /local',
        bearer: ada.token,
        status: 200,
        includes: { kind: 'user', userId: ada.id },
        session: 'untouched',
      },
      { request: 'GET /local', bearer: 'an.application.token', status: 200, includes: { kind: 'local' } },
      { request: 'GET /open', clientUat: 0, status: 200, includes: { kind: 'local' } },
      {
        request: 'GET /auth/me',
        status: 200,
        json: {
          id: 7,
          clerkId: null,
          email: 'lea@app.example',
          username: null,
          firstName: null,
          lastName: null,
          imageUrl: null,
          organization: null,
        },
      },
    ],
  },
  {
    title: 'a local login in the same session outlives Clerk’s',
    sessions: 'every',
    steps: ({ ada }) => [
      { request: 'GET /private', cookie: ada.token, status: 200, session: 'written' },
      { request: 'POST /login', headers: { origin: PAGE }, status: 204 },
      { request: 'GET /open', clientUat: 0, status: 200, includes: { kind: 'local' }, session: 'written' },
      { request: 'GET /open', status: 200, includes: { kind: 'local' }, session: 'untouched' },
    ],
  },
  {
    title: 'signing out ends the local session and the Clerk session, for its token too',
    sessions: 'every',
    steps: ({ ada }) => [
      { request: 'GET /private', cookie: ada.token, status: 200, session: 'written' },
      { request: 'POST /cart', headers: { origin: PAGE }, status: 204 },
      {
        request: 'POST /auth/sign-out?returnTo=/bye',
        headers: { origin: PAGE },
        status: 303,
        responseHeaders: { location: '/bye' },
        session: 'written',
      },
      { request: 'GET /session', status: 200, includes: { cart: null } },
      { request: 'GET /open', status: 200, json: { kind: 'anonymous', reason: 'no-credentials' } },
      {
        request: 'GET /open',
        bearer: ada.token,
        status: 200,
        json: { kind: 'anonymous', reason: 'session-revoked' },
      },
    ],
  },
  {
    title: 'a session that is due for a check at Clerk is not trusted without a secret key',
    sessions: 'every',
    options: { secretKey: undefined, provisioning: 'claims' },
    steps: ({ ada }) => [
      { request: 'GET /private', cookie: ada.token, status: 200, session: 'written' },
      {
        request: 'GET /open',
        after: 301,
        status: 200,
        json: { kind: 'anonymous', reason: 'session-stale' },
        session: 'untouched',
      },
    ],
  },
]

/** A pattern that matches every value and hands it to `take`. */
function remember(take: (value: string) => void): RegExp {
  const pattern = /^.+$/
  pattern.test = (value) => {
    take(value)
    return value !== ''
  }
  return pattern
}
