import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { networkOf } from './client-network.js'

describe('what an address counts as', () => {
  test.each<[string | undefined, string | null]>([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::203.0.113.9', '64:ff9b:0:0::/64'],
    ['unknown', null],
    ['203.0.113.9:4711', null],
    ['', null],
    [undefined, null],
  ])('%s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  test('every address of a /64 is the same one, however it is written', () => {
    const group = fc.integer({ min: 0, max: 0xffff })
    const groups = (length: number) => fc.array(group, { minLength: length, maxLength: length })
    fc.assert(
      fc.property(groups(4), groups(4), groups(4), ([first = 0, ...rest], one, other) => {
        const prefix = [first | 1, ...rest]
        const written = (host: number[], style: (value: number) => string) =>
          [...prefix, ...host].map(style).join(':')
        const short = written(one, (value) => value.toString(16))
        const long = written(other, (value) => value.toString(16).toUpperCase().padStart(4, '0'))
        expect(networkOf(short)).toBe(networkOf(long))
      }),
    )
  })
})
