import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSigner } from '../../../testing/signer.js'
import { createTokenHarness } from '../../../testing/token-harness.js'
import { readPem } from './pem.js'

const signer = createSigner()
const body = signer.pem.replace(/-----[A-Z ]+-----|\s/g, '')
const pkcs1 = signer.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()

describe('a PEM public key', () => {
  it.each([
    ['as it is', signer.pem],
    ['with `\\n` in two characters', signer.pem.replaceAll('\n', '\\n')],
    ['with `\\r\\n` in four characters', signer.pem.replaceAll('\n', '\\r\\n')],
    ['with CRLF', signer.pem.replaceAll('\n', '\r\n')],
    ['on one line', signer.pem.replaceAll('\n', '')],
    ['with spaces for newlines', signer.pem.replaceAll('\n', ' ')],
    ['indented', signer.pem.replaceAll('\n', '\n    ')],
    ['without its header and footer', body],
    ['as PKCS #1', pkcs1],
  ])('is read %s, and verifies', async (_name, text) => {
    expect(readPem(text)).toEqual({ pem: signer.pem })
    const harness = createTokenHarness({ jwtKey: text })
    expect(await harness.reason(signer.mint(harness.claims()))).toBe('accepted')
    expect(harness.keys.needsKid).toBe(false)
  })

  const weak = createSigner('weak', 1024)
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey
  it.each([
    ['a private key', signer.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'private key'],
    ['1024 bits', weak.pem, '1024 bits'],
    ['an EC key', ec.export({ type: 'spki', format: 'pem' }).toString(), 'RSA'],
    ['an RSA-PSS key', pss.export({ type: 'spki', format: 'pem' }).toString(), 'RSA'],
    ['a text', 'not a key', 'not a PEM'],
    ['half a key', signer.pem.slice(0, 200), 'not a PEM'],
    ['a changed key', `${body.slice(0, 20)}AAAA${body.slice(24)}`, 'not a PEM'],
    ['a secret key', 'sk_test_xyz', 'not a PEM'],
  ])('is refused as %s, without repeating it', (_name, text, reason) => {
    const read = readPem(text)
    expect('problem' in read && read.problem).toContain(reason)
    expect(JSON.stringify(read)).not.toContain(text.slice(30, 60) || text)
  })
})
