import { useHarnesses } from '@acme/adapter-suite'
import { PAGE, request } from '@acme/clerk-testing/adapters'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy } from 'passport-local'
import { expect, onTestFinished, test } from 'vitest'
import { clerkMiddleware, clerkRoutes, requireAuth } from './index.js'
import { listen } from './testing/app.js'

const harness = useHarnesses()
const LEA = { id: 7, email: 'lea@app.example', passwordHash: 'x' }

test('Passport and Clerk sign people in side by side, in one session', async () => {
  const { clerk, ada } = await harness()
  const login = new passport.Passport()
  login.use(
    new Strategy((username, password, done) =>
      done(null, username === 'lea' && password === 'secret' ? LEA : false),
    ),
  )
  login.serializeUser((user, done) => done(null, (user as typeof LEA).id))
  login.deserializeUser((id, done) => done(null, id === LEA.id ? LEA : false))

  const app = express()
  app.use(session({ secret: 'a secret', resave: false, saveUninitialized: false }))
  app.use(login.session())
  app.use(clerkMiddleware(clerk, { localUser: (req) => req.user }))
  app.post(
    '/login',
    express.urlencoded({ extended: false }),
    login.authenticate('local'),
    (_req, res) => void res.end(),
  )
  app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.end())))
  app.use('/auth', clerkRoutes(clerk))
  app.get('/clerk', requireAuth(), (_req, res) => void res.end())
  app.get('/both', requireAuth({ local: 'allow' }), (req, res) => void res.json(req.auth.kind))
  const { origin, stop } = await listen(app)
  onTestFinished(stop)

  let cookie = ''
  const send = async (
    path: string,
    {
      method = 'GET',
      body,
      headers = {},
    }: { method?: string; body?: string; headers?: Record<string, string> } = {},
  ) => {
    const answer = await request(`${origin}${path}`, {
      method,
      headers: {
        origin: PAGE,
        'content-type': 'application/x-www-form-urlencoded',
        ...headers,
        cookie: [cookie, headers['cookie']].filter(Boolean).join('; '),
      },
      ...(body === undefined ? {} : { body }),
    })
    cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? cookie
    return answer
  }

  expect((await send('/both')).status).toBe(401)
  expect((await send('/login', { method: 'POST', body: 'username=lea&password=secret' })).status).toBe(200)
  expect((await send('/both')).text).toBe('"local"')
  expect((await send('/clerk')).status).toBe(403)
  expect(JSON.parse((await send('/auth/me')).text)).toMatchObject({
    id: 7,
    clerkId: null,
    email: 'lea@app.example',
  })

  // A bearer token is a person of its own; the local login goes on.
  const bearer = { authorization: `Bearer ${ada.token}` }
  expect((await send('/both', { headers: bearer })).text).toBe('"user"')
  expect((await send('/both')).text).toBe('"local"')

  // Signed out locally, Clerk's cookie counts; and Clerk's session then outlives nothing of Passport's.
  expect((await send('/logout', { method: 'POST' })).status).toBe(200)
  expect((await send('/both', { headers: { cookie: `__session=${ada.token}` } })).text).toBe('"user"')
  expect((await send('/both')).text).toBe('"user"')
  expect((await send('/login', { method: 'POST', body: 'username=lea&password=secret' })).status).toBe(200)
  expect((await send('/both')).text).toBe('"local"')
})
