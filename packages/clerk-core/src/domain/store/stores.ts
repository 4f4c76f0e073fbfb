import type { Inbox } from './inbox.js'
import type { MembershipRecord, OrganizationRecord, OrganizationStore } from './organization.js'
import type { UserRecord, UserStore } from './user.js'

/** The three stores, as a store factory (`prismaStore(prisma)`, `memoryStore()`) returns them; spread into the options. */
export interface Stores<
  U extends UserRecord = UserRecord,
  M extends MembershipRecord = MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
> {
  users: UserStore<U>
  organizations: OrganizationStore<O, M>
  inbox: Inbox
}
