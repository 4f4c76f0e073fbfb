import type { RegisteredAuth } from '@acme/clerk-core'
import { credentialsFrom, type Framework, originOf, type WebResponse } from '@acme/clerk-core/adapter'
import type { Request, Response } from 'express'
import { answerDenials } from './answer-denials.js'
import { sessionSlot } from './session-slot.js'

export const express: Framework<Request> = {
  middleware: 'clerkMiddleware',
  rawBodyRemedy:
    'Mount the route before express.json(), or keep the bytes: express.json({ verify: (req, _res, bytes) => { req.rawBody = bytes } }).',

  setAuth(req, auth) {
    req.auth = auth as RegisteredAuth
  },

  credentialsOf: (req, localUser) =>
    credentialsFrom(req, sessionSlot(req, localUser !== undefined), localUser, ({ ip }) => ip),

  webRequestOf(req) {
    const { method, originalUrl, protocol, headers } = req
    return { method, url: originalUrl, origin: originOf(protocol, hostOf(req)), headers }
  },

  bodySourceOf(req) {
    const { rawBody, body } = req as { rawBody?: unknown; body?: unknown }
    return { stream: req, headers: req.headers, rawBody, body }
  },

  answerDenied: (req) => answerDenials(req.app, send),
  exchangeOf: (req) => ({ req, res: req.res as Response }),
}

/** Express 5 has this as `req.host`; in Express 4 that lacks the port. */
function hostOf(req: Request): string | undefined {
  const forwarded = req.get('x-forwarded-host')
  const trusts = req.app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean
  return forwarded !== undefined && trusts(req.socket.remoteAddress, 0) ? forwarded : req.get('host')
}

export function send(res: Response, { status, headers, body }: WebResponse): void {
  res.status(status).set(headers)
  if (body === null) res.end()
  else res.json(body)
}
