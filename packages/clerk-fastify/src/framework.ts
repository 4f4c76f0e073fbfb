import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type BodySource,
  credentialsFrom,
  type Framework,
  originOf,
  type WebResponse,
} from '@acme/clerk-core/adapter'
import { sessionSlot } from './session-slot.js'
import type { AnyReply, AnyRequest } from './types.js'

/** Where `clerkPlugin` leaves the reply: Fastify's request does not lead to it. */
export const REPLY = Symbol('acme.clerk.reply')

interface ReplyingRequest {
  [REPLY]?: AnyReply | null
}

export const fastify: Framework<AnyRequest> = {
  middleware: 'clerkPlugin',
  rawBodyRemedy: 'Do not read the body in a hook before the route, or keep the bytes as request.rawBody.',

  setAuth() {
    // `request.auth` is a getter of the latest state.
  },

  credentialsOf: (request, localUser) =>
    credentialsFrom(request, sessionSlot(request, localUser !== undefined), localUser, ({ ip }) => ip),

  webRequestOf(request) {
    const { method, originalUrl, protocol, host, headers } = request
    return { method, url: originalUrl, origin: originOf(protocol, host), headers }
  },

  bodySourceOf(request) {
    const { body, headers, raw, rawBody } = request as AnyRequest & { rawBody?: unknown }
    return isStream(body) ? { stream: body, headers, rawBody } : { stream: raw, headers, rawBody, body }
  },

  answerDenied(request, denied) {
    const reply = (request as ReplyingRequest)[REPLY]
    if (reply === undefined || reply === null) return
    const { send: pass } = reply
    let isHandled = false
    reply.send = (body) => {
      // First the error handlers get it, the application's before Fastify's own. When they have done with it, it comes back.
      if (body !== denied || !isHandled) {
        isHandled = body === denied
        return pass.call(reply, body)
      }
      reply.send = pass
      return send(reply, denied.denial)
    }
  },
  exchangeOf: (request) => ({
    req: request.raw as IncomingMessage,
    res: (request as ReplyingRequest)[REPLY]?.raw as ServerResponse,
  }),
}

/** Where no content type is parsed, Fastify's `body` is the stream itself. */
function isStream(body: unknown): body is BodySource['stream'] {
  return typeof body === 'object' && body !== null && 'readableDidRead' in body
}

export function send(reply: AnyReply, { status, headers, body }: WebResponse): void {
  reply.code(status)
  reply.headers({ ...headers })
  reply.send(body ?? undefined)
}
