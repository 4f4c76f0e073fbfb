import { WebhookDataError } from '../../ground/errors.js'
import { isObject, type JsonReader, readJson } from '../../ground/json/json-reader.js'
import type {
  InvitationSnapshot,
  MembershipIdentity,
  MembershipReference,
  MembershipSnapshot,
  OrganizationSnapshot,
  RoleSnapshot,
} from '../store/organization.js'
import { carriedFields } from './carried-fields.js'
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
    ...carriedFields(organization, {
      slug: ['slug', 'optionalString'],
      imageUrl: ['image_url', 'optionalString'],
      publicMetadata: ['public_metadata', 'metadata'],
      membersCount: ['members_count', 'optionalTime'],
      createdAt: ['created_at', 'optionalTime'],
    }),
    ...(privateMetadata
      ? carriedFields(organization, { privateMetadata: ['private_metadata', 'metadata'] })
      : {}),
    updatedAt,
    version: updatedAt ?? version,
  }
}

/**
 * The organisation that a membership's data holds, as a snapshot of the organisation's own version. `null` where that is not
 * complete: without name and `updated_at`, or where a field is not what Clerk documents. What the membership says of itself
 * does not depend on it.
 */
export function embeddedOrganizationFromClerk(
  json: unknown,
  { privateMetadata }: Pick<SnapshotOptions, 'privateMetadata'>,
): OrganizationSnapshot | null {
  const organization = readJson(json, 'organization_membership').value('organization')
  try {
    const { updated_at: version, name } = isObject(organization) ? organization : {}
    if (typeof version !== 'number' || typeof name !== 'string' || name === '') return null
    return organizationSnapshotFromClerk(organization, { version, privateMetadata })
  } catch (error) {
    if (error instanceof WebhookDataError) return null
    throw error
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
    ...carriedFields(membership, {
      permissions: ['permissions', 'strings'],
      publicMetadata: ['public_metadata', 'metadata'],
    }),
    updatedAt,
    version: updatedAt ?? version,
  }
}

/**
 * What `organizationMembership.deleted` says of its membership: its id alone is enough. @throws {WebhookDataError}
 */
export function membershipReferenceFromClerk(json: unknown): MembershipReference {
  const membership = readJson(json, 'organization_membership')
  const isWhole = IDENTITY.every((field) => membership.has(field))
  return isWhole ? identity(membership) : { clerkId: membership.id('id') }
}

const IDENTITY = ['organization', 'public_user_data', 'created_at'] as const

/** @throws {WebhookDataError} naming the field that is not what Clerk documents, never its value */
export function invitationSnapshotFromClerk(
  json: unknown,
  { version }: Pick<SnapshotOptions, 'version'>,
): InvitationSnapshot {
  const invitation = readJson(json, 'organization_invitation')
  const updatedAt = invitation.optionalTime('updated_at')
  const { role } = carriedFields(invitation, { role: ['role', 'optionalString'] })
  return {
    clerkId: invitation.id('id'),
    orgId: invitation.id('organization_id'),
    email: invitation.string('email_address'),
    ...(role !== undefined && { role: role === null ? null : withPrefix(role) }),
    status: invitation.id('status'),
    ...carriedFields(invitation, {
      publicMetadata: ['public_metadata', 'metadata'],
      createdAt: ['created_at', 'optionalTime'],
      expiresAt: ['expires_at', 'optionalTime'],
    }),
    updatedAt,
    version: updatedAt ?? version,
  }
}

/** @throws {WebhookDataError} naming the field that is not what Clerk documents, never its value */
export function roleSnapshotFromClerk(
  json: unknown,
  { version }: Pick<SnapshotOptions, 'version'>,
): RoleSnapshot {
  const role = readJson(json, 'role')
  const updatedAt = role.optionalTime('updated_at')
  // A role is what it permits: a list that is not there is neither an empty one nor the one that is stored.
  if (!Array.isArray(role.value('permissions'))) throw new WebhookDataError('role.permissions is not a list.')
  return {
    clerkId: role.id('id'),
    key: withPrefix(role.id('key')),
    ...carriedFields(role, { name: ['name', 'optionalString'] }),
    permissions: role.objects('permissions').map((permission) => permission.id('key')),
    updatedAt,
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
