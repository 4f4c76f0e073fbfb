import { type ApiCall, action } from '../server/api.js'
import { collection } from '../server/collection.js'
import { BackendError, duplicateRecord, invalidParameter, notFound } from '../server/errors.js'
import type { OperationId } from '../tables/operations.js'
import { emailKind, normalEmail } from './contacts.js'
import { findByIdentifier } from './identifiers.js'
import { type Instance, touch } from './instance.js'
import type { MembershipJSON, Metadata, OrganizationInvitationJSON } from './json.js'
import { answerList } from './lists.js'
import { alreadyMember, createMembership } from './memberships.js'
import { sendEmail } from './messages.js'
import { getOrganization } from './organizations.js'
import { knownRole, roleName } from './roles.js'
import { identifierOf } from './user-list.js'

const day = 86_400_000

interface NewInvitation {
  email_address: string
  role: string
  inviter_user_id?: string | null
  public_metadata?: Metadata | null
  private_metadata?: Metadata | null
  redirect_url?: string | null
  expires_in_days?: number | null
  notify?: boolean | null
}

export function validEmail(value: string): string {
  if (!emailKind.valid(value)) throw invalidParameter('email_address', 'a valid email address')
  return normalEmail(value)
}

/** Where the link of an invitation goes. */
export function invitationUrl({ url }: Instance, id: string, redirectUrl: string | null | undefined): string {
  const target = redirectUrl ? `&redirect_url=${encodeURIComponent(redirectUrl)}` : ''
  return `${url}/sign-up?invitation=${id}${target}`
}

const json = (invitation: OrganizationInvitationJSON, { state }: Instance) => {
  const inviter = state.users.get(invitation.inviter_id ?? '')
  const organization = state.organizations.get(invitation.organization_id)
  return {
    ...invitation,
    public_inviter_data: inviter
      ? { ...inviter, user_id: inviter.id, identifier: identifierOf(inviter) }
      : null,
    public_organization_data: organization,
    // Where the events have it.
    data: { public_organization_data: organization },
  }
}

const expireWhenDue = (invitation: OrganizationInvitationJSON, instance: Instance) => {
  if (invitation.status !== 'pending' || instance.now() < invitation.expires_at) return
  invitation.status = 'expired'
  touch(instance, invitation)
}

const invitations = collection<OrganizationInvitationJSON>({
  path: '/organizations/{organization_id}/invitations',
  table: 'organizationInvitations',
  schema: 'OrganizationInvitation',
  idPrefix: 'orginv',
  parent: { field: 'organization_id', find: getOrganization },
  events: 'organizationInvitation',
  search: ['email_address'],
  alsoLists: ['ListInstanceOrganizationInvitations'],
  filters: { email_address: ({ email_address }, value: string) => email_address === normalEmail(value) },
  prepare: expireWhenDue,
  json,
  options: { limit: 'standard' },
  except: ['CreateOrganizationInvitation'],
})

function create(instance: Instance, organizationId: string, body: NewInvitation): object {
  const organization = getOrganization(instance, organizationId)
  const email = validEmail(body.email_address)
  const role = knownRole(instance, body.role)
  const userId = findByIdentifier(instance, 'email_address', email)
  for (const membership of instance.state.memberships.values()) {
    if (membership.organization_id === organization.id && membership.user_id === userId) throw alreadyMember()
  }
  for (const other of instance.state.organizationInvitations.values()) {
    expireWhenDue(other, instance)
    if (
      other.organization_id === organization.id &&
      other.status === 'pending' &&
      other.email_address === email
    ) {
      throw duplicateRecord('There is a pending invitation for that email address already.')
    }
  }
  if (body.inviter_user_id && !instance.state.users.has(body.inviter_user_id)) throw notFound('user')
  const made = invitations.add(instance, {}, (invitation) => {
    Object.assign(invitation, {
      email_address: email,
      role,
      role_name: roleName(instance, role),
      organization_id: organization.id,
      inviter_id: body.inviter_user_id ?? null,
      status: 'pending',
      public_metadata: body.public_metadata ?? {},
      private_metadata: body.private_metadata ?? {},
      url: invitationUrl(instance, invitation.id, body.redirect_url),
      expires_at: instance.now() + (body.expires_in_days ?? 30) * day,
    })
  })
  if (body.notify !== false) {
    const contact = { email_address: email }
    sendEmail(instance, {
      slug: 'organization_invitation',
      userId: null,
      contact,
      ...(made.url ? { url: made.url } : {}),
    })
  }
  return json(made, instance)
}

/** Invitations to these addresses, of every organisation. */
export function invitationsOf(call: ApiCall, addresses: ReadonlySet<string>): unknown {
  const own = invitations
    .all(call.instance)
    .filter(
      ({ email_address, status }) =>
        addresses.has(email_address) && (call.query.status === undefined || call.query.status === status),
    )
  return answerList(call, own.reverse(), (invitation) => json(invitation, call.instance))
}

/** What following the link of the e-mail does: the user becomes a member. */
export function acceptOrganizationInvitation(instance: Instance, id: string, userId: string): MembershipJSON {
  const invitation = invitations.find(instance, id)
  assertPending(invitation)
  const membership = createMembership(instance, invitation.organization_id, {
    user_id: userId,
    role: invitation.role,
    public_metadata: invitation.public_metadata,
  })
  invitation.status = 'accepted'
  touch(instance, invitation)
  instance.emit('organizationInvitation.accepted', { ...json(invitation, instance), user_id: userId })
  return membership
}

function assertPending({ status }: { status: string }): void {
  if (status === 'pending') return
  throw new BackendError(400, 'organization_invitation_not_pending', 'not pending', {
    longMessage: `The invitation is ${status}.`,
  })
}

export const organizationInvitationOperations = [
  ...invitations.bindings,
  action<NewInvitation>(
    'CreateOrganizationInvitation',
    ({ instance, path, body }) => create(instance, path.organization_id ?? '', body),
    { limit: 'invitation' },
  ),
  action<NewInvitation[]>(
    'CreateOrganizationInvitationBulk',
    ({ instance, path, body }) => {
      if (body.length > 10) throw invalidParameter('body', 'a list of at most 10')
      const data = body.map((one) => create(instance, path.organization_id ?? '', one))
      return { data, total_count: data.length }
    },
    { limit: 'invitation' },
  ),
  action('ListPendingOrganizationInvitations' satisfies OperationId, (call) => {
    const { id } = getOrganization(call.instance, call.path.organization_id ?? '')
    const pending = invitations
      .all(call.instance)
      .filter(({ organization_id, status }) => organization_id === id && status === 'pending')
    return answerList(call, pending.reverse(), (invitation) => json(invitation, call.instance))
  }),
  action('RevokeOrganizationInvitation', ({ instance, path }) => {
    const { id } = getOrganization(instance, path.organization_id ?? '')
    const invitation = invitations.find(instance, path.invitation_id ?? '', id)
    assertPending(invitation)
    invitation.status = 'revoked'
    touch(instance, invitation)
    const shown = json(invitation, instance)
    instance.emit('organizationInvitation.revoked', shown)
    return shown
  }),
]
