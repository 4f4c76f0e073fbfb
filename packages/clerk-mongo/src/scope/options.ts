import type { Document } from 'mongodb'
import { asDocument, checkOperators, plain } from './documents.js'
import { TenantScopeError } from './tenant-scope-error.js'

/**
 * Options that cannot widen an operation. Left out are `collation`, under which another tenant's id may compare equal, and
 * `out`, which writes to another collection; and whatever a driver has yet to invent.
 */
const SAFE = new Set([
  'allowDiskUse',
  'arrayFilters',
  'batchSize',
  'bypassDocumentValidation',
  'comment',
  'hint',
  'ignoreUndefined',
  'includeResultMetadata',
  'let',
  'limit',
  'maxAwaitTimeMS',
  'maxTimeMS',
  'ordered',
  'projection',
  'readConcern',
  'readPreference',
  'returnDocument',
  'session',
  'signal',
  'skip',
  'sort',
  'timeoutMS',
  'upsert',
  'writeConcern',
])

/** The driver's own objects, which are handed on as they are. */
const OPAQUE = new Set(['readPreference', 'readConcern', 'writeConcern', 'session', 'signal'])

export function confineOptions(options: unknown = {}): Document {
  const confined: Document = {}
  for (const [name, value] of Object.entries(asDocument(options, 'Options'))) {
    if (value === undefined) continue
    if (!SAFE.has(name)) {
      throw new TenantScopeError(`The option ${name} cannot be used on a scoped collection.`)
    }
    if (name === 'upsert' && typeof value !== 'boolean') {
      throw new TenantScopeError('The option upsert must be true or false.')
    }
    confined[name] = OPAQUE.has(name) ? value : plain(value)
    if (!OPAQUE.has(name)) checkOperators(confined[name])
  }
  return confined
}

/**
 * Options of what compares: character by character, whatever collation the collection was created with. Under one that
 * ignores case `org_abc` equals `org_ABC`.
 */
export const confineComparing = (options: unknown): Document => ({
  ...confineOptions(options),
  collation: { locale: 'simple' },
})
