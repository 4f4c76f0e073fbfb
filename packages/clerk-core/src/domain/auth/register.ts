import type { Clerk } from '../../clerk.js'
import type { MembershipRecord } from '../store/organization.js'
import type { UserRecord } from '../store/user.js'
import type { Auth } from './auth.js'

/**
 * The application's own types reach `req.auth` through one declaration:
 *
 * ```ts
 * declare module '@acme/clerk-core' {
 *   interface Register { clerk: typeof clerk }
 * }
 * ```
 *
 * `localUser` may name the type of whoever the application's own login signs in.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging in the application.
export interface Register {}

export type RegisteredUser = Register extends { clerk: Clerk<infer U, infer _M> } ? U : UserRecord
export type RegisteredMembership = Register extends { clerk: Clerk<infer _U, infer M> } ? M : MembershipRecord
export type RegisteredLocalUser = Register extends { localUser: infer L } ? L : unknown
/** The `Auth` of the registered clerk. */
export type RegisteredAuth = Auth<RegisteredUser, RegisteredMembership>
