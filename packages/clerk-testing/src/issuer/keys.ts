import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { promisify } from 'node:util'

/** One entry of the key set, as Clerk publishes it (RFC 7517). */
export interface PublicJwk {
  readonly use: 'sig'
  readonly kty: 'RSA'
  readonly kid: string
  readonly alg: 'RS256'
  readonly n: string
  readonly e: string
}

/** A signing key. Keep it to start another issuer with the same key (`createTestIssuer({ key })`). */
export interface SigningKey {
  readonly kid: string
  /** PKCS #8, PEM. */
  readonly privatePem: string
}

export interface LoadedKey extends SigningKey {
  readonly privateKey: KeyObject
  readonly publicJwk: PublicJwk
  /** SPKI, PEM. */
  readonly publicPem: string
}

const generate = promisify(generateKeyPair)

/** A new RSA key of 2048 bits. */
export async function generateKey(kid: string, bits = 2048): Promise<LoadedKey> {
  const { privateKey } = await generate('rsa', { modulusLength: bits })
  return loadKey({ kid, privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() })
}

export function loadKey({ kid, privatePem }: SigningKey): LoadedKey {
  const privateKey = createPrivateKey(privatePem)
  const publicKey = createPublicKey(privateKey)
  const { n, e }: JsonWebKey = publicKey.export({ format: 'jwk' })
  if (typeof n !== 'string' || typeof e !== 'string') throw new TypeError('A signing key must be an RSA key.')
  return {
    kid,
    privatePem,
    privateKey,
    publicJwk: { use: 'sig', kty: 'RSA', kid, alg: 'RS256', n, e },
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}
