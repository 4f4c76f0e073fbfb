import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePermissions } from './organization-claims.js'
import { createPermissionDecoder } from './permission-memo.js'

describe('the remembered permissions', () => {
  it('are what decoding gives, for claims that come again and claims that only look alike', () => {
    const text = fc.option(fc.string({ unit: fc.constantFrom('o', ':', 'a', ',', '1', '3'), maxLength: 6 }), {
      nil: null,
    })
    const claims = fc.record({ fea: text, per: text, fpm: text })
    fc.assert(
      fc.property(fc.array(claims, { maxLength: 40 }), (list) => {
        const decode = createPermissionDecoder()
        for (const one of [...list, ...list]) expect(decode(one)).toEqual(decodePermissions(one))
      }),
    )
  })

  it('are decoded once', () => {
    const decode = createPermissionDecoder()
    const claims = { fea: 'o:notes', per: 'read,write', fpm: '3' }
    expect(decode({ ...claims })).toBe(decode({ ...claims }))
  })
})
