/** Thrown instead of running a query that cannot be confined to the organisation. */
export class OrganizationScopeError extends Error {
  override readonly name = 'OrganizationScopeError'
  readonly code = 'organization-scope'
}

export const refuse = (message: string): never => {
  throw new OrganizationScopeError(message)
}
