import { expect, test } from 'vitest'
import { auditEntry, routePattern } from './audit.js'

test.each([
  ['', '/users/:id', {}, '/users/:id'],
  ['/tenants/acme', '/users/:id', { tenant: 'acme', id: '1' }, '/tenants/:tenant/users/:id'],
  ['/reset/0123456789abcdef0123456789', '/', {}, '/reset/:redacted/'],
  ['', /^\/a/, {}, '/^\\/a/'],
  ['/x', ['/a', '/b'], {}, '/x/a|/b'],
  [undefined, '/broken', undefined, '/broken'],
  ['/x', undefined, {}, null],
])('mounted at %j, the route %s is logged as %4$s', (base, route, params, expected) => {
  expect(routePattern(base, route, params)).toBe(expected)
})

const request = { auth: null, method: 'GET', route: null, status: 200, completed: true, ip: undefined }

test.each([
  ['req-1', 'req-1'],
  [7, '7'],
  [undefined, null],
  ['x'.repeat(200), null],
  ['a\n{"forged":true}', null],
  [{ id: 1 }, null],
])('the request id %j is logged as %j', (requestId, expected) => {
  expect(auditEntry({ ...request, requestId, arrivedMs: 0, durationMs: 1 }).requestId).toBe(expected)
})

test('a request that no middleware has authenticated is logged as such', () => {
  expect(auditEntry({ ...request, requestId: null, arrivedMs: 0, durationMs: 1.5 })).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    kind: 'not-authenticated',
    userId: null,
    localUserId: null,
    actorId: null,
    machineId: null,
    orgId: null,
    method: 'GET',
    route: null,
    status: 200,
    durationMs: 1.5,
    completed: true,
    ip: null,
    requestId: null,
  })
})
