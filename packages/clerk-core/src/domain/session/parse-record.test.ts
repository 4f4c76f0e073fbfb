import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRecord } from './parse-record.js'
import type { SessionRecord } from './record.js'

const NOW = 1_800_000_000
const context = { instance: 'https://clerk.test', nowSeconds: NOW, clockToleranceSeconds: 5 }
const good: SessionRecord = {
  v: 1,
  instance: 'https://clerk.test',
  sub: 'user_1',
  sid: 'sess_1',
  checkedAt: NOW,
  asOf: NOW - 10,
  org: { id: 'org_1', role: 'org:admin', slug: 'acme', per: 'read,write', fpm: '3', permissions: null },
  pla: 'u:free',
  fea: 'o:notes',
  fva: [3, -1],
  act: { sub: 'user_9' },
}

describe('a record found in the session', () => {
  it('comes back as it was written, through JSON', () => {
    expect(parseRecord(JSON.parse(JSON.stringify(good)), context)).toEqual({ record: good, untrusted: false })
  })

  it('is simply absent when nothing is there', () => {
    for (const nothing of [undefined, null])
      expect(parseRecord(nothing, context)).toEqual({ record: null, untrusted: false })
  })

  const broken: Record<string, unknown> = {
    'of another version': { ...good, v: 2 },
    'from another instance': { ...good, instance: 'https://other.test' },
    truncated: JSON.parse(JSON.stringify({ ...good, sid: undefined })),
    'with an empty user': { ...good, sub: '' },
    'checked in the future': { ...good, checkedAt: NOW + 6 },
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
      expect(parseRecord(value, context)).toEqual({ record: null, untrusted: true })
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
        if (record) expect(record.instance).toBe(context.instance)
      }),
    )
  })
})
