import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRecord } from './parse-record.js'
import type { SessionRecord } from './record.js'

const NOW = 1_800_000_000
const context = { issuer: 'https://clerk.test', nowSeconds: NOW, clockToleranceSeconds: 5 }
const good: SessionRecord = {
  v: 2,
  iss: 'https://clerk.test',
  aud: ['api'],
  azp: 'https://app.test',
  azpMissing: null,
  sts: 'active',
  sub: 'user_1',
  sid: 'sess_1',
  checkedAt: NOW,
  asOf: NOW - 10,
  tokenAt: NOW - 20,
  org: { id: 'org_1', role: 'org:admin', slug: 'acme', per: 'read,write', fpm: '3', permissions: null },
  pla: 'u:free',
  fea: 'o:notes',
  fva: [3, -1],
  act: { sub: 'user_9' },
  claims: { locale: 'en' },
}

describe('a record found in the session', () => {
  it('comes back as it was written, through JSON', () => {
    expect(parseRecord(JSON.parse(JSON.stringify(good)), context)).toEqual({
      record: good,
      untrusted: false,
      refusal: null,
    })
  })

  it('is simply absent when nothing is there', () => {
    for (const nothing of [undefined, null])
      expect(parseRecord(nothing, context)).toEqual({ record: null, untrusted: false, refusal: null })
  })

  const broken: Record<string, unknown> = {
    'of another version': { ...good, v: 1 },
    'of another instance, and broken': { ...good, iss: 'https://other.test', sid: '' },
    'broken, beside one of another instance': {
      ...{ ...good, iss: 'https://other.test' },
      others: [{ ...good, sub: '' }],
    },
    truncated: JSON.parse(JSON.stringify({ ...good, sid: undefined })),
    'with an empty user': { ...good, sub: '' },
    'checked in the future': { ...good, checkedAt: NOW + 6 },
    'of a token of the future': { ...good, tokenAt: NOW + 6 },
    'with an audience that is a number': { ...good, aud: 7 },
    'with an excuse that is not known': { ...good, azpMissing: 'because' },
    'of a status that is not known': { ...good, sts: 'odd' },
    'with claims that are a list': { ...good, claims: [] },
    'as of the future': { ...good, asOf: NOW + 6 },
    'with a time that is text': { ...good, checkedAt: String(NOW) },
    'with a time that is not a number': { ...good, asOf: Number.NaN },
    'with an actor without a subject': { ...good, act: {} },
    'with factors that are text': { ...good, fva: ['0', '0'] },
    'with an organisation without an id': { ...good, org: { ...good.org, id: '' } },
    'with permissions that are numbers': { ...good, org: { ...good.org, permissions: [1] } },
    'an array': [good],
    text: JSON.stringify(good),
  }
  for (const [name, value] of Object.entries(broken)) {
    it(`is as if absent, and its session is not continued, when it is ${name}`, () => {
      expect(parseRecord(value, context)).toEqual({ record: null, untrusted: true, refusal: null })
    })
  }

  it('may lie in the future by the clock tolerance', () => {
    expect(parseRecord({ ...good, checkedAt: NOW + 5, asOf: NOW + 5 }, context).record).not.toBeNull()
  })

  it('never throws, whatever the session store returns', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withDate: true, withBigInt: true }), (value) => {
        parseRecord(value, context)
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), fc.anything(), (key, value) => {
        const { record } = parseRecord({ ...good, [key]: value }, context)
        if (record) expect(record.iss).toBe(context.issuer)
      }),
    )
  })
})
