import type { Instance } from '../resources/instance.js'
import type { Metadata, UserJSON } from '../resources/json.js'
import { assertRoom } from '../resources/memberships.js'
import { acceptOrganizationInvitation } from '../resources/organization-invitations.js'

/** What an invitation, to the application or to an organisation, says about the user it is for. */
export interface Invited {
  readonly id: string
  readonly email_address: string
  /** Of the user. */
  readonly public_metadata: Metadata
}

/** The pending invitation that is meant by its id, which stands in its link. */
export function pendingInvitation({ state, now }: Instance, id: string): Invited | undefined {
  const open = (invitation: { status: string; expires_at: number | null } | undefined) =>
    invitation?.status === 'pending' && now() < (invitation.expires_at ?? Number.POSITIVE_INFINITY)
  const toApplication = state.invitations.get(id)
  if (toApplication && open(toApplication)) return toApplication
  const toOrganization = state.organizationInvitations.get(id)
  if (!toOrganization || !open(toOrganization)) return undefined
  // Its metadata is the membership's.
  return { id, email_address: toOrganization.email_address, public_metadata: {} }
}

/** Before a user is made who could not follow it. @throws {BackendError} 403 for an organisation that is full */
export function assertAcceptable(instance: Instance, id: string, email: string | null): void {
  const { state } = instance
  const organization = state.organizations.get(state.organizationInvitations.get(id)?.organization_id ?? '')
  if (organization && pendingInvitation(instance, id)?.email_address === email)
    assertRoom(instance, organization)
}

/** Following the link of an invitation: membership, or the invitation's public metadata. */
export function acceptInvitation(instance: Instance, id: string, user: UserJSON): void {
  const invited = pendingInvitation(instance, id)
  const primary = user.email_addresses.find((one) => one.id === user.primary_email_address_id)
  if (!invited || invited.email_address !== primary?.email_address) return
  const toApplication = instance.state.invitations.get(id)
  if (toApplication) {
    toApplication.status = 'accepted'
    user.public_metadata = { ...toApplication.public_metadata }
  } else acceptOrganizationInvitation(instance, id, user.id)
}
