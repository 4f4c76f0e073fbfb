import type { MachineAuth } from '../../domain/auth/auth.js'
import type { UserRecord } from '../../domain/store/user.js'
import { originOfAuth } from '../authentication/origin.js'

/** `AuthInfo` of the official MCP SDK (`@modelcontextprotocol/sdk`), as its transports hand it to tools. */
export interface McpAuthInfo {
  /** The credential itself, as the SDK has it: a tool can call another service with it, so do not log this object. */
  token: string
  /** The OAuth application; of an API key or M2M token its own id. */
  clientId: string
  scopes: string[]
  /** Seconds since 1970. */
  expiresAt?: number
  /** What the token was issued for, where it names one URL. */
  resource?: URL
  extra: {
    tokenType: MachineAuth['tokenType']
    subject: string
    userId: string | null
    orgId: string | null
    actor: MachineAuth['actor']
  }
}

/**
 * Who is asking, for a tool of an MCP server: `transport.handleRequest(Object.assign(req, { auth: toMcpAuthInfo(auth) }), res)`.
 * Behind a guard: it decides nothing.
 *
 * @param auth of a machine, itself: a copy does not know its credential
 * @throws {TypeError} for any other
 */
export function toMcpAuthInfo(auth: MachineAuth<UserRecord> | MachineAuth<never>): McpAuthInfo {
  const origin = auth.kind === 'machine' ? originOfAuth(auth) : null
  if (origin?.kind !== 'machine') {
    throw new TypeError(
      "toMcpAuthInfo() needs the auth of a machine itself, as authOf(req, { machine: ['oauth'] }) returns it.",
    )
  }
  const { tokenType, id, subject, userId, orgId, actor, clientId, scopes, expiresAt, audience } = auth
  const [resource, ...others] = audience.filter((one) => URL.canParse(one))
  return {
    token: origin.credential,
    clientId: clientId ?? id,
    scopes: [...scopes],
    ...(expiresAt === null ? {} : { expiresAt }),
    ...(resource === undefined || others.length > 0 ? {} : { resource: new URL(resource) }),
    extra: { tokenType, subject, userId, orgId, actor },
  }
}
