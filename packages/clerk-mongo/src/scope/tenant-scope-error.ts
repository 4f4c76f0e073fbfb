/**
 * An operation that a scoped collection cannot confine to its tenant, or that would move a document to another. Thrown
 * before anything is sent.
 */
export class TenantScopeError extends Error {
  override readonly name = 'TenantScopeError'
  readonly code = 'tenant-scope'
}
