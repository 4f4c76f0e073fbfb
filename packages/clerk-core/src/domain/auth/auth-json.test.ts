import { inspect } from 'node:util'
import fc from 'fast-check'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { createAuthFactory, notLookedAt } from '../../flows/authentication/auth-factory.js'
import { joinRows, principalFromToken } from '../../flows/authentication/principal.js'
import { SILENT } from '../../ground/observe/observer.js'
import type { UserRecord } from '../store/user.js'

const SECRET = '$argon2id$v=19$never-written'
const claims = {
  ...{ iss: 'https://clerk.example.com', sub: 'user_1', sid: 'sess_1', iat: 1, nbf: 1, exp: 61 },
  internal_note: SECRET,
}
const auths = createAuthFactory(SILENT)

function userAuth(user: unknown) {
  const organization = { id: 'org_1', slug: 'acme', role: 'org:admin', permissions: ['org:notes:read'] }
  return joinRows(
    principalFromToken({ claims, organization, hash: SECRET } as never),
    undefined,
    {
      ok: true,
      user: user as UserRecord,
      membership: null,
      organization: null,
      heldSince: null,
      cached: false,
    },
    { now: () => 1000, entitlementSeconds: 60, withJson: auths.withJson },
  )
}

const machine = auths.machine(
  {
    ...{
      tokenType: 'api_key',
      id: 'ak_1',
      subject: 'user_1',
      scopes: ['read'],
      claims: { internal: SECRET },
      audience: [],
      clientId: null,
      actor: null,
      expiresAt: null,
      machine: null,
      missingScopes: [],
    },
    ...{
      userId: 'user_1',
      orgId: null,
      organizationMismatch: false,
      user: { passwordHash: SECRET } as never,
    },
  },
  { kind: 'machine', credential: SECRET, requested: undefined, until: 0 },
  false,
)

const row = {
  ...{ id: 9007199254740993n, clerkId: 'user_1', email: 'ada@example.com', username: 'ada' },
  ...{
    firstName: 'Ada',
    lastName: null,
    imageUrl: null,
    passwordHash: SECRET,
    privateMetadata: { a: SECRET },
  },
}

describe('an Auth as JSON', () => {
  it('is what /me shows of a user, with the kind', () => {
    const me = {
      ...{ id: '9007199254740993', clerkId: 'user_1', email: 'ada@example.com', username: 'ada' },
      ...{ firstName: 'Ada', lastName: null, imageUrl: null },
    }
    expect(JSON.parse(JSON.stringify(userAuth(row)))).toEqual({
      ...{ kind: 'user', ...me, organization: { id: 'org_1', role: 'org:admin' } },
    })
    expect(JSON.parse(JSON.stringify(auths.local(row)))).toEqual({
      ...{ kind: 'local', ...me, clerkId: null, organization: null },
    })
  })

  it('says of anyone else what kind it is, and the credential or the reason', () => {
    expect(JSON.parse(JSON.stringify(machine))).toEqual({ kind: 'machine', tokenType: 'api_key', id: 'ak_1' })
    expect(JSON.parse(JSON.stringify(notLookedAt()))).toEqual({ kind: 'anonymous', reason: 'not-looked-at' })
    expect(JSON.parse(JSON.stringify(auths.unavailable('store-unavailable')))).toEqual({
      ...{ kind: 'unavailable', reason: 'store-unavailable' },
    })
  })

  it('is not seen by anything else', () => {
    for (const auth of [userAuth(row), machine, auths.local(row), notLookedAt()]) {
      expect(Object.keys(auth)).not.toContain('toJSON')
      expect(inspect(auth)).not.toContain('toJSON')
      expect(Object.isFrozen(auth)).toBe(true)
    }
  })

  it('is what pino logs of it under a name', () => {
    const lines: string[] = []
    pino({}, { write: (line: string) => void lines.push(line) }).info({ auth: userAuth(row) }, 'request')
    const logged = lines.join('')
    expect(JSON.parse(logged).auth).toMatchObject({ kind: 'user', id: '9007199254740993' })
    expect(logged).not.toContain(SECRET)
  })

  it('never throws and never holds what is not /me’s, whatever the row', () => {
    const value = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
      fc.bigInt(),
      fc.constant(Symbol('id')),
      fc.constant(Object.create(null)),
      fc.constant(() => SECRET),
    )
    const columns = fc.dictionary(fc.string(), value)
    const known = fc.record(
      { id: value, email: value, username: value, firstName: value, lastName: value, imageUrl: value },
      { requiredKeys: [] },
    )
    const rows = fc
      .tuple(columns, known, value)
      .map(([more, fields, metadata]) => ({
        ...more,
        ...fields,
        passwordHash: SECRET,
        password: { hash: SECRET },
        privateMetadata: { metadata, note: SECRET },
        circle: [] as unknown[],
      }))
      .map((one) => Object.assign(one, { circle: [one] }))
    fc.assert(
      fc.property(fc.oneof(rows, value), (given) => {
        for (const auth of [userAuth(given), auths.local(given)]) {
          const written = JSON.stringify({ nested: [auth] })
          expect(written).not.toContain(SECRET)
          expect(Object.keys(JSON.parse(written).nested[0]).sort()).toEqual(FIELDS)
        }
      }),
      { numRuns: 500 },
    )
  })
})

const FIELDS = [
  ...['clerkId', 'email', 'firstName', 'id', 'imageUrl', 'kind', 'lastName', 'organization', 'username'],
]
