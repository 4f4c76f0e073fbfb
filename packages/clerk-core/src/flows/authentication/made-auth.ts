import type {
  AnonymousAuth,
  LocalAuth,
  MachineAuth,
  UnavailableAuth,
  UserAuth,
} from '../../domain/auth/auth.js'
import type { MembershipRecord, OrganizationRecord } from '../../domain/store/organization.js'
import type { UserRecord } from '../../domain/store/user.js'

/** `undefined`: no such store is configured. */
export interface MadeUserAuth extends Omit<UserAuth, 'user' | 'membership' | 'organization'> {
  readonly user: UserRecord | undefined
  readonly membership: MembershipRecord | null | undefined
  readonly organization: OrganizationRecord | null | undefined
}

/** `undefined`: no user store is configured. */
export interface MadeMachineAuth extends Omit<MachineAuth, 'user'> {
  readonly user: UserRecord | null | undefined
}

/** An `Auth` where it is made: which stores are configured is known at run time, and to the type of the caller's `Clerk`. */
export type MadeAuth = MadeUserAuth | MadeMachineAuth | LocalAuth | AnonymousAuth | UnavailableAuth
