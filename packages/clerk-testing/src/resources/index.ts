import type { Binding } from '../server/api.js'
import { billingOperations } from './billing.js'
import { contactOperations } from './contacts.js'
import { credentialOperations } from './credentials.js'
import { enterpriseOperations } from './enterprise.js'
import { invitationOperations } from './invitations.js'
import { machineOperations } from './machines.js'
import { membershipOperations } from './memberships.js'
import { messageOperations } from './messages.js'
import { organizationDomainOperations } from './organization-domains.js'
import { organizationInvitationOperations } from './organization-invitations.js'
import { organizationOperations } from './organizations.js'
import { roleOperations } from './roles.js'
import { sessionOperations } from './sessions.js'
import { settingsOperations } from './settings.js'
import { ticketOperations } from './tickets.js'
import { userOperations } from './users.js'

/** What every operation of the Backend API does. */
export const bindings: readonly Binding[] = [
  ...userOperations,
  ...contactOperations,
  ...sessionOperations,
  ...organizationOperations,
  ...membershipOperations,
  ...organizationInvitationOperations,
  ...organizationDomainOperations,
  ...roleOperations,
  ...invitationOperations,
  ...ticketOperations,
  ...machineOperations,
  ...credentialOperations,
  ...enterpriseOperations,
  ...billingOperations,
  ...messageOperations,
  ...settingsOperations,
]
