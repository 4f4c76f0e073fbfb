import {
  type Credentials,
  credentialsFrom,
  originOf,
  type WebRequest,
  type WebResponse,
} from '@acme/clerk-core'
import type { Request, Response } from 'express'
import { sessionSlot } from './session-slot.js'

export function credentialsOf(req: Request, localUser: unknown): Credentials {
  return credentialsFrom(req, sessionSlot(req, localUser !== undefined), localUser)
}

export function webRequestOf(req: Request): WebRequest {
  const { method, originalUrl, protocol, headers } = req
  return { method, url: originalUrl, origin: originOf(protocol, hostOf(req)), headers }
}

/** Express 5 answers this with `req.host`; in Express 4 that lacks the port. */
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
