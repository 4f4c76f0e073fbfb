import type { ConformanceCase } from '../case.js'
import { organizationAbsenceCases, userAbsenceCases } from './absence.js'
import { applicationColumnCases } from './application-columns.js'
import { inboxClaimCases } from './inbox-claims.js'
import { inboxEventCases } from './inbox-events.js'
import { inboxLogCases } from './inbox-log.js'
import { organizationListingCases, userListingCases } from './listing.js'
import { membershipCases } from './memberships.js'
import { invitationCases, organizationCases } from './organizations.js'
import { raceCases } from './races.js'
import { roleCases } from './roles.js'
import { userActivityCases } from './user-activity.js'
import { userBulkCases } from './user-bulk.js'
import { userClaimsCases } from './user-claims.js'
import { userDeletionCases } from './user-deletions.js'
import { userInputCases } from './user-input.js'
import { userLinkingCases } from './user-linking.js'
import { userPurgeCases } from './user-purge.js'
import { userSignInCases } from './user-sign-in.js'
import { userTimeCases } from './user-times.js'
import { userUniqueCases } from './user-unique.js'
import { userVersionCases } from './user-versions.js'

/** Everything that a store must do, as data. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...userVersionCases,
  ...userDeletionCases,
  ...userSignInCases,
  ...userClaimsCases,
  ...applicationColumnCases,
  ...userUniqueCases,
  ...userLinkingCases,
  ...userInputCases,
  ...userPurgeCases,
  ...userAbsenceCases,
  ...userActivityCases,
  ...userTimeCases,
  ...userBulkCases,
  ...userListingCases,
  ...organizationCases,
  ...membershipCases,
  ...roleCases,
  ...organizationListingCases,
  ...organizationAbsenceCases,
  ...invitationCases,
  ...inboxClaimCases,
  ...inboxEventCases,
  ...inboxLogCases,
  ...raceCases,
]
