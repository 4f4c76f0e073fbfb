import { type ApiCall, action } from '../server/api.js'
import { collection } from '../server/collection.js'
import { invalidParameter, missingParameter, notFound } from '../server/errors.js'
import { operationOf } from '../server/operation.js'
import { newId, randomText } from './ids.js'
import { setImage } from './images.js'
import {
  type Entity,
  type Instance,
  type Loose,
  type StoredApiKey,
  type StoredM2MToken,
  type StoredMachine,
  type StoredOAuthToken,
  touch,
} from './instance.js'
import type { M2MTokenJSON } from './json.js'
import { answerList } from './lists.js'
import { newSecret, unauthorizedMachine } from './machines.js'

// What programs show in place of a session: API keys, machines' tokens, OAuth access tokens.

type Expiring = { expiration: number | null }

/** Milliseconds at which a credential that lives for `seconds` ends; null never. */
const expiresAt = (instance: Instance, seconds: number | null | undefined): number | null =>
  typeof seconds === 'number' ? instance.now() + seconds * 1000 : null

const withExpiry = <T extends Expiring>(instance: Instance, stored: T) => ({
  ...stored,
  expired: stored.expiration !== null && instance.now() >= stored.expiration,
})

function revoke(instance: Instance, stored: Entity, reason: string | null | undefined): void {
  Object.assign(stored, { revoked: true, revocation_reason: reason ?? null })
  touch(instance, stored)
}

/** The credential whose secret the caller has named. */
function bySecret<T extends Entity>(
  table: ReadonlyMap<string, T>,
  field: keyof T,
  secret: string,
): T | undefined {
  for (const one of table.values()) if (one[field] === secret) return one
  return undefined
}

// API keys

interface KeyFields {
  seconds_until_expiration?: number | null
}

const apiKeys = collection<StoredApiKey>({
  path: '/api_keys',
  table: 'apiKeys',
  schema: operationOf('createApiKey').response ?? {},
  idPrefix: 'ak',
  noun: 'API key',
  search: ['name', 'description'],
  filters: { include_invalid: () => true },
  visible(key, { instance, query }) {
    const { expired, revoked } = withExpiry(instance, key)
    return query.include_invalid === 'true' || (!revoked && !expired)
  },
  create(key, { instance, body }) {
    const { state } = instance
    if (![state.users, state.organizations, state.machines].some((table) => table.has(key.subject))) {
      throw notFound('subject')
    }
    key.secret = newSecret()
    key.type = typeof body.type === 'string' ? body.type : 'api_key'
    key.expiration = expiresAt(instance, (body as KeyFields).seconds_until_expiration)
  },
  update(key, { instance, body }) {
    const {
      seconds_until_expiration: seconds,
      subject: _,
      ...fields
    } = body as KeyFields & { subject?: string }
    Object.assign(key, fields, seconds === undefined ? {} : { expiration: expiresAt(instance, seconds) })
  },
  json: (key, instance) => withExpiry(instance, key),
})

// Tokens between machines

/** Who asks: a machine by its own secret, or the instance by its secret key (`null`). */
type Caller = StoredMachine | null

async function createM2MToken({ instance, caller, body }: ApiCall<M2MFields>): Promise<M2MTokenJSON> {
  if (!caller) throw unauthorizedMachine()
  const ttlSeconds = body.seconds_until_expiration ?? caller.default_token_ttl
  const reusable = [...instance.state.m2mTokens.values()].find(
    (one) =>
      body.min_remaining_ttl_seconds !== undefined &&
      one.subject === caller.id &&
      !one.revoked &&
      (one.expiration ?? 0) >= instance.now() + body.min_remaining_ttl_seconds * 1000 &&
      JSON.stringify(one.claims) === JSON.stringify(body.claims ?? null),
  )
  if (reusable) return withExpiry(instance, reusable)
  const now = instance.now()
  const id = newId('mt')
  const { scopes } = caller
  const claims = { ...body.claims, sub: caller.id, jti: id, aud: scopes, scopes: scopes.join(' ') }
  const stored: StoredM2MToken = {
    id,
    object: 'machine_to_machine_token',
    subject: caller.id,
    scopes: [...scopes],
    claims: body.claims ?? null,
    revoked: false,
    revocation_reason: null,
    expired: false,
    expiration: now + ttlSeconds * 1000,
    last_used_at: null,
    created_at: now,
    updated_at: now,
    token:
      body.token_format === 'jwt'
        ? await instance.issuer.mintM2M(claims, { ttlSeconds })
        : `mt_${randomText(43)}`,
  }
  instance.state.m2mTokens.set(id, stored)
  return stored
}

interface M2MFields {
  token_format?: 'opaque' | 'jwt'
  seconds_until_expiration?: number | null
  claims?: Record<string, unknown> | null
  min_remaining_ttl_seconds?: number
}

const mayUse = (caller: Caller, { subject, scopes }: StoredM2MToken) =>
  caller === null || caller.id === subject || scopes.includes(caller.id)

// OAuth: this instance as the identity provider

const applicationUrls = ({ issuer: { issuer } }: Instance) => ({
  authorize_url: `${issuer}/oauth/authorize`,
  token_fetch_url: `${issuer}/oauth/token`,
  user_info_url: `${issuer}/oauth/userinfo`,
  discovery_url: `${issuer}/.well-known/openid-configuration`,
  token_introspection_url: `${issuer}/oauth/token_info`,
})

const applications = collection<Loose>({
  path: '/oauth_applications',
  table: 'oauthApplications',
  schema: 'OAuthApplication',
  idPrefix: 'oa',
  noun: 'OAuth application',
  fallbackOrder: '+created_at',
  filters: {
    name_query: ({ name }, value: string) => String(name).toLowerCase().includes(value.toLowerCase()),
  },
  create(application, { instance, body }) {
    const { redirect_uris, callback_url = '', scopes = 'profile email' } = body
    Object.assign(application, applicationUrls(instance), {
      client_id: randomText(16),
      client_secret: randomText(32),
      callback_url,
      redirect_uris: redirect_uris ?? [callback_url].filter(Boolean),
      scopes,
      consent_screen_enabled: body.consent_screen_enabled ?? true,
    })
  },
})

export function createOAuthToken(
  instance: Instance,
  given: {
    subject: string
    clientId?: string
    scopes?: string[]
    ttlSeconds?: number
    tokenFormat?: 'opaque' | 'jwt'
    resource?: string | string[]
    actor?: { sub: string }
  },
): StoredOAuthToken {
  if (!instance.state.users.has(given.subject)) throw notFound('user')
  const now = instance.now()
  const id = newId('oat')
  const stored: StoredOAuthToken = {
    id,
    object: 'clerk_idp_oauth_access_token',
    client_id: given.clientId ?? 'client_offline',
    subject: given.subject,
    scopes: given.scopes ?? ['profile'],
    revoked: false,
    revocation_reason: null,
    expired: false,
    expiration: now + (given.ttlSeconds ?? 3600) * 1000,
    created_at: now,
    updated_at: now,
    token: given.tokenFormat === 'jwt' ? '' : `oat_${randomText(43)}`,
    ...(given.resource === undefined ? {} : { aud: [given.resource].flat() }),
    ...(given.actor === undefined ? {} : { act: given.actor }),
  }
  if (given.tokenFormat === 'jwt') stored.token = accessJwt(instance, stored, given.resource)
  instance.state.oauthTokens.set(stored.id, stored)
  return stored
}

/** RFC 9068. */
function accessJwt(instance: Instance, stored: StoredOAuthToken, aud: string | string[] | undefined): string {
  const { issuer } = instance
  const iat = Math.floor(stored.created_at / 1000)
  const header = { alg: 'RS256', typ: 'at+jwt', kid: issuer.kid }
  const claims = {
    iss: issuer.issuer,
    sub: stored.subject,
    aud,
    client_id: stored.client_id,
    jti: stored.id,
    iat,
    exp: Math.floor((stored.expiration ?? 0) / 1000),
    scope: stored.scopes.join(' '),
    act: stored.act,
  }
  return issuer.signRaw(JSON.stringify(header), JSON.stringify(claims))
}

export function revokeOAuthToken(instance: Instance, id: string): void {
  const stored = instance.state.oauthTokens.get(id)
  if (!stored) throw notFound('OAuth access token')
  revoke(instance, stored, null)
}

const applicationAt = ({ instance, path }: Pick<ApiCall, 'instance' | 'path'>) =>
  applications.find(instance, path.oauth_application_id ?? '')

// Links into the portal where a customer's administrator sets up single sign-on

interface PortalFields {
  organization_id?: string
  it_contact_id?: string
  scopes?: string[]
  seconds_until_expiration?: number
}

const portalJson = (instance: Instance, token: Loose) => withExpiry(instance, token as Loose & Expiring)

export const credentialOperations = [
  ...apiKeys.bindings,
  action('getApiKeySecret', ({ instance, path }) => ({
    secret: apiKeys.find(instance, path.apiKeyID ?? '').secret,
  })),
  action<{ revocation_reason?: string | null }>('revokeApiKey', ({ instance, path, body }) => {
    const key = apiKeys.find(instance, path.apiKeyID ?? '')
    revoke(instance, key, body.revocation_reason)
    return withExpiry(instance, key)
  }),
  // A revoked or expired key is shown as what it is.
  action<{ secret: string }>('verifyApiKey', ({ instance, body }) => {
    const key = bySecret(instance.state.apiKeys, 'secret', body.secret)
    if (!key) throw notFound('API key')
    key.last_used_at = instance.now()
    return withExpiry(instance, key)
  }),

  action<object, { subject: string; revoked?: boolean; expired?: boolean }>(
    'getM2MTokens',
    (call) => {
      const { instance, caller, query } = call
      const own = [...instance.state.m2mTokens.values()]
        .filter(
          (stored) => stored.subject === query.subject && (caller === null || caller.id === stored.subject),
        )
        .map((stored) => withExpiry(instance, stored))
        .filter(({ revoked, expired }) => (query.revoked || !revoked) && (query.expired || !expired))
      return answerList(call as unknown as ApiCall, own)
    },
    { access: 'machine' },
  ),
  action('createM2MToken', createM2MToken, { access: 'machine' }),
  action<{ revocation_reason?: string | null }>(
    'revokeM2MToken',
    ({ instance, caller, path, body }) => {
      const stored = instance.state.m2mTokens.get(path.m2m_token_id ?? '')
      if (!stored || (caller !== null && caller.id !== stored.subject)) throw notFound('M2M token')
      revoke(instance, stored, body.revocation_reason)
      return withExpiry(instance, stored)
    },
    { access: 'machine' },
  ),
  // A token that is not meant for the machine that asks is answered as an unknown one.
  action<{ token: string }>(
    'verifyM2MToken',
    ({ instance, caller, body }) => {
      const stored = bySecret(instance.state.m2mTokens, 'token', body.token)
      if (!stored || !mayUse(caller, stored)) throw notFound('M2M token')
      stored.last_used_at = instance.now()
      return withExpiry(instance, stored)
    },
    { access: 'machine' },
  ),

  ...applications.bindings,
  action('RotateOAuthApplicationSecret', (call) => {
    const application = applicationAt(call)
    application.client_secret = randomText(32)
    return applications.changed(call.instance, application)
  }),
  action('UploadOAuthApplicationLogo', (call) => {
    const application = applicationAt(call)
    const picture = { id: application.id, image_url: '', has_image: false }
    setImage(call, picture)
    application.client_image_url = picture.image_url
    return applications.changed(call.instance, application)
  }),
  action<{ token: string }>('RevokeOAuthApplicationToken', (call) => {
    const { client_id } = applicationAt(call as unknown as ApiCall)
    const stored = bySecret(call.instance.state.oauthTokens, 'token', call.body.token)
    if (stored?.client_id !== client_id || !stored) throw notFound('OAuth access token')
    revoke(call.instance, stored, null)
    return undefined
  }),
  action<{ access_token?: string; secret?: string }>('verifyOAuthAccessToken', ({ instance, body }) => {
    const token = body.access_token ?? body.secret
    if (token === undefined) throw missingParameter('access_token')
    const stored = bySecret(instance.state.oauthTokens, 'token', token)
    if (!stored) throw notFound('OAuth access token')
    // Clerk tells neither for which service an opaque token is, nor who acts.
    const { token: _, aud: __, act: ___, ...json } = withExpiry(instance, stored)
    return json
  }),

  action<PortalFields>('createAdminPortalLinkToken', ({ instance, body }) => {
    const { organization_id = null, it_contact_id = null, scopes = null } = body
    if (organization_id === null && it_contact_id === null) {
      throw invalidParameter('organization_id', 'given, or it_contact_id')
    }
    if (organization_id !== null && !instance.state.organizations.has(organization_id))
      throw notFound('organization')
    const now = instance.now()
    const token: Loose = {
      id: newId('aplt'),
      object: 'admin_portal_link_token',
      admin_portal_link_id: newId('apl'),
      instance_id: instance.instanceId,
      organization_id,
      it_contact_id,
      scopes,
      token: randomText(43),
      revoked: false,
      revocation_reason: null,
      expiration: expiresAt(instance, body.seconds_until_expiration ?? 3600),
      created_at: now,
      updated_at: now,
    }
    instance.state.adminPortalLinkTokens.set(token.id, token)
    return portalJson(instance, token)
  }),
  action<{ revocation_reason?: string | null }>('revokeAdminPortalLinkToken', ({ instance, path, body }) => {
    const token = instance.state.adminPortalLinkTokens.get(path.adminPortalLinkTokenID ?? '')
    if (!token) throw notFound('admin portal link token')
    revoke(instance, token, body.revocation_reason)
    return portalJson(instance, token)
  }),
]
