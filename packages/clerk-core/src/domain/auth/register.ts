import type { ClerkOrganizations } from '../organizations/organizations.js'
import type { MembershipRecord } from '../store/organization.js'
import type { UserRecord } from '../store/user.js'
import type { ClerkUsers } from '../users/users.js'

/**
 * The application's own types reach `req.auth` through one declaration:
 *
 * ```ts
 * declare module '@acme/clerk-core' {
 *   interface Register { clerk: typeof clerk }
 * }
 * ```
 *
 * `localUser` may name the type of the users whom the application's own login signs in.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging in the application.
export interface Register {}

export type RegisteredUser = Register extends { clerk: { users: ClerkUsers<infer U> } } ? U : UserRecord
export type RegisteredMembership = Register extends { clerk: { organizations: ClerkOrganizations<infer M> } }
  ? M
  : MembershipRecord
export type RegisteredLocalUser = Register extends { localUser: infer L } ? L : unknown
