import { createPublicKey, KeyObject } from 'node:crypto'
import { isObject } from '../../ground/json/json-reader.js'
import { problemOfKey } from './rsa-key.js'

/** A public key that may verify session tokens. Its identity is its material: the same key keeps its object. */
export interface VerificationKey {
  /** `null` for a PEM key, which verifies whatever `kid` a token names. */
  readonly kid: string | null
  /** Modulus and exponent: tells a key replaced under the same `kid`. */
  readonly material: string
  readonly key: KeyObject
}

/** A key of a key set. */
export type NamedKey = VerificationKey & { readonly kid: string }

/**
 * The usable keys of a key set, by `kid`. What cannot be used is left out, never the whole set; `null` where the
 * document is no key set or holds no usable key.
 *
 * @param known keys of the previous set: a key that is still the same keeps its object, so that cached tokens stay valid
 */
export async function importKeySet(
  document: unknown,
  known: ReadonlyMap<string, NamedKey>,
): Promise<Map<string, NamedKey> | null> {
  if (!isObject(document) || !Array.isArray(document.keys)) return null
  const found = new Map<string, NamedKey>()
  const ambiguous = new Set<string>()
  for (const jwk of document.keys as unknown[]) {
    const key = await importKey(jwk, known)
    if (key === null) continue
    const { kid } = key
    const other = found.get(kid)
    // Two keys under one name: it is not known which is meant, and taking either would accept what jose refuses.
    if (other !== undefined && other.material !== key.material) ambiguous.add(kid)
    found.set(kid, key)
  }
  for (const kid of ambiguous) found.delete(kid)
  return found.size > 0 ? found : null
}

async function importKey(jwk: unknown, known: ReadonlyMap<string, NamedKey>): Promise<NamedKey | null> {
  if (!isObject(jwk)) return null
  const { kty, kid, n, e, alg, use } = jwk
  // The key's own algorithm (RFC 8725 §3.1): a key published for another one, or for encryption, verifies nothing here.
  if (kty !== 'RSA' || (alg !== undefined && alg !== 'RS256') || (use !== undefined && use !== 'sig'))
    return null
  if (jwk.key_ops !== undefined && !mayVerify(jwk.key_ops)) return null
  // A private key that has been published can sign for anyone who has read it.
  if ('d' in jwk) return null
  if (typeof kid !== 'string' || kid === '' || typeof n !== 'string' || typeof e !== 'string') return null
  const material = `${n}.${e}`
  const same = known.get(kid)
  if (same?.material === material) return same
  try {
    // Loaded with the first key set: a process that has a PEM key never needs it.
    const { importJWK } = await import('jose/key/import')
    const imported = await importJWK({ kty, n, e }, 'RS256')
    if (imported instanceof Uint8Array) return null
    const key = KeyObject.from(imported)
    return problemOfKey(key) === null ? Object.freeze({ kid, material, key }) : null
  } catch {
    return null
  }
}

/** @param pem SPKI, validated by `resolveOptions` */
export function importPem(pem: string): VerificationKey {
  return Object.freeze({ kid: null, material: pem, key: createPublicKey(pem) })
}

/** `key_ops` is a list of texts without duplicates (RFC 7517 §4.3); anything else says nothing that can be relied on. */
function mayVerify(operations: unknown): boolean {
  return (
    Array.isArray(operations) &&
    operations.every((operation) => typeof operation === 'string') &&
    new Set(operations).size === operations.length &&
    operations.includes('verify')
  )
}
