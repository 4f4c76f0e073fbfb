import type { SessionTokenClaims, TokenOrganization } from '../issuer/claims.js'
import type { MintOptions } from '../issuer/issuer.js'
import { BackendError, notFound } from '../server/errors.js'
import { entitlements } from './billing.js'
import type { Instance } from './instance.js'
import type { JwtTemplateJSON, SessionJSON, UserJSON } from './json.js'
import { permissionsOf } from './roles.js'
import { getSession } from './sessions.js'

/** The organisation a token of this session is active in: only while the user is a member. */
export function activeOrganization(instance: Instance, session: SessionJSON): TokenOrganization | null {
  const { state } = instance
  const id = session.last_active_organization_id
  const organization = id === null ? undefined : state.organizations.get(id)
  if (!organization) return null
  for (const membership of state.memberships.values()) {
    if (membership.organization_id !== id || membership.user_id !== session.user_id) continue
    // Clerk leaves its own system permissions out of the token.
    const permissions = permissionsOf(instance, membership.role).filter(
      (name) => !name.startsWith('org:sys_'),
    )
    return { id: organization.id, slug: organization.slug, role: membership.role, permissions }
  }
  return null
}

/** A session that can still have tokens, with its user. @throws {BackendError} 404 */
function activeSession(instance: Instance, id: string): { session: SessionJSON; user: UserJSON } {
  const session = getSession(instance, id)
  const user = instance.state.users.get(session.user_id)
  if (!user || user.banned || session.status !== 'active') {
    throw new BackendError(404, 'resource_not_found', 'not found', {
      longMessage: 'The session is not active.',
    })
  }
  return { session, user }
}

/** A session token, as the session's page or the Backend API gets it. @throws {BackendError} 404 when the session has ended */
export async function sessionToken(
  instance: Instance,
  sessionId: string,
  claims: SessionTokenClaims = {},
  options: MintOptions = {},
): Promise<string> {
  const { session, user } = activeSession(instance, sessionId)
  const now = instance.now()
  session.last_active_at = user.last_active_at = now
  const organization = activeOrganization(instance, session)
  return instance.issuer.mint(
    {
      azp: undefined,
      ...entitlements(instance, { u: user.id, o: organization?.id ?? null }),
      ...instance.sessionClaims?.(user, session),
      sub: user.id,
      sid: session.id,
      fva: [Math.floor((now - session.created_at) / 60_000), -1],
      ...(session.actor ? { act: session.actor } : {}),
      organization,
      ...claims,
    },
    options,
  )
}

/** A token of a JWT template: what the template says, and no `sid`. */
export async function templateToken(
  instance: Instance,
  sessionId: string,
  name: string,
  ttlSeconds: number | undefined,
): Promise<string> {
  const { session, user } = activeSession(instance, sessionId)
  const template = [...instance.state.jwtTemplates.values()].find((one) => one.name === name)
  if (!template) throw notFound('JWT template')
  return instance.issuer.mintTemplate(
    { ...fill(template.claims, shortcodes(instance, session, user)), sub: user.id },
    { ttlSeconds: ttlSeconds ?? template.lifetime },
  )
}

function shortcodes(instance: Instance, session: SessionJSON, user: UserJSON): Record<string, unknown> {
  const organization = activeOrganization(instance, session)
  const email = user.email_addresses.find(({ id }) => id === user.primary_email_address_id)
  return {
    user: {
      ...user,
      full_name: [user.first_name, user.last_name].filter(Boolean).join(' '),
      primary_email_address: email?.email_address ?? null,
      email_verified: email?.verification?.status === 'verified',
      private_metadata: undefined,
    },
    org: organization && {
      ...organization,
      name: instance.state.organizations.get(organization.id)?.name,
      public_metadata: instance.state.organizations.get(organization.id)?.public_metadata,
    },
    session: { id: session.id, actor: session.actor },
  }
}

/** Replaces `{{user.first_name}}` and the like; a claim that is nothing but one keeps its type. */
function fill(claims: JwtTemplateJSON['claims'], values: Record<string, unknown>): Record<string, unknown> {
  const at = (path: string): unknown =>
    path
      .trim()
      .split('.')
      .reduce<unknown>((value, key) => {
        const holder = value as Record<string, unknown> | null | undefined
        return typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key)
          ? holder[key]
          : null
      }, values) ?? null
  const one = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const whole = /^\{\{([^{}]+)\}\}$/.exec(value)
      return whole
        ? at(whole[1] ?? '')
        : value.replace(/\{\{([^{}]+)\}\}/g, (_, path: string) => String(at(path) ?? ''))
    }
    if (Array.isArray(value)) return value.map(one)
    if (typeof value === 'object' && value !== null) return fill(value as Record<string, unknown>, values)
    return value
  }
  return Object.fromEntries(Object.entries(claims).map(([key, value]) => [key, one(value)]))
}
