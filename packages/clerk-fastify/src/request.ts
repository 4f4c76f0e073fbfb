import {
  type Credentials,
  credentialsFrom,
  originOf,
  type WebRequest,
  type WebResponse,
} from '@acme/clerk-core'
import { sessionSlot } from './session-slot.js'
import type { AnyReply, AnyRequest } from './types.js'

export function credentialsOf(
  request: Pick<AnyRequest, 'headers' | 'method'>,
  localUser: unknown,
): Credentials {
  return credentialsFrom(request, sessionSlot(request, localUser !== undefined), localUser)
}

export function webRequestOf(request: AnyRequest): WebRequest {
  const { method, originalUrl, protocol, host, headers } = request
  return { method, url: originalUrl, origin: originOf(protocol, host), headers }
}

export function send(reply: AnyReply, { status, headers, body }: WebResponse): void {
  reply.code(status)
  reply.headers({ ...headers })
  reply.send(body ?? undefined)
}
