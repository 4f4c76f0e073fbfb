import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeOrganizationClaims, decodePermissions } from './organization-claims.js'
import type { SessionClaims } from './session-claims.js'

const base = { iss: '', sub: 'user_1', sid: 'sess_1', iat: 0, nbf: 0, exp: 1 }
const decode = (claims: Record<string, unknown>) =>
  decodeOrganizationClaims({ ...base, ...claims } as SessionClaims)

describe('the organisation of a token', () => {
  it('is the same in both versions', () => {
    const expected = {
      id: 'org_1',
      slug: 'acme',
      role: 'org:admin',
      permissions: ['org:dashboard:read', 'org:dashboard:manage', 'org:teams:read'],
    }
    expect(
      decode({
        org_id: 'org_1',
        org_slug: 'acme',
        org_role: 'org:admin',
        org_permissions: expected.permissions,
      }),
    ).toEqual(expected)
    const o = { id: 'org_1', slg: 'acme', rol: 'admin', per: 'read,manage', fpm: '3,1' }
    expect(decode({ v: 2, fea: 'o:dashboard,o:teams', o })).toEqual(expected)
  })

  it.each([
    [{}],
    [{ v: 2 }],
    [{ v: 2, o: null }],
    [{ v: 2, o: 'org_1' }],
    [{ v: 2, o: [] }],
    [{ v: 2, o: { rol: 'admin' } }],
    [{ v: 2, o: { id: '' } }],
    [{ v: 2, o: { id: 7 } }],
    [{ org_id: '' }],
    [{ org_id: { $ne: null } }],
    [{ v: 2, org_id: 'org_forged', org_role: 'org:admin' }],
    [{ v: 3, org_id: 'org_forged', org_role: 'org:admin' }],
    [{ v: 3, o: { id: 'org_1', rol: 'admin' } }],
    [{ v: null, org_id: 'org_forged', org_role: 'org:admin' }],
    [{ v: '1', org_id: 'org_forged', org_role: 'org:admin' }],
  ])('is none in %j', (claims) => {
    expect(decode(claims)).toBe(null)
  })

  it('takes nothing from the flat claims of a version 2 token', () => {
    const flat = { org_role: 'org:admin', org_slug: 'forged', org_permissions: ['org:billing:manage'] }
    expect(decode({ v: 2, o: { id: 'org_1', rol: 'member' }, ...flat })).toEqual({
      id: 'org_1',
      slug: null,
      role: 'org:member',
      permissions: [],
    })
  })

  it('takes nothing from `o` in a version 1 token', () => {
    expect(decode({ o: { id: 'org_forged', rol: 'admin' } })).toBe(null)
  })

  it('keeps of a version 1 list what is text', () => {
    expect(
      decode({ org_id: 'org_1', org_permissions: ['org:a:b', 7, null, ['x'], ''] })?.permissions,
    ).toEqual(['org:a:b'])
    expect(decode({ org_id: 'org_1', org_permissions: 'org:a:b', org_role: 7, org_slug: {} })).toEqual({
      id: 'org_1',
      slug: null,
      role: null,
      permissions: [],
    })
  })
})

describe('compact permissions', () => {
  it.each([
    [
      'only organisation-scoped features count, in order',
      'u:x,o:a,uo:b,ou:c,z:d',
      'read',
      '1,0,1',
      ['org:a:read', 'org:c:read'],
    ],
    ['a 0 keeps its place', 'o:a,o:b', 'read', '0,1', ['org:b:read']],
    ['a mask that is not digits keeps its place', 'o:a,o:b', 'read', 'x,1', ['org:b:read']],
    ['an empty mask keeps its place', 'o:a,o:b', 'read', ',1', ['org:b:read']],
    ['-1 is not digits', 'o:a', 'read', '-1', []],
    ['1e3 is not digits', 'o:a', 'read', '1e3', []],
    ['0x1 is not digits', 'o:a', 'read', '0x1', []],
    ['other scripts have no digits here', 'o:a', 'read', '١', []],
    ['bits past the end are dropped', 'o:a', 'read', '7', ['org:a:read']],
    ['masks past the end are dropped', 'o:a', 'read', '1,1,1', ['org:a:read']],
    ['features without a mask have nothing', 'o:a,o:b', 'read', '1', ['org:a:read']],
    [
      'spaces are no part of a name',
      'o:a , o:b',
      ' read , manage ',
      ' 3 , 2 ',
      ['org:a:read', 'org:a:manage', 'org:b:manage'],
    ],
    ['least significant bit first', 'o:a', 'p0,p1,p2', '4', ['org:a:p2']],
    ['a malformed feature grants nothing', 'dashboard', 'read', '1', []],
    ['a malformed feature takes no place', 'o:a,broken,o:b', 'read', '0,1', ['org:b:read']],
    ['an empty claim', '', 'read', '1', []],
    ['no names', 'o:a', '', '1', []],
    ['no masks', 'o:a', 'read', '', []],
  ])('%s', (_name, fea, per, fpm, expected) => {
    expect(decodePermissions({ fea, per, fpm })).toEqual(expected)
  })

  it('knows masks beyond 2^53', () => {
    const per = Array.from({ length: 54 }, (_, i) => `p${i}`).join(',')
    expect(decodePermissions({ fea: 'o:a', per, fpm: '9007199254740993' })).toEqual(['org:a:p0', 'org:a:p53'])
  })

  it('grants nothing to claims of another type, and never throws', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (fea, per, fpm) => {
        const permissions = decodePermissions({ fea, per, fpm })
        const allText = [fea, per, fpm].every((claim) => typeof claim === 'string')
        return Array.isArray(permissions) && (allText || permissions.length === 0)
      }),
    )
  })

  it('does no unbounded arithmetic', () => {
    expect(decodePermissions({ fea: 'o:a', per: 'read', fpm: '9'.repeat(8000) })).toEqual([])
  })

  it('agrees with a slow and obvious reference', () => {
    const scope = fc.constantFrom('o', 'u', 'ou', 'uo', 'x')
    const name = fc.stringMatching(/^[a-z_]{1,6}$/)
    const mask = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 70n }).map(String),
      fc.constantFrom('', '0', '00', 'x', '-1', '1.0', '007'),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(scope, name), { maxLength: 6 }),
        fc.array(name, { minLength: 1, maxLength: 60 }),
        fc.array(mask, { maxLength: 8 }),
        (features, names, masks) => {
          const claims = {
            fea: features.map(([s, f]) => `${s}:${f}`).join(','),
            per: names.join(','),
            fpm: masks.join(','),
          }
          expect(decodePermissions(claims)).toEqual(reference(features, names, masks))
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** Writes every mask out as bits by repeated halving of its digits, and looks each bit up. */
function reference(features: [string, string][], names: string[], masks: string[]): string[] {
  const granted: string[] = []
  const ofOrganization = features.filter(([scope]) => scope.includes('o'))
  for (let i = 0; i < ofOrganization.length; i++) {
    const bits = toBits(masks[i] ?? '')
    for (let j = 0; j < names.length; j++) {
      if (bits[j] === 1) granted.push(`org:${ofOrganization[i]?.[1]}:${names[j]}`)
    }
  }
  return granted
}

function toBits(decimal: string): number[] {
  if (decimal === '' || [...decimal].some((digit) => !'0123456789'.includes(digit))) return []
  const bits: number[] = []
  let digits = [...decimal].map(Number)
  while (digits.some((digit) => digit > 0)) {
    bits.push((digits.at(-1) ?? 0) % 2)
    let carry = 0
    digits = digits.map((digit) => {
      const value = carry * 10 + digit
      carry = value % 2
      return (value - carry) / 2
    })
  }
  return bits
}
