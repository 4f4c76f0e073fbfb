import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ConfigurationError, createClerk, PAGE } from '../../../testing/authority-harness.js'
import { importKeySet } from './import-keys.js'

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwk = publicKey.export({ format: 'jwk' })

function pemWithExponent(e: number): string {
  const exponent = Buffer.alloc(4)
  exponent.writeUInt32BE(e)
  const trimmed = exponent.subarray(exponent.findIndex((byte) => byte !== 0))
  const key = createPublicKey({ key: { ...jwk, e: trimmed.toString('base64url') }, format: 'jwk' })
  return key.export({ format: 'pem', type: 'spki' }) as string
}

describe('a configured PEM key is held to what a key of the set is', () => {
  // With exponent 1 a signature is the padded hash itself: anybody writes one.
  test.each([1, 2, 4])('public exponent %i is refused at start', (e) => {
    expect(() =>
      createClerk({
        jwtKey: pemWithExponent(e),
        issuer: 'https://clerk.example.com',
        authorizedParties: [PAGE],
      }),
    ).toThrow(ConfigurationError)
  })

  test.each([1, 2, 4])('so is a key of the set with exponent %i', async (e) => {
    const { e: exponent } = createPublicKey(pemWithExponent(e)).export({ format: 'jwk' })
    const set = { keys: [{ ...jwk, e: exponent, kid: 'k', alg: 'RS256', use: 'sig' }] }
    expect(await importKeySet(set, new Map())).toBeNull()
  })
})

describe('key_ops that are no list of operations (RFC 7517 §4.3) make no key', () => {
  test.each<[string, unknown]>([
    ['a duplicate', ['verify', 'verify']],
    ['a number among them', ['verify', 7]],
    ['an object among them', ['verify', {}]],
    ['a text', 'verify'],
  ])('%s', async (_name, key_ops) => {
    const set = { keys: [{ ...jwk, kid: 'k', alg: 'RS256', key_ops }] }
    expect(await importKeySet(set, new Map())).toBeNull()
  })

  test('verify alone does', async () => {
    const set = { keys: [{ ...jwk, kid: 'k', alg: 'RS256', key_ops: ['verify'] }] }
    expect((await importKeySet(set, new Map()))?.has('k')).toBe(true)
  })
})
