import type { KeyObject } from 'node:crypto'

/** RFC 7518 §3.3. */
const LEAST_BITS = 2048
/** Of public exponents. FIPS 186-5 §5.4 asks for more; 3 is in old keys, and verifies safely with PKCS #1 v1.5 padding checked in full. */
const LEAST_EXPONENT = 3n

/**
 * Why a public key may not verify tokens; `null`: it may. The one rule for every door that keys come through: the
 * configured PEM and the key set.
 */
export function problemOfKey({ type, asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | null {
  if (type !== 'public') return 'is not a public key.'
  // An RSA-PSS key is for PS256 (RFC 8725 §3.1: a key is used with its own algorithm).
  if (asymmetricKeyType !== 'rsa') return 'is not an RSA key.'
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {}
  if (modulusLength < LEAST_BITS) return `is an RSA key of ${modulusLength} bits, fewer than ${LEAST_BITS}.`
  // With exponent 1 every padded hash is its own signature; an even one is no RSA key (RFC 8017 §3.1).
  if (publicExponent < LEAST_EXPONENT || publicExponent % 2n === 0n) {
    return `is an RSA key with the public exponent ${publicExponent}, which is not odd and at least ${LEAST_EXPONENT}.`
  }
  return null
}
