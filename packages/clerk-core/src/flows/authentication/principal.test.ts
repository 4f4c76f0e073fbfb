import { expect, it } from 'vitest'
import { recordFromToken } from '../../domain/session/make-record.js'
import { decodeOrganizationClaims } from '../../domain/tokens/organization-claims.js'
import { createPermissionDecoder } from '../../domain/tokens/permission-memo.js'
import type { SessionClaims } from '../../domain/tokens/session-claims.js'
import { SILENT } from '../../ground/observe/observer.js'
import { createAuthFactory } from './auth-factory.js'
import { principalFromRecord, principalFromToken } from './principal.js'

const { withJson } = createAuthFactory(SILENT)

const NOW = 1_800_000_000
const base = { iss: 'https://clerk.test', sub: 'user_1', sid: 'sess_1', iat: NOW, nbf: NOW, exp: NOW + 60 }

it.each<[string, SessionClaims]>([
  ['1', { ...base, org_id: 'org_1', org_role: 'admin', org_permissions: ['org:notes:read'] }],
  ['2', { ...base, v: 2, fea: 'o:notes', o: { id: 'org_1', rol: 'admin', per: 'read,write', fpm: '1' } }],
])('a session remembers the permissions of a version %s token', (_, claims) => {
  const token = { claims, organization: decodeOrganizationClaims(claims), hash: '' }
  const stored = JSON.parse(JSON.stringify(recordFromToken(token, NOW)))
  const reader = { now: () => NOW * 1000, entitlementSeconds: 600, keepClaims: [], withJson }
  const { organization } = principalFromRecord(stored, {
    ...reader,
    permissionsOf: createPermissionDecoder(),
  })
  expect(organization?.permissions).toEqual(['org:notes:read'])
  expect(organization).toEqual(principalFromToken(token).organization)
})
