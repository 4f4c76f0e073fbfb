import { type Json, type Metadata, storable } from '@acme/clerk-core/store'

/** MongoDB refuses documents nested deeper than 100 levels. */
const MAX_DEPTH = 50
/** No encoded key can be this one: `%` is always followed by two hexadecimal digits there. */
const AS_TEXT = '%json'

/**
 * Metadata as a document that every MongoDB takes: keys that it treats as operators or paths (`$gt`, `a.b`) or cannot hold
 * (NUL) are percent-encoded, and what is nested too deep is kept as JSON text. Ordinary keys stay as they are, so that
 * `{ 'publicMetadata.plan': 'pro' }` is still a query.
 */
export function encodeMetadata(metadata: Metadata): Record<string, unknown> {
  return encodeObject(metadata, 0)
}

/** Of a snapshot: `undefined` where it carries none. */
export function encodeCarried(metadata: Metadata | undefined): Record<string, unknown> | undefined {
  return metadata === undefined ? undefined : encodeMetadata(storable(metadata))
}

export function decodeMetadata(document: unknown): Metadata | null {
  return isObject(document) ? (decode(document) as Metadata) : null
}

const encodeKey = (key: string) =>
  key === '__proto__' ? '%5F_proto__' : key === '' ? '%00%' : key.replace(/[%.\0]|^\$/g, percent)
const decodeKey = (key: string) =>
  key === '%00%'
    ? ''
    : key.replace(/%[0-9A-F]{2}/g, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
const percent = (character: string) =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function encodeObject(object: { readonly [key: string]: Json }, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [encodeKey(key), encode(value, depth + 1)]),
  )
}

function encode(value: Json, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) return { [AS_TEXT]: JSON.stringify(value) }
  if (Array.isArray(value)) return value.map((element: Json) => encode(element, depth + 1))
  return encodeObject(value as { readonly [key: string]: Json }, depth)
}

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode)
  if (!isObject(value)) return value
  const text = value[AS_TEXT]
  if (typeof text === 'string') return JSON.parse(text)
  // fromEntries defines `__proto__` as the key it was, where an assignment would set the prototype.
  return Object.fromEntries(Object.entries(value).map(([key, nested]) => [decodeKey(key), decode(nested)]))
}
