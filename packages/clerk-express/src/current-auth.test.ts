import { createRequire } from 'node:module'
import { teapot } from '@acme/adapter-suite'
import { watchRequest } from '@acme/clerk-core'
import { type ContextBinding, describeCurrentAuth } from '@acme/clerk-testing/adapters'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import * as vitest from 'vitest'
import { authOf, clerkMiddleware, requireAuth, userOf } from './index.js'
import { listen } from './testing/app.js'

/** As a parser that knows nothing of contexts: it goes on from the events of the request. */
const text: RequestHandler = (req, _res, next) => {
  if (!req.is('text/plain')) return next()
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    req.body = Buffer.concat(chunks).toString()
    next()
  })
  return undefined
}

const binding = (name: string, create: typeof express): ContextBinding => ({
  name,
  start({ clerk, second, context, service, ownErrors = false }) {
    const app = create()
    app.set('env', 'test')
    app.use(clerkMiddleware(clerk, { context }))
    if (second !== undefined) app.use(clerkMiddleware(second, { context }))
    app.use(create.json({ strict: false }), text)
    app.get('/auth-of', (req, res) => void res.json(authOf(req).userId))
    app.get('/user-of', (req, res) => void res.json(userOf(req).firstName))
    app.get('/auth-of-member', (req, res) => void res.json(authOf(req, { org: true }).orgId))
    app.get('/guard', requireAuth(), (_req, res) => void res.json({}))
    app.get('/guard-member', requireAuth({ org: true }), (_req, res) => void res.json({}))
    app.all('/run', async (req, res, next) => {
      // Express 4 does not wait for a handler.
      try {
        res.json(await service(req.body))
      } catch (error) {
        next(error)
      }
    })
    app.get('/throws', () => {
      throw new Error('thrown')
    })
    app.get('/events', (req, res) => {
      watchRequest(req).closes(res)
      const send = () => res.write(`${JSON.stringify(service(undefined))}\n`)
      const timer = setInterval(send, 10)
      res.on('close', () => clearInterval(timer))
    })
    const answer: ErrorRequestHandler = (error, _req, res, next) => {
      const code = teapot(error)
      if (ownErrors && code !== null) res.status(418).send(code)
      else if (error.message === 'thrown') res.status(500).json(service(undefined))
      else next(error)
    }
    app.use(answer)
    return listen(app)
  },
})

describeCurrentAuth(vitest, binding('Express 5', express))
describeCurrentAuth(
  vitest,
  binding('Express 4', createRequire(import.meta.url)('express4') as typeof express),
)
