import { BackendError, invalidParameter, notFound } from '../server/errors.js'
import { flag, ignored, nullable, parse, record, required, text, whole } from '../server/parameters.js'
import { emailKind } from './contacts.js'
import { findByIdentifier } from './identifiers.js'
import { newId } from './ids.js'
import { type Instance, touch } from './instance.js'
import type { InvitationJSON, MembershipJSON, OrganizationInvitationJSON } from './json.js'
import { createMembership, knownRole, roleName } from './memberships.js'
import { getOrganization } from './organizations.js'

const day = 86_400_000

function validEmail(value: string): string {
  if (!emailKind.valid(value)) throw invalidParameter('email_address', 'a valid email address')
  return value.toLowerCase()
}

// Invitations of an organisation

export function createOrganizationInvitation(
  instance: Instance,
  organizationId: string,
  body: unknown,
): OrganizationInvitationJSON {
  const organization = getOrganization(instance, organizationId)
  const given = parse(body, {
    email_address: required(text),
    role: required(text),
    inviter_user_id: nullable(text),
    expires_in_days: nullable(whole),
    public_metadata: record,
    private_metadata: record,
    redirect_url: nullable(text),
    notify: ignored,
  })
  const email = validEmail(given.email_address)
  const member = findByIdentifier(instance, 'email_address', email)
  for (const membership of instance.state.memberships.values()) {
    if (membership.organization_id === organization.id && membership.user_id === member) {
      throw new BackendError(400, 'already_a_member_in_organization', 'already a member', {
        longMessage: 'The user is already a member of the organization.',
      })
    }
  }
  for (const other of organizationInvitations(instance, organization.id)) {
    if (other.status === 'pending' && other.email_address === email) {
      throw new BackendError(400, 'duplicate_record', 'duplicate invitation', {
        longMessage: 'There is a pending invitation for that email address already.',
        meta: { param_name: 'email_address' },
      })
    }
  }
  const id = newId('orginv')
  const now = instance.now()
  const role = knownRole(instance, given.role)
  const invitation: OrganizationInvitationJSON = {
    id,
    object: 'organization_invitation',
    email_address: email,
    role,
    role_name: roleName(role),
    organization_id: organization.id,
    inviter_id: given.inviter_user_id ?? null,
    public_organization_data: {
      id: organization.id,
      name: organization.name,
      slug: organization.slug,
      image_url: organization.image_url,
      has_image: organization.has_image,
    },
    status: 'pending',
    public_metadata: given.public_metadata ?? {},
    private_metadata: given.private_metadata ?? {},
    url: `${instance.url}/sign-up?invitation=${id}`,
    created_at: now,
    updated_at: now,
    expires_at: now + (given.expires_in_days ?? 30) * day,
  }
  instance.state.organizationInvitations.set(id, invitation)
  instance.emit('organizationInvitation.created', invitation)
  return invitation
}

export function organizationInvitations(
  instance: Instance,
  organizationId: string,
): OrganizationInvitationJSON[] {
  return [...instance.state.organizationInvitations.values()]
    .filter((invitation) => invitation.organization_id === organizationId)
    .map((invitation) => {
      if (invitation.status === 'pending' && instance.now() >= invitation.expires_at) {
        invitation.status = 'expired'
        touch(instance, invitation)
      }
      return invitation
    })
}

export function getOrganizationInvitation(
  instance: Instance,
  organizationId: string,
  id: string,
): OrganizationInvitationJSON {
  const { id: organization } = getOrganization(instance, organizationId)
  const invitation = organizationInvitations(instance, organization).find((one) => one.id === id)
  if (!invitation) throw notFound('organization invitation')
  return invitation
}

export function revokeOrganizationInvitation(
  instance: Instance,
  organizationId: string,
  id: string,
  body: unknown,
): OrganizationInvitationJSON {
  const invitation = getOrganizationInvitation(instance, organizationId, id)
  parse(body, { requesting_user_id: nullable(text) })
  assertPending(invitation)
  invitation.status = 'revoked'
  touch(instance, invitation)
  instance.emit('organizationInvitation.revoked', invitation)
  return invitation
}

/** What following the link of the e-mail does: the user becomes a member. */
export function acceptOrganizationInvitation(instance: Instance, id: string, userId: string): MembershipJSON {
  const organizationId = instance.state.organizationInvitations.get(id)?.organization_id ?? ''
  const invitation = getOrganizationInvitation(instance, organizationId, id)
  assertPending(invitation)
  const membership = createMembership(instance, organizationId, {
    user_id: userId,
    role: invitation.role,
    public_metadata: invitation.public_metadata,
  })
  invitation.status = 'accepted'
  invitation.user_id = userId
  touch(instance, invitation)
  instance.emit('organizationInvitation.accepted', invitation)
  return membership
}

function assertPending({ status }: { status: string }): void {
  if (status === 'pending') return
  throw new BackendError(400, 'organization_invitation_not_pending', 'not pending', {
    longMessage: `The invitation is ${status}.`,
  })
}

// Invitations to the instance

export function createInvitation(instance: Instance, body: unknown): InvitationJSON {
  const given = parse(body, {
    email_address: required(text),
    expires_in_days: nullable(whole),
    ignore_existing: nullable(flag),
    public_metadata: record,
    redirect_url: nullable(text),
    notify: ignored,
    template_slug: ignored,
  })
  const email = validEmail(given.email_address)
  const taken =
    findByIdentifier(instance, 'email_address', email) !== undefined ||
    [...instance.state.invitations.values()].some(
      (one) => one.status === 'pending' && one.email_address === email,
    )
  if (taken && given.ignore_existing !== true) {
    throw new BackendError(400, 'duplicate_record', 'duplicate invitation', {
      longMessage: 'There is a pending invitation or a user with that email address already.',
      meta: { param_name: 'email_address' },
    })
  }
  const id = newId('inv')
  const now = instance.now()
  const invitation: InvitationJSON = {
    id,
    object: 'invitation',
    email_address: email,
    public_metadata: given.public_metadata ?? {},
    revoked: false,
    status: 'pending',
    url: `${instance.url}/sign-up?invitation=${id}`,
    expires_at: given.expires_in_days ? now + given.expires_in_days * day : null,
    created_at: now,
    updated_at: now,
  }
  instance.state.invitations.set(id, invitation)
  return invitation
}

export function revokeInvitation(instance: Instance, id: string): InvitationJSON {
  const invitation = instance.state.invitations.get(id)
  if (!invitation) throw notFound('invitation')
  if (invitation.status !== 'pending') {
    throw new BackendError(400, 'invitation_already_accepted', 'not pending', {
      longMessage: `The invitation is ${invitation.status}.`,
    })
  }
  invitation.status = 'revoked'
  invitation.revoked = true
  touch(instance, invitation)
  return invitation
}
