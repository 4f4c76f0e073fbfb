import {
  type BodySource,
  credentialsFrom,
  type Framework,
  originOf,
  type WebResponse,
} from '@acme/clerk-core/adapter'
import { sessionSlot } from './session-slot.js'
import type { AnyReply, AnyRequest } from './types.js'

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
