import { deepFreeze } from '../../ground/json/deep-freeze.js'
import { type Observer, SILENT } from '../../ground/observe/observer.js'
import type { SessionClaims } from '../tokens/session-claims.js'

/** A cookie session has 4 KB for everything. */
const MOST_BYTES = 1024

type Claims = Readonly<Record<string, unknown>>

/** The named claims that are there; `null` where there are none. */
export function pickClaims(claims: Claims, names: readonly string[]): Claims | null {
  // `fromEntries` defines each key, so that `__proto__` is a claim like any other.
  const picked = names.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]])
  return picked.length === 0 ? null : Object.fromEntries(picked)
}

/** What a record keeps of a token's claims. More than 1 KB of JSON is not kept at all: half of them would mislead. */
export function claimsToKeep(claims: SessionClaims, names: readonly string[]): Claims | null {
  if (names.length === 0) return null
  const picked = pickClaims(claims, names)
  return picked === null || Buffer.byteLength(JSON.stringify(picked)) > MOST_BYTES ? null : picked
}

/** Warns once, when the first record is written without claims that were too large for it. */
export function createLargeClaimsWarning(
  names: readonly string[],
  observer: Pick<Observer, 'warn'> = SILENT,
): (claims: SessionClaims) => void {
  let warned = names.length === 0
  return (claims) => {
    if (warned || pickClaims(claims, names) === null || claimsToKeep(claims, names) !== null) return
    warned = true
    observer.warn(
      'ACME_CLERK_KEEP_CLAIMS',
      `The claims that session.keepClaims names take more than ${MOST_BYTES} bytes, and are not kept. Name smaller ones.`,
    )
  }
}

/** A frozen copy for the application: the record lies in the session, where a handler must not change it. */
export function copyOfClaims(kept: Claims, names: readonly string[]): Claims | undefined {
  const picked = pickClaims(kept, names)
  return picked === null ? undefined : deepFreeze(structuredClone(picked))
}
