import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../ground/errors.js'
import type { AnonymousAuth, Auth, LocalAuth, MachineAuth, UnavailableAuth, UserAuth } from '../auth/auth.js'
import { authorize } from './authorize.js'
import { hasAccess } from './has.js'
import type { Requirement } from './requirement.js'
import { validateRequirement } from './validate-requirement.js'

const never = () => false as const
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
  orgId: 'org_1',
  orgSlug: 'acme',
  orgRole: 'org:admin',
  orgPermissions: subject.permissions,
  actor: null,
  source: 'session',
  claims: undefined,
  user: undefined as never,
  organization: undefined as never,
  organizationMismatch: false,
  has: (params) => hasAccess(subject, params),
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
  userId: null,
  orgId: 'org_1',
  user: null,
  has: never,
}
const local: LocalAuth = { kind: 'local', isAuthenticated: true, user: { id: 1 }, has: never }
const anonymous: AnonymousAuth = {
  kind: 'anonymous',
  isAuthenticated: false,
  reason: 'no-credentials',
  tokenRefused: false,
  has: never,
}
const refused: AnonymousAuth = { ...anonymous, reason: 'token-expired', tokenRefused: true }
const down: UnavailableAuth = {
  kind: 'unavailable',
  isAuthenticated: false,
  reason: 'keys-unavailable',
  retryAfterSeconds: 7,
  has: never,
}

const code = (auth: Auth, requirement?: Requirement) => authorize(auth, requirement)?.code ?? 'allowed'

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

  it('does not open a route whose requirement came out undefined', () => {
    for (const name of ['role', 'permission', 'feature', 'plan', 'reverification', 'predicate'] as const) {
      expect([name, code(user, { [name]: undefined } as Requirement)]).toEqual([name, 'forbidden'])
    }
    expect(code(machine, { machine: 'allow', scope: undefined } as unknown as Requirement)).toBe('forbidden')
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

describe('a requirement', () => {
  it('is returned when it makes sense', () => {
    const requirement: Requirement = {
      org: true,
      role: 'admin',
      permission: 'a:b',
      feature: 'f',
      plan: 'p',
      reverification: { level: 'multi_factor', afterMinutes: 3 },
      scope: ['a', 'b'],
      machine: 'allow',
      local: 'allow',
      predicate: () => true,
    }
    expect(validateRequirement(requirement)).toBe(requirement)
    expect(validateRequirement({})).toEqual({})
  })

  it.each([
    [{ rol: 'admin' }, 'requirement.rol'],
    [{ role: undefined }, 'requirement.role'],
    [{ role: '' }, 'requirement.role'],
    [{ role: ['admin'] }, 'requirement.role'],
    [{ org: false }, 'requirement.org'],
    [{ org: 'org_1' }, 'requirement.org'],
    [{ scope: [] }, 'requirement.scope'],
    [{ scope: [7] }, 'requirement.scope'],
    [{ machine: true }, 'requirement.machine'],
    [{ machine: 'deny' }, 'requirement.machine'],
    [{ local: 'only' }, 'requirement.local'],
    [{ predicate: true }, 'requirement.predicate'],
    [{ reverification: 'often' }, 'requirement.reverification'],
    [{ constructor: 'x' }, 'requirement.constructor'],
    [null, 'requirement'],
    ['admin', 'requirement'],
  ])('%j is refused where the guard is made', (requirement, option) => {
    try {
      validateRequirement(requirement as Requirement)
      expect.unreachable()
    } catch (error) {
      expect(error instanceof ConfigurationError && error.problems.map((problem) => problem.option)).toEqual([
        option,
      ])
    }
  })

  it('is refused with all its problems at once', () => {
    expect(() => validateRequirement({ rol: 'x', org: 7, machine: 7 } as never)).toThrow(
      /requirement\.rol[\s\S]*requirement\.org[\s\S]*requirement\.machine/,
    )
  })
})
