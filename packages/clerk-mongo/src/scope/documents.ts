import type { Document } from 'mongodb'
import { TenantScopeError } from './tenant-scope-error.js'

/** They run code on the server, which sees more than the document at hand or may be slow on purpose. */
const CODE = new Set(['$where', '$function', '$accumulator'])

/** Values that the driver writes as one value; everything else that is an object is written as a document. */
const isValue = (value: object) =>
  value instanceof Date ||
  value instanceof RegExp ||
  ArrayBuffer.isView(value) ||
  (!Object.hasOwn(value, '_bsontype') && '_bsontype' in value)

/**
 * What the driver will write for this object: it takes maps, inherited fields and `toBSON` into account, so a check that
 * looks at own fields alone would be looking at another document than the one that is sent.
 */
export function asDocument(value: unknown, what: string): Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isValue(value)) {
    throw new TenantScopeError(`${what} must be a document.`)
  }
  if ('toBSON' in value) throw new TenantScopeError(`${what} has a toBSON method: pass a plain object.`)
  if (value instanceof Map) return Object.fromEntries(value)
  const fields: [string, unknown][] = []
  for (const name in value) fields.push([name, (value as Document)[name]])
  return Object.fromEntries(fields)
}

/** A copy in which every object is plain, all the way down. @throws {TenantScopeError} for code that runs on the server */
export function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isValue(value)) return value
  if (Array.isArray(value)) return value.map(plain)
  const document = asDocument(value, 'A value')
  for (const name of Object.keys(document)) {
    if (CODE.has(name)) throw new TenantScopeError(`${name} cannot be confined: it runs code on the server.`)
  }
  return Object.fromEntries(Object.entries(document).map(([name, nested]) => [name, plain(nested)]))
}

export const plainDocument = (value: unknown, what: string): Document =>
  plain(asDocument(value, what)) as Document
