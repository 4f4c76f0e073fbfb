import {
  type Credentials,
  credentialsFrom,
  originOf,
  type WebRequest,
  type WebResponse,
} from '@acme/clerk-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sessionSlot } from './session-slot.js'

export function credentialsOf(request: FastifyRequest, localUser: unknown): Credentials {
  return credentialsFrom(
    request.headers,
    request.method,
    sessionSlot(request, localUser !== undefined),
    localUser,
  )
}

export function webRequestOf(request: FastifyRequest): WebRequest {
  const { method, originalUrl, protocol, host, headers } = request
  return { method, url: originalUrl, origin: originOf(protocol, host), headers }
}

export function send(reply: FastifyReply, { status, headers, body }: WebResponse): FastifyReply {
  return reply
    .code(status)
    .headers({ ...headers })
    .send(body ?? undefined)
}
