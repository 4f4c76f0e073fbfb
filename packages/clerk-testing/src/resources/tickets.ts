import { BackendError, invalidParameter, notFound } from '../server/errors.js'
import { flag, ignored, nullable, parse, record, required, text, whole } from '../server/parameters.js'
import { newId, randomText } from './ids.js'
import { type Instance, touch } from './instance.js'
import type { DeletedJSON, JwtTemplateJSON, SignInTokenJSON } from './json.js'

// Sign-in tokens: a link that signs one user in, once.

export async function createSignInToken(instance: Instance, body: unknown): Promise<SignInTokenJSON> {
  const given = parse(body, { user_id: required(text), expires_in_seconds: nullable(whole), org_id: ignored })
  if (!instance.state.users.has(given.user_id)) throw notFound('user')
  const now = instance.now()
  const id = newId('sit')
  const token = await instance.issuer.sign(
    {
      eid: id,
      iss: instance.issuer.issuer,
      sub: given.user_id,
      st: 'sign_in_token',
      exp: Math.floor(now / 1000) + (given.expires_in_seconds ?? 2_592_000),
    },
    { cat: 'cl_B7d4PD222AAA' },
  )
  const ticket: SignInTokenJSON = {
    id,
    object: 'sign_in_token',
    user_id: given.user_id,
    token,
    status: 'pending',
    url: `${instance.url}/v1/tickets/accept?ticket=${token}`,
    created_at: now,
    updated_at: now,
  }
  instance.state.signInTokens.set(id, ticket)
  return ticket
}

export function revokeSignInToken(instance: Instance, id: string): SignInTokenJSON {
  const ticket = instance.state.signInTokens.get(id)
  if (!ticket) throw notFound('sign in token')
  if (ticket.status !== 'pending') {
    throw new BackendError(400, 'sign_in_token_cannot_be_revoked_code', 'cannot be revoked', {
      longMessage: `The sign in token is ${ticket.status}.`,
    })
  }
  ticket.status = 'revoked'
  touch(instance, ticket)
  return ticket
}

/** Uses a sign-in token up. Returns whom it signs in, or `undefined` when it is used, revoked, expired or unknown. */
export function redeemSignInToken(instance: Instance, token: string): string | undefined {
  const ticket = [...instance.state.signInTokens.values()].find((one) => one.token === token)
  if (ticket?.status !== 'pending') return undefined
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    exp: number
  }
  if (exp * 1000 <= instance.now()) return undefined
  ticket.status = 'accepted'
  touch(instance, ticket)
  return ticket.user_id
}

export function createTestingToken(instance: Instance): object {
  return {
    object: 'testing_token',
    token: randomText(48),
    expires_at: Math.floor(instance.now() / 1000) + 3600,
  }
}

// JWT templates

const template = {
  claims: record,
  lifetime: nullable(whole),
  allowed_clock_skew: nullable(whole),
  custom_signing_key: nullable(flag),
  signing_algorithm: nullable(text),
  signing_key: ignored,
} as const

export function createJwtTemplate(instance: Instance, body: unknown): JwtTemplateJSON {
  const given = parse(body, { ...template, name: required(text), claims: required(record) })
  assertTemplate(instance, given.name, given)
  const now = instance.now()
  const created: JwtTemplateJSON = {
    id: newId('jtmp'),
    object: 'jwt_template',
    name: given.name,
    claims: given.claims,
    lifetime: given.lifetime ?? 60,
    allowed_clock_skew: given.allowed_clock_skew ?? 5,
    custom_signing_key: false,
    signing_algorithm: 'RS256',
    created_at: now,
    updated_at: now,
  }
  instance.state.jwtTemplates.set(created.id, created)
  return created
}

export function getJwtTemplate({ state }: Instance, id: string): JwtTemplateJSON {
  const found = state.jwtTemplates.get(id)
  if (!found) throw notFound('JWT template')
  return found
}

export function updateJwtTemplate(instance: Instance, id: string, body: unknown): JwtTemplateJSON {
  const found = getJwtTemplate(instance, id)
  const given = parse(body, { ...template, name: text })
  assertTemplate(instance, given.name === found.name ? undefined : given.name, given)
  found.name = given.name ?? found.name
  found.claims = given.claims ?? found.claims
  found.lifetime = given.lifetime ?? found.lifetime
  found.allowed_clock_skew = given.allowed_clock_skew ?? found.allowed_clock_skew
  touch(instance, found)
  return found
}

export function deleteJwtTemplate(instance: Instance, id: string): DeletedJSON {
  getJwtTemplate(instance, id)
  instance.state.jwtTemplates.delete(id)
  return { id, object: 'jwt_template', deleted: true }
}

function assertTemplate(
  instance: Instance,
  name: string | undefined,
  given: {
    claims?: object | undefined
    custom_signing_key?: boolean | null | undefined
    lifetime?: number | null | undefined
  },
): void {
  if (name !== undefined && [...instance.state.jwtTemplates.values()].some((one) => one.name === name)) {
    throw new BackendError(422, 'form_identifier_exists', 'That name is taken.', {
      meta: { param_name: 'name' },
    })
  }
  if (given.custom_signing_key === true) {
    throw invalidParameter(
      'custom_signing_key',
      'false: the offline Clerk signs every template with its own key',
    )
  }
  if (typeof given.lifetime === 'number' && (given.lifetime < 30 || given.lifetime > 315_360_000)) {
    throw invalidParameter('lifetime', 'between 30 and 315360000')
  }
  // Clerk reserves the claims that say who issued the token, for whom, and for how long.
  for (const claim of ['iss', 'sub', 'iat', 'exp', 'nbf', 'azp', 'jti', 'sid']) {
    if (given.claims && Object.hasOwn(given.claims, claim)) {
      throw invalidParameter('claims', `without the reserved claim "${claim}"`)
    }
  }
}
