/** Longer tokens are not looked at: Clerk's own limit for a cookie is 4 KB. */
export const MAX_TOKEN_LENGTH = 8192

export type JsonObject = Readonly<Record<string, unknown>>

/** A compact JWS (RFC 7515 §7.1), decoded and not yet verified. */
export interface ParsedToken {
  readonly header: JsonObject
  readonly payload: JsonObject
  /** What is signed: the first two parts as they were sent. */
  readonly signingInput: string
  readonly signature: Uint8Array
}

// `ignoreBOM` keeps a byte order mark, so that JSON.parse refuses it instead of two texts meaning one payload.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `null` when this is not exactly three canonical base64url parts with JSON objects in the first two. Never throws. */
export function parseToken(token: string): ParsedToken | null {
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 1 || second < 0 || token.indexOf('.', second + 1) >= 0) return null
  const header = decodeObject(token.slice(0, first))
  const payload = header && decodeObject(token.slice(first + 1, second))
  const signature = payload && decode(token.slice(second + 1))
  if (!signature) return null
  return { header, payload, signingInput: token.slice(0, second), signature }
}

/** The first part alone; `null` when it is not canonical base64url of a JSON object. */
export const decodeHeader = (part: string): JsonObject | null => decodeObject(part)

/**
 * Canonical base64url only (RFC 7515 §2: no padding, no line breaks, no white space; RFC 4648 §3.5: no stray trailing
 * bits). Node's decoder is lenient, and two spellings of one token would be two entries of the cache and of any list
 * of refused ones.
 */
function decode(part: string): Buffer | null {
  if (part === '') return null
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : null
}

function decodeObject(part: string): JsonObject | null {
  const bytes = decode(part)
  if (bytes === null) return null
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
  } catch {
    return null
  }
}
