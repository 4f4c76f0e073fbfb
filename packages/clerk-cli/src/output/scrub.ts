/** What a message of another program may quote, and no output shows: keys and tokens, passwords in URLs, addresses. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(sk_(?:test|live)|ak|mt|oat|ept|whsec)_[\w+/=-]{4,}/g, '$1_…'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '(token)'],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1…@'],
  [/[\w.%+-]+@(?:[\w-]+\.)+[a-z]{2,}\b/gi, '(address)'],
]

/** The text without secrets and addresses. */
export function scrub(text: string): string {
  return SECRETS.reduce((cleaned, [pattern, replacement]) => cleaned.replace(pattern, replacement), text)
}
