import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../ground/errors.js'
import type { AnonymousAuth, Auth, LocalAuth, MachineAuth, UnavailableAuth, UserAuth } from '../auth/auth.js'
import { authorize } from './authorize.js'
import { hasAccess } from './has.js'
import type { Requirement } from './requirement.js'

const never = () => false as const
const notWritten = (): never => {
  throw new Error('No decision writes an `Auth`.')
}
const subject = {
  orgId: 'org_1',
  role: 'org:admin',
  permissions: ['org:billing:read'],
  fea: 'o:dashboard',
  pla: 'o:pro',
  fva: [5, -1],
  organizationScoped: true,
}
const user: UserAuth = {
  kind: 'user',
  isAuthenticated: true,
  userId: 'user_1',
  sessionId: 'sess_1',
  sessionStatus: 'active',
  orgId: 'org_1',
  orgSlug: 'acme',
  orgRole: 'org:admin',
  orgPermissions: subject.permissions,
  actor: null,
  source: 'session',
  claims: undefined,
  user: undefined as never,
  membership: undefined as never,
  organization: undefined as never,
  organizationMismatch: false,
  has: (params) => hasAccess(subject, params),
  toJSON: notWritten,
}
const alone: UserAuth = { ...user, orgId: null, orgSlug: null, orgRole: null, orgPermissions: [], has: never }
const mismatch: UserAuth = { ...alone, organizationMismatch: true }
const machine: MachineAuth = {
  kind: 'machine',
  isAuthenticated: true,
  tokenType: 'api_key',
  id: 'ak_1',
  subject: 'org_1',
  scopes: ['read', 'write'],
  claims: null,
  audience: [],
  clientId: null,
  actor: null,
  expiresAt: null,
  machine: null,
  missingScopes: [],
  userId: null,
  orgId: 'org_1',
  organizationMismatch: false,
  user: null,
  has: never,
  toJSON: notWritten,
}
const local: LocalAuth = {
  kind: 'local',
  isAuthenticated: true,
  user: { id: 1 },
  has: never,
  toJSON: notWritten,
}
const anonymous: AnonymousAuth = {
  kind: 'anonymous',
  isAuthenticated: false,
  reason: 'no-credentials',
  tokenRefused: false,
  has: never,
  toJSON: notWritten,
}
const refused: AnonymousAuth = { ...anonymous, reason: 'token-expired', tokenRefused: true }
const down: UnavailableAuth = {
  kind: 'unavailable',
  isAuthenticated: false,
  reason: 'keys-unavailable',
  retryAfterSeconds: 7,
  has: never,
  toJSON: notWritten,
}

const pending: UserAuth = { ...user, sessionStatus: 'pending' }

const code = (auth: Auth, requirement: Requirement = {}) => authorize(auth, requirement)?.code ?? 'allowed'

describe('who is asking', () => {
  it.each<[string, Auth, Requirement | undefined, string]>([
    ['a user', user, undefined, 'allowed'],
    ['a user without organisation', alone, {}, 'allowed'],
    ['a user with the header of another organisation', mismatch, undefined, 'organization-mismatch'],
    [
      'a user with that header, whatever is allowed',
      mismatch,
      { machine: 'allow', local: 'allow' },
      'organization-mismatch',
    ],
    ['a user where only machines may', user, { machine: 'only' }, 'forbidden'],
    ['a machine', machine, undefined, 'forbidden'],
    ['a user where only machines of a type may', user, { machine: ['api_key'] }, 'forbidden'],
    ['a machine where its type may', machine, { machine: ['m2m', 'api_key'] }, 'allowed'],
    ['a machine where another type may', machine, { machine: ['m2m', 'oauth'] }, 'forbidden'],
    [
      'a local user where only machines of a type may',
      local,
      { local: 'allow', machine: ['api_key'] },
      'forbidden',
    ],
    ['a user whose session is pending', pending, undefined, 'unauthenticated'],
    ['a pending session where others are let in', pending, { local: 'allow' }, 'unauthenticated'],
    ['a pending session where it may', pending, { pending: 'allow' }, 'allowed'],
    ['a pending session without the role', pending, { pending: 'allow', role: 'x' }, 'forbidden'],
    ['a user where a pending session may', user, { pending: 'allow' }, 'allowed'],
    ['a machine where a pending session may', machine, { pending: 'allow' }, 'forbidden'],
    ['a machine where it may', machine, { machine: 'allow' }, 'allowed'],
    ['a machine where only it may', machine, { machine: 'only' }, 'allowed'],
    ['a machine where locals may', machine, { local: 'allow' }, 'forbidden'],
    ['a local user', local, undefined, 'forbidden'],
    ['a local user where one may', local, { local: 'allow' }, 'allowed'],
    ['a local user where machines may', local, { machine: 'allow' }, 'forbidden'],
    ['a local user where only machines may', local, { local: 'allow', machine: 'only' }, 'forbidden'],
    ['anonymous', anonymous, { machine: 'allow', local: 'allow' }, 'unauthenticated'],
    ['a refused token', refused, undefined, 'unauthenticated'],
    ['unavailable', down, { machine: 'allow', local: 'allow' }, 'unavailable'],
  ])('%s: %s', (_name, auth, requirement, expected) => {
    expect(code(auth, requirement)).toBe(expected)
  })
})

describe('an OAuth access token', () => {
  const API = 'https://api.example.com'
  const oauth: MachineAuth = {
    ...machine,
    tokenType: 'oauth',
    audience: ['https://other.example.com', API],
    scopes: ['read', 'profile'],
  }
  const allowed = { machine: ['oauth'] } as const
  const challenge = (auth: Auth, requirement: Requirement) => {
    const denial = authorize(auth, requirement)
    return denial && [denial.status, denial.code, denial.headers['WWW-Authenticate']]
  }
  const invalid = [401, 'unauthenticated', 'Bearer error="invalid_token"']

  it('for another resource is a refused token', () => {
    expect(challenge(oauth, { ...allowed, oauth: { resource: API } })).toBe(null)
    for (const resource of [`${API}/`, `${API}/mcp`, 'https://api.example.co'])
      expect(challenge(oauth, { ...allowed, oauth: { resource } })).toEqual(invalid)
    expect(challenge({ ...oauth, audience: [] }, { ...allowed, oauth: { resource: API } })).toEqual(invalid)
    // First who may ask at all.
    expect(challenge(oauth, { machine: ['api_key'], oauth: { resource: `${API}/` } })?.[1]).toBe('forbidden')
    expect(challenge(oauth, { oauth: { resource: API } })?.[1]).toBe('forbidden')
  })

  it('without a scope is told which are needed', () => {
    const lacks = (scopes: string) => [
      403,
      'insufficient-scope',
      `Bearer error="insufficient_scope", scope="${scopes}"`,
    ]
    expect(challenge(oauth, { ...allowed, oauth: { scopes: ['read'] } })).toBe(null)
    expect(challenge(oauth, { ...allowed, oauth: { scopes: ['read', 'write'] } })).toEqual(
      lacks('read write'),
    )
    expect(challenge(oauth, { ...allowed, scope: ['write', 'a"b'] })).toEqual(lacks('write'))
    expect(challenge(oauth, { ...allowed, scope: 'w', oauth: { scopes: ['x', 'w'] } })).toEqual(lacks('w x'))
    // What `accept.oauth.scopes` asks of all.
    expect(challenge({ ...oauth, missingScopes: ['base'] }, allowed)).toEqual(lacks('base'))
    expect(challenge({ ...oauth, missingScopes: ['base'] }, { ...allowed, scope: 'read' })).toEqual(
      lacks('base read'),
    )
  })

  it('is all that `oauth` binds', () => {
    const both = { machine: 'allow', oauth: { resource: `${API}/x`, scopes: ['nobody'] } } as const
    expect(code(machine, both)).toBe('allowed')
    expect(code(user, both)).toBe('allowed')
    expect(code(oauth, both)).toBe('unauthenticated')
  })
})

describe('what is required', () => {
  it.each<[Requirement, string]>([
    [{ org: true }, 'allowed'],
    [{ role: 'admin' }, 'allowed'],
    [{ role: 'member' }, 'forbidden'],
    [{ permission: 'billing:read' }, 'allowed'],
    [{ permission: 'billing:manage' }, 'forbidden'],
    [{ feature: 'dashboard', plan: 'pro' }, 'allowed'],
    [{ feature: 'dashboard', plan: 'free' }, 'forbidden'],
    [{ role: 'admin', permission: 'billing:manage' }, 'forbidden'],
    [{ reverification: 'strict' }, 'allowed'],
    [{ reverification: { level: 'first_factor', afterMinutes: 5 } }, 'reverification-required'],
    [{ role: 'member', reverification: { level: 'first_factor', afterMinutes: 5 } }, 'forbidden'],
    [{ scope: 'write' }, 'allowed'],
  ])('of a user, %j: %s', (requirement, expected) => {
    expect(code(user, requirement)).toBe(expected)
  })

  it.each<[Requirement, string]>([
    [{ org: true }, 'organization-required'],
    [{ org: true, role: 'admin' }, 'organization-required'],
    [{ role: 'admin' }, 'forbidden'],
  ])('of a user without organisation, %j: %s', (requirement, expected) => {
    expect(code(alone, requirement)).toBe(expected)
  })

  it.each<[Requirement, string]>([
    [{ scope: 'read' }, 'allowed'],
    [{ scope: ['read', 'write'] }, 'allowed'],
    [{ scope: ['read', 'admin'] }, 'forbidden'],
    [{ scope: 'rea' }, 'forbidden'],
    [{ org: true }, 'allowed'],
    [{ role: 'admin' }, 'forbidden'],
    [{ permission: 'billing:read' }, 'forbidden'],
    [{ feature: 'dashboard' }, 'forbidden'],
    [{ plan: 'pro' }, 'forbidden'],
    [{ reverification: 'lax' }, 'forbidden'],
  ])('of a machine, %j: %s', (requirement, expected) => {
    expect(code(machine, { ...requirement, machine: 'allow' })).toBe(expected)
  })

  it.each<[Requirement, string]>([
    [{ scope: 'read' }, 'allowed'],
    [{ org: true }, 'organization-required'],
    [{ role: 'admin' }, 'forbidden'],
    [{ plan: 'pro' }, 'forbidden'],
    [{ reverification: 'lax' }, 'forbidden'],
  ])('of a local user, %j: %s', (requirement, expected) => {
    expect(code(local, { ...requirement, local: 'allow' })).toBe(expected)
  })

  it('is denied to what is no Auth at all', () => {
    for (const auth of [Promise.resolve(user), {}, { kind: 'administrator' }]) {
      expect(authorize(auth as never)).toMatchObject({ code: 'forbidden' })
      expect(authorize(auth as never, { machine: 'allow', local: 'allow' })).toMatchObject({
        code: 'forbidden',
      })
    }
  })

  it.each<[string, object]>([
    ['a role that came out undefined', { role: undefined }],
    ['a feature that came out undefined', { feature: undefined }],
    ['an organisation that came out undefined', { org: undefined }],
    ['scopes that came out undefined', { machine: 'allow', scope: undefined }],
    ['a predicate that came out undefined', { predicate: undefined }],
    ['a key that does not exist', { rol: 'admin' }],
    ['a list that is empty', { machine: [] }],
    ['a promise', Promise.resolve({ role: 'admin' })],
  ])('%s is an error for every kind of Auth', (_name, requirement) => {
    for (const auth of [user, machine, local, anonymous, down]) {
      expect(() => authorize(auth, requirement as Requirement)).toThrow(ConfigurationError)
    }
  })

  it('may be left out, and may not be undefined', () => {
    expect(authorize(user)).toBe(null)
    expect(authorize(machine)).toMatchObject({ code: 'forbidden' })
    const requirements: { admin?: Requirement } = {}
    expect(() => authorize(user, requirements.admin as Requirement)).toThrow(/requirement: is undefined/)
  })
})

describe('predicate', () => {
  const predicate = (answer: () => unknown) => code(user, { predicate: answer as () => boolean })

  it('decides with `true` and nothing else', () => {
    expect(predicate(() => true)).toBe('allowed')
    for (const answer of [false, undefined, null, 1, 'true', {}])
      expect(predicate(() => answer)).toBe('forbidden')
  })

  it('gets the auth', () => {
    expect(code(user, { predicate: (auth) => auth.kind === 'user' && auth.userId === 'user_1' })).toBe(
      'allowed',
    )
  })

  it('denies by throwing', () => {
    expect(
      predicate(() => {
        throw new Error('broken')
      }),
    ).toBe('forbidden')
  })

  it('denies when asynchronous, and its rejection ends nothing', async () => {
    expect(predicate(async () => true)).toBe('forbidden')
    const rejections: unknown[] = []
    const onRejection = (reason: unknown) => rejections.push(reason)
    process.on('unhandledRejection', onRejection)
    expect(predicate(() => Promise.reject(new Error('broken')))).toBe('forbidden')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', onRejection)
    expect(rejections).toEqual([])
  })
})

describe('what a denial says', () => {
  it('401', () => {
    expect(authorize(anonymous)).toEqual({
      status: 401,
      code: 'unauthenticated',
      message: 'Authentication required',
      headers: { 'WWW-Authenticate': 'Bearer' },
      body: { error: 'Authentication required', code: 'unauthenticated' },
    })
    const ofToken: UserAuth = { ...pending, source: 'token' }
    expect(authorize(ofToken)?.headers).toEqual({ 'WWW-Authenticate': 'Bearer error="invalid_token"' })
    expect(authorize(pending)?.headers).toEqual({ 'WWW-Authenticate': 'Bearer' })
    expect(authorize(refused)).toMatchObject({
      headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
      body: { error: 'Authentication required', code: 'unauthenticated' },
    })
  })

  it('403', () => {
    expect(authorize(alone, { org: true })).toMatchObject({
      status: 403,
      body: { error: 'Organization context required', code: 'organization-required' },
    })
    expect(authorize(user, { role: 'x' })).toMatchObject({
      status: 403,
      body: { error: 'Forbidden', code: 'forbidden' },
    })
    expect(authorize(mismatch)).toMatchObject({ status: 403, body: { code: 'organization-mismatch' } })
  })

  it("403 in Clerk's own shape, which its front end answers", () => {
    const reverification = { level: 'first_factor', afterMinutes: 1 } as const
    expect(authorize(user, { reverification })).toMatchObject({
      status: 403,
      code: 'reverification-required',
      body: {
        clerk_error: { type: 'forbidden', reason: 'reverification-error', metadata: { reverification } },
      },
    })
  })

  it('503', () => {
    expect(authorize(down)).toMatchObject({
      status: 503,
      headers: { 'Retry-After': '7' },
      body: { error: 'Service unavailable', code: 'unavailable' },
    })
    expect(authorize({ ...down, retryAfterSeconds: 0.2 })?.headers).toEqual({ 'Retry-After': '1' })
  })

  it('cannot be changed by the adapter that renders it', () => {
    for (const denial of [authorize(anonymous), authorize(down), authorize(user, { role: 'x' })]) {
      expect(
        Object.isFrozen(denial) && Object.isFrozen(denial?.body) && Object.isFrozen(denial?.headers),
      ).toBe(true)
    }
  })
})
