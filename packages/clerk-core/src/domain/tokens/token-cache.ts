/** What was verified, by the SHA-256 of the whole token. */
export interface TokenCache<T extends CacheEntry> {
  get(digest: string): T | undefined
  set(token: T): void
}

interface CacheEntry {
  readonly digest: string
  /** Since the cache last looked for a place. */
  used: boolean
}

/** How many places are looked at for one token: the first that was not used is taken, else the last of them. */
const LONGEST_SEARCH = 32

/**
 * Bounded, and what is used stays: a token that has been used since its turn came last is passed over once ("second chance",
 * an approximation of least recently used). Unlike a list in the order of use, a hit writes nothing but a mark on the
 * entry that it reads anyway: behind a busy server the neighbours in such a list are in no cache of the processor.
 *
 * @param max entries; 0 remembers nothing
 */
export function createTokenCache<T extends CacheEntry>(max: number): TokenCache<T> {
  /** In the order of their turns. */
  const entries = new Map<string, T>()

  function makeRoom(): void {
    let looked = 0
    for (const [digest, token] of entries) {
      entries.delete(digest)
      if (!token.used || ++looked >= LONGEST_SEARCH) return
      token.used = false
      entries.set(digest, token)
    }
  }

  return {
    get(digest) {
      const token = entries.get(digest)
      if (token !== undefined && !token.used) token.used = true
      return token
    },
    set(token) {
      if (max === 0) return
      if (entries.size >= max && !entries.has(token.digest)) makeRoom()
      entries.set(token.digest, token)
    },
  }
}
