import type { MembershipRecord, OrganizationRecord } from '../store/organization.js'

/** `clerk.organizations`: local organisations and memberships by their Clerk ids. */
export interface ClerkOrganizations<
  M extends MembershipRecord = MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
> {
  /** @throws {StoreUnavailableError} */
  get(orgId: string): Promise<Readonly<O> | null>
  /** The newest membership (cached), live or deleted. @throws {StoreUnavailableError} */
  getMembership(orgId: string, userId: string): Promise<Readonly<M> | null>
  /** Live memberships of a user. @throws {StoreUnavailableError} */
  listMemberships(userId: string): Promise<readonly Readonly<M>[]>
  /** Fetches the organisation and its memberships from Clerk and applies them. @throws {ClerkApiError} {@link StoreUnavailableError} */
  refresh(orgId: string): Promise<Readonly<O> | null>
  /**
   * To be called after the application changed the organisation's row or one of its memberships itself. As
   * {@link ClerkUsers.forget}.
   *
   * @throws {StoreInputError} {@link StoreUnavailableError}
   */
  forget(orgId: string): Promise<void>
}
