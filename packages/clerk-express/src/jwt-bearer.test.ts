import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import { useHarnesses } from '@acme/adapter-suite'
import { request } from '@acme/clerk-testing/adapters'
import express, { type RequestHandler } from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { authOf, clerkMiddleware, getAuth, requireAuth, userOf } from './index.js'
import { listen } from './testing/app.js'

// Not imported: its declaration of `Request.auth` would clash with ours in this program. An application that has both is
// compiled in ../types/jwt-bearer.
const { auth: bearer } = createRequire(import.meta.url)('express-oauth2-jwt-bearer') as {
  auth(options: object): RequestHandler
}

const makeHarness = useHarnesses()
const ISSUER = {
  issuer: 'https://other.example',
  audience: 'api',
  secret: 'thirty-two characters of a secret',
}

/** A token of their issuer. */
function theirToken(): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: ISSUER.issuer, aud: ISSUER.audience, sub: 'a program', iat: now, exp: now + 60 }
  const [header, payload] = [{ alg: 'HS256', typ: 'at+jwt' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  const signature = createHmac('sha256', ISSUER.secret).update(`${header}.${payload}`).digest('base64url')
  return `${header}.${payload}.${signature}`
}

test('beside express-oauth2-jwt-bearer, which replaces req.auth, getAuth, authOf and guards have ours', async () => {
  const { clerk, ada } = await makeHarness()
  const app = express()
  app.set('env', 'test')
  app.use(clerkMiddleware(clerk))
  app.get('/theirs', bearer({ ...ISSUER, tokenSigningAlg: 'HS256' }), (req, res) => {
    const { payload } = req.auth as unknown as { payload: { sub: string } }
    res.json({ theirs: payload.sub, ours: getAuth(req).kind })
  })
  app.get('/theirs/guarded', bearer({ ...ISSUER, tokenSigningAlg: 'HS256' }), requireAuth(), (_req, res) => {
    res.json({})
  })
  app.get('/mine', requireAuth(), (req, res) => {
    Object.assign(req, { auth: { payload: { sub: 'a program' } } })
    res.json([authOf(req).userId, userOf(req).firstName, getAuth(req).kind])
  })
  const { origin, stop } = await listen(app)
  onTestFinished(stop)
  const get = async (path: string, token: string) => {
    const { status, text } = await request(`${origin}${path}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    return [status, status === 200 ? JSON.parse(text) : null]
  }
  expect(await get('/theirs', theirToken())).toEqual([200, { theirs: 'a program', ours: 'anonymous' }])
  expect(await get('/theirs/guarded', theirToken())).toEqual([401, null])
  expect(await get('/mine', ada.token)).toEqual([200, [ada.id, 'Ada', 'user']])
  expect(await get('/theirs', ada.token)).toEqual([401, null])
})
