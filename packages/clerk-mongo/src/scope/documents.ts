import type { Document } from 'mongodb'
import { OPERATORS } from './operators.js'
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
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  if (isValue(value)) {
    // The driver would send what this method answers.
    if ('toBSON' in value) throw new TenantScopeError('A value has a toBSON method: pass a plain one.')
    return value
  }
  const document = asDocument(value, 'A value')
  for (const name of Object.keys(document)) {
    if (CODE.has(name)) throw new TenantScopeError(`${name} cannot be confined: it runs code on the server.`)
  }
  return Object.fromEntries(Object.entries(document).map(([name, nested]) => [name, plain(nested)]))
}

export const plainDocument = (value: unknown, what: string): Document =>
  plain(asDocument(value, what)) as Document

/** @throws {TenantScopeError} for an operator that is not known to stay with the document at hand */
export function checkOperators(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) checkOperators(item)
  else if (typeof value === 'object' && value !== null && !isValue(value)) {
    for (const [name, nested] of Object.entries(value)) {
      if (name.startsWith('$') && !OPERATORS.has(name)) {
        throw new TenantScopeError(`The operator ${name} cannot be confined to a tenant.`)
      }
      checkOperators(nested)
    }
  }
}
