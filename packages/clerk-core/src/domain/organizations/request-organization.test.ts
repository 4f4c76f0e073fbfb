import { describe, expect, it } from 'vitest'
import type { MembershipRecord } from '../store/organization.js'
import type { OrganizationClaims } from '../tokens/session-claims.js'
import { requestOrganization } from './request-organization.js'

const AS_OF = 1_000
const OWN = 'org_own'
const OTHER = 'org_other'

const claims: OrganizationClaims = { id: OWN, slug: 'own', role: 'org:admin', permissions: ['org:a:token'] }

/** Ages relative to the token: `before` its second, `at` its first and last millisecond, `after` it. */
const ages = { before: 999_999, first: 1_000_000, last: 1_000_999, after: 1_001_000 } as const
type Age = keyof typeof ages

function membership(orgId: string, version: Age, deleted: Age | null): MembershipRecord {
  return {
    id: 1,
    clerkId: 'orgmem_1',
    orgId,
    userId: 'user_1',
    role: 'org:member',
    permissions: ['org:a:store'],
    publicMetadata: {},
    createdAt: new Date(0),
    version: ages[version],
    deletedAt: deleted === null ? null : new Date(ages[deleted]),
  }
}

const byToken = {
  orgId: OWN,
  slug: 'own',
  role: 'org:admin',
  permissions: ['org:a:token'],
  decidedBy: 'token',
  organizationScoped: true,
  mismatch: false,
}
const byStore = { ...byToken, role: 'org:member', permissions: ['org:a:store'], decidedBy: 'store' }
const otherByStore = { ...byStore, orgId: OTHER, slug: null, organizationScoped: false }
const none = {
  orgId: null,
  slug: null,
  role: null,
  permissions: [],
  organizationScoped: false,
  decidedBy: 'store',
  mismatch: false,
}

const ask = (
  requested: string | undefined,
  claimed: OrganizationClaims | null,
  found: MembershipRecord | null | undefined,
) => requestOrganization({ requested, claimed, asOfSeconds: AS_OF, membership: found })

describe('the organisation of a request', () => {
  it('is none without a header and without one in the token', () => {
    for (const requested of [undefined, '', '  ']) {
      expect(ask(requested, null, undefined)).toEqual({ ...none, decidedBy: 'token' })
      expect(ask(requested, null, null)).toEqual({ ...none, decidedBy: 'token' })
    }
  })

  describe.each([
    ['without a header', undefined],
    ['with a blank header', ' '],
    ['with a header that names it', OWN],
    ['with a header that names it, padded', ` ${OWN} `],
  ])("is the token's own %s", (_, requested) => {
    const lost = { ...none, mismatch: requested?.trim() === OWN }

    it('and the token decides where the store knows nothing', () => {
      expect(ask(requested, claims, undefined)).toEqual(byToken)
      expect(ask(requested, claims, null)).toEqual(byToken)
    })

    const versions = Object.keys(ages) as Age[]
    const cases = versions.flatMap((version) =>
      ([null, ...versions] as const).map((deleted) => [version, deleted] as const),
    )
    it.each(cases)('version %s the token, deleted %s it', (version, deleted) => {
      const storeIsNewer = version !== 'before' || (deleted !== null && deleted !== 'before')
      const expected = !storeIsNewer ? byToken : deleted === null ? byStore : lost
      expect(ask(requested, claims, membership(OWN, version, deleted))).toEqual(expected)
    })

    it.each(versions)(
      'a change of the role %s the token, where the store has the role of the token',
      (version) => {
        const own = {
          ...membership(OWN, 'before', null),
          role: 'org:admin',
          permissionsVersion: ages[version],
        }
        const expected = version === 'before' ? byToken : { ...byStore, role: 'org:admin' }
        expect(ask(requested, claims, own)).toEqual(expected)
      },
    )

    it('and a change of a role that the token does not name says nothing', () => {
      const other = { ...membership(OWN, 'before', null), permissionsVersion: ages.after }
      expect(ask(requested, claims, other)).toEqual(byToken)
    })

    it('and is lost with a membership that was removed before it was ever described', () => {
      const tombstone = { ...membership(OWN, 'before', 'after'), version: 0, role: null }
      expect(ask(requested, claims, tombstone)).toEqual(lost)
    })
  })

  describe("that is not the token's own is the store's alone", () => {
    const mismatch = { ...none, mismatch: true }

    it.each([
      ['without a store', undefined],
      ['without a membership', null],
      ['with one that is deleted, newer than the token', membership(OTHER, 'before', 'after')],
      ['with one that is deleted, older than the token', membership(OTHER, 'before', 'before')],
      ['with one that has no role', { ...membership(OTHER, 'after', null), role: null }],
    ])('mismatch %s', (_, found) => {
      expect(ask(OTHER, claims, found)).toEqual(mismatch)
      expect(ask(OTHER, null, found)).toEqual(mismatch)
    })

    it.each(Object.keys(ages) as Age[])('with a live membership whose version is %s the token', (version) => {
      expect(ask(OTHER, claims, membership(OTHER, version, null))).toEqual(otherByStore)
      expect(ask(OTHER, null, membership(OTHER, version, null))).toEqual(otherByStore)
    })
  })

  it('does not take an id in another case, or a list of ids, for its own', () => {
    for (const requested of [OWN.toUpperCase(), `${OWN},${OTHER}`, 'own', '__proto__']) {
      expect(ask(requested, claims, null)).toMatchObject({ orgId: null, mismatch: true })
    }
  })
})
