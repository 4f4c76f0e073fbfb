import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CODES, type Code } from '../codes.js'
import { originList } from '../options/origins.js'
import { explain } from './explain.js'

const authorizedParties = originList([
  { origin: 'https://app.example.com', pattern: null, loopbackPorts: false },
])

describe('an explanation', () => {
  it('says what was seen, what was expected, what to do, and where to read on', () => {
    const detail = {
      seen: { azp: 'https://preview.example.com', sub: 'user_1' },
      expected: { authorizedParties },
    }
    expect(explain('authorized-party-mismatch', detail)).toEqual({
      code: 'authorized-party-mismatch',
      meaning: 'The claim `azp` is not one of `authorizedParties`.',
      seen: 'azp "https://preview.example.com"',
      expected: 'one of authorizedParties: https://app.example.com',
      remedy: 'Add the origin to `authorizedParties` if it is one of yours.',
      link: 'https://github.com/acme/clerk/blob/main/docs/errors.md#authorized-party-mismatch',
      text: 'The claim `azp` is not one of `authorizedParties`. Seen: azp "https://preview.example.com". Expected: one of authorizedParties: https://app.example.com. Add the origin to `authorizedParties` if it is one of yours. https://github.com/acme/clerk/blob/main/docs/errors.md#authorized-party-mismatch',
    })
  })

  it('says how far a time is from the clock', () => {
    const expected = { now: () => 1_700_000_060_500 }
    expect(explain('token-expired', { seen: { exp: 1_700_000_000 }, expected }).seen).toBe(
      'exp 1700000000, which is 60 s before the clock of this machine',
    )
  })

  it('exists for every code, with or without a detail, and tells only the fields that its code names', () => {
    const codes = Object.keys(CODES) as Code[]
    const seen = fc.dictionary(fc.string(), fc.anything())
    fc.assert(
      fc.property(fc.constantFrom(...codes), seen, (code, claims) => {
        const evidence = { ...claims, email: 'canary-7f3a9c', private: { deep: 'canary-7f3a9c' } }
        const { text, remedy, link } = explain(code, { seen: evidence, expected: { authorizedParties } })
        expect(text).toContain(remedy)
        expect(link).toMatch(/errors\.md#[\w-]+$/)
        expect(text).not.toContain('canary-7f3a9c')
      }),
    )
    for (const code of codes) expect(explain(code).seen).toBe(null)
  })
})
