import { createPublicKey, type KeyObject } from 'node:crypto'
import { fetchJson } from '../../ground/http/fetch-json.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import type { ClerkApi } from '../backend-api/clerk-api.js'
import type { InstanceProof } from '../backend-api/complete-listing.js'
import { importKeySet } from './import-keys.js'

const TIMEOUT_MS = 3_000
const MAX_BYTES = 256 * 1024

/**
 * Compares the Backend API's key set, which the secret key selects, with the keys that sign our tokens. A secret key of
 * another instance knows none of our users: to take its listings for complete would delete all of them.
 *
 * Once proven it is remembered for the life of the process; anything else is asked again.
 *
 * @returns a function that rejects with {@link ClerkApiError} when the Backend API gives no key set
 */
export function createInstanceProof(parts: {
  readonly options: Pick<ResolvedOptions, 'keys' | 'issuer' | 'fetch'>
  readonly api: Pick<ClerkApi, 'getJwks'>
}): () => Promise<InstanceProof> {
  const { options, api } = parts
  let proven = false
  return async () => {
    if (proven) return 'proven'
    const ours = await keysOfTokens(options)
    if (ours === null) return 'instance-not-proven'
    const theirs = (await materials(await api.getJwks())) ?? []
    proven = theirs.some((material) => ours.includes(material))
    return proven ? 'proven' : 'other-instance'
  }
}

/** `null`: they cannot be read. */
async function keysOfTokens({
  keys,
  issuer,
  fetch,
}: Pick<ResolvedOptions, 'keys' | 'issuer' | 'fetch'>): Promise<readonly string[] | null> {
  if (keys.kind === 'pem') return [materialOf(createPublicKey(keys.pem))]
  // The Backend API's own set proves nothing about the key that fetches it: the issuer's public one does.
  const url = keys.secretKey === null ? keys.url : `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`
  const { json, problem } = await fetchJson(fetch, { url, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES })
  return problem === null ? materials(json) : null
}

async function materials(document: unknown): Promise<readonly string[] | null> {
  const keys = await importKeySet(document, new Map())
  return keys === null ? null : [...keys.values()].map(({ key }) => materialOf(key))
}

/** The same for one key, whatever it was read from. */
function materialOf(key: KeyObject): string {
  const { n, e } = key.export({ format: 'jwk' })
  return `${n}.${e}`
}
