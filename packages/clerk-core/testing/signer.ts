import { createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto'

/** Mints tokens of any shape, which a library that means well refuses to. */
export interface Signer {
  readonly kid: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly jwk: JsonWebKey & { kid: string; alg: string; use: string }
  readonly pem: string
  /** A well-formed session token header, and a real RS256 signature. */
  mint(claims: object, header?: object): string
}

export function createSigner(kid = 'ins_1', modulusLength = 2048): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }
  return {
    kid,
    publicKey,
    privateKey,
    jwk,
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    mint: (claims, header = {}) =>
      compact(
        { alg: 'RS256', cat: 'cl_B7d4PD111AAA', kid, typ: 'JWT', ...header },
        claims,
        rs256(privateKey),
      ),
  }
}

export type SignInput = (input: string) => Buffer

/** Strings and bytes are taken as they are, anything else as JSON. */
export function compact(header: unknown, payload: unknown, signInput: SignInput): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${signInput(input).toString('base64url')}`
}

export function encode(part: unknown): string {
  const bytes = Buffer.isBuffer(part)
    ? part
    : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part))
  return bytes.toString('base64url')
}

export const rs256 =
  (key: KeyObject): SignInput =>
  (input) =>
    sign('sha256', Buffer.from(input), key)

export const hs256 =
  (secret: string): SignInput =>
  (input) =>
    createHmac('sha256', secret).update(input).digest()

export const unsigned: SignInput = () => Buffer.alloc(0)
