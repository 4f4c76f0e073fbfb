import { isUtf8 } from 'node:buffer'
import { deepFreeze } from '../../ground/json/deep-freeze.js'

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

/**
 * Reads tokens. An instance of Clerk signs with a handful of headers, which differ in the key id alone: those of tokens
 * that were verified are not decoded again.
 */
export interface TokenParser {
  /** `null` when this is not exactly three canonical base64url parts with JSON objects in the first two. Never throws. */
  parse(token: string): ParsedToken | null
  /** Only for a token whose signature is good: what anybody can send must not push a header out. */
  rememberHeader(verified: ParsedToken): void
}

interface KnownHeader {
  /** As it was sent, the dot after it included: no other header begins a token with the same text. */
  readonly text: string
  readonly header: JsonObject
}

/** A rotation has two keys, and tokens of two kinds may be accepted. */
const KNOWN_HEADERS = 8

export function createTokenParser(): TokenParser {
  let known: readonly KnownHeader[] = []

  const find = (token: string): KnownHeader | undefined => {
    for (const one of known) if (token.slice(0, one.text.length) === one.text) return one
    return undefined
  }

  return {
    parse: (token) => parseToken(token, find(token)),
    rememberHeader({ header, signingInput }) {
      if (known.some((one) => one.header === header) || find(signingInput) !== undefined) return
      // A copy: a part of a string keeps the whole token in memory.
      const text = Buffer.from(signingInput.slice(0, signingInput.indexOf('.') + 1)).toString('latin1')
      known = [{ text, header: deepFreeze(header) }, ...known.slice(0, KNOWN_HEADERS - 1)]
    },
  }
}

/** See {@link TokenParser.parse}. */
export function parseToken(token: string, known?: KnownHeader): ParsedToken | null {
  const first = known === undefined ? token.indexOf('.') : known.text.length - 1
  const second = token.indexOf('.', first + 1)
  if (first < 1 || second < 0 || token.indexOf('.', second + 1) >= 0 || !mayBeBase64Url(token)) return null
  const header = known?.header ?? decodeObject(token.slice(0, first))
  const payload = header && decodeObject(token.slice(first + 1, second))
  const signature = payload && decode(token.slice(second + 1))
  if (!signature) return null
  return { header, payload, signingInput: token.slice(0, second), signature }
}

/** The first part alone; `null` when it is not canonical base64url of a JSON object. */
export const decodeHeader = (part: string): JsonObject | null => decodeObject(part)

/**
 * Leaves only characters that Node's decoder either knows or skips. It reads the alphabet of plain base64 too, and of a
 * character beyond U+00FF the lower half.
 */
function mayBeBase64Url(token: string): boolean {
  return Buffer.byteLength(token) === token.length && !token.includes('+') && !token.includes('/')
}

/**
 * Canonical base64url only (RFC 7515 §2: no padding, no line breaks, no white space; RFC 4648 §3.5: no stray trailing
 * bits). Node's decoder is lenient, and two spellings of one token would be two entries of the cache and of any list
 * of refused ones. What the decoder skips is missing in the number of bytes, except for a character that stands alone at the
 * end; the last character tells of stray bits. That says the same as encoding again, for less.
 *
 * @param bytes how many were decoded from it
 */
function isCanonical(part: string, bytes: number): boolean {
  const { length } = part
  const unused = UNUSED[length % 4]
  if (unused === undefined || bytes === 0 || bytes !== (length * 3) >> 2) return false
  return ((VALUES[part.charCodeAt(length - 1)] ?? UNKNOWN) & unused) === 0
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** No character of the alphabet. */
const UNKNOWN = 0x80
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = ALPHABET.indexOf(String.fromCharCode(code))
  return value < 0 ? UNKNOWN : value
})
/**
 * What the value of the last character must not have, by the length of a part modulo four: two characters carry one byte and
 * four unused bits, three two and two. One alone carries nothing.
 */
const UNUSED: readonly (number | undefined)[] = [UNKNOWN, undefined, UNKNOWN | 0b1111, UNKNOWN | 0b11]

function decode(part: string): Buffer | null {
  const bytes = Buffer.from(part, 'base64url')
  return isCanonical(part, bytes.length) ? bytes : null
}

/** Where parts are decoded that become a text at once: a buffer for each costs more than decoding it. */
const scratch = Buffer.alloc(MAX_TOKEN_LENGTH)

function decodeObject(part: string): JsonObject | null {
  const length = scratch.write(part, 0, 'base64url')
  if (!isCanonical(part, length)) return null
  // A byte order mark stays where it is, so that JSON.parse refuses it instead of two texts meaning one payload.
  const text = scratch.toString('utf8', 0, length)
  // What is no UTF-8 has become U+FFFD. Few texts have that in them for another reason.
  if (text.includes('\uFFFD') && !isUtf8(scratch.subarray(0, length))) return null
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
  } catch {
    return null
  }
}
