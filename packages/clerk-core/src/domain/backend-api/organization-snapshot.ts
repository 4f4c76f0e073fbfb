import { type JsonReader, readJson } from '../../ground/json/json-reader.js'
import type {
  InvitationSnapshot,
  MembershipIdentity,
  MembershipSnapshot,
  OrganizationSnapshot,
} from '../store/organization.js'
import type { SnapshotOptions } from './user-snapshot.js'

/** @throws {WebhookDataError} naming the field that is not what Clerk documents, never its value */
export function organizationSnapshotFromClerk(
  json: unknown,
  { version, privateMetadata }: SnapshotOptions,
): OrganizationSnapshot {
  const organization = readJson(json, 'organization')
  const updatedAt = organization.optionalTime('updated_at')
  return {
    clerkId: organization.id('id'),
    name: organization.string('name'),
    slug: organization.optionalString('slug'),
    imageUrl: organization.optionalString('image_url'),
    publicMetadata: organization.metadata('public_metadata'),
    ...(privateMetadata ? { privateMetadata: organization.metadata('private_metadata') } : {}),
    membersCount: organization.optionalTime('members_count'),
    createdAt: organization.optionalTime('created_at'),
    updatedAt,
    version: updatedAt ?? version,
  }
}

/** @throws {WebhookDataError} naming the field that is not what Clerk documents, never its value */
export function membershipSnapshotFromClerk(
  json: unknown,
  { version }: Pick<SnapshotOptions, 'version'>,
): MembershipSnapshot {
  const membership = readJson(json, 'organization_membership')
  const updatedAt = membership.optionalTime('updated_at')
  return {
    ...identity(membership),
    role: withPrefix(membership.id('role')),
    permissions: membership.strings('permissions'),
    publicMetadata: membership.metadata('public_metadata'),
    updatedAt,
    version: updatedAt ?? version,
  }
}

/** What `organizationMembership.deleted` needs of its data. @throws {WebhookDataError} */
export function membershipIdentityFromClerk(json: unknown): MembershipIdentity {
  return identity(readJson(json, 'organization_membership'))
}

/** @throws {WebhookDataError} naming the field that is not what Clerk documents, never its value */
export function invitationSnapshotFromClerk(
  json: unknown,
  { version }: Pick<SnapshotOptions, 'version'>,
): InvitationSnapshot {
  const invitation = readJson(json, 'organization_invitation')
  const updatedAt = invitation.optionalTime('updated_at')
  const role = invitation.optionalString('role')
  return {
    clerkId: invitation.id('id'),
    orgId: invitation.id('organization_id'),
    email: invitation.string('email_address'),
    role: role === null ? null : withPrefix(role),
    status: invitation.id('status'),
    publicMetadata: invitation.metadata('public_metadata'),
    createdAt: invitation.optionalTime('created_at'),
    updatedAt,
    expiresAt: invitation.optionalTime('expires_at'),
    version: updatedAt ?? version,
  }
}

function identity(membership: JsonReader): MembershipIdentity {
  return {
    clerkId: membership.id('id'),
    orgId: membership.object('organization').id('id'),
    userId: membership.object('public_user_data').id('user_id'),
    createdAt: membership.time('created_at'),
  }
}

/** Clerk's older roles came without it; `has()` and the stores know one form. */
function withPrefix(role: string): string {
  return role.startsWith('org:') ? role : `org:${role}`
}
