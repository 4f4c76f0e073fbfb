import type { Document } from 'mongodb'
import { asDocument, checkOperators, plainDocument } from './documents.js'
import { UPDATES } from './operators.js'
import { TenantScopeError } from './tenant-scope-error.js'

/** One tenant's part of a collection: the documents whose `field` is `id`. */
export interface Tenant {
  readonly field: string
  readonly id: string
}

/** `$and` leaves the caller's filter no way around the tenant's, whatever it holds. */
export function confineFilter({ field, id }: Tenant, filter: unknown = {}): Document {
  const given = plainDocument(filter, 'A filter')
  checkOperators(given)
  return { $and: [{ [field]: { $eq: id } }, given] }
}

/** A document to insert, or to put in the place of another. */
export function stamp({ field, id }: Tenant, document: unknown): Document {
  const stamped = plainDocument(document, 'A document')
  if (field in stamped && stamped[field] !== id) throw foreign(field)
  return { ...stamped, [field]: id }
}

const foreign = (field: string) =>
  new TenantScopeError(`"${field}" is the tenant's: it cannot be written, and no document can change it.`)

/** Whether writing this path writes the field, or something in it. */
const touches = (path: unknown, field: string) =>
  typeof path === 'string' && (path === field || path.startsWith(`${field}.`))

/** An update with operators. A pipeline can compute any document, so it cannot be confined. */
export function confineUpdate({ field, id }: Tenant, update: unknown, upsert: boolean): Document {
  if (Array.isArray(update))
    throw new TenantScopeError('An update pipeline cannot be confined: use operators.')
  const confined = plainDocument(update, 'An update')
  for (const [operator, changes] of Object.entries(confined)) {
    if (!operator.startsWith('$'))
      throw new TenantScopeError('An update needs operators: use replaceOne to replace.')
    if (!UPDATES.has(operator))
      throw new TenantScopeError(`The update operator ${operator} cannot be confined to a tenant.`)
    if (operator === '$pull') checkOperators(changes)
    for (const [path, value] of Object.entries(asDocument(changes, `The ${operator} of an update`))) {
      if (touches(path, field) || (operator === '$rename' && touches(value, field))) throw foreign(field)
    }
  }
  return upsert ? { ...confined, $setOnInsert: { ...confined.$setOnInsert, [field]: id } } : confined
}
