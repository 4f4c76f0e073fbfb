import type { UserSnapshot } from '../src/domain/store/user.js'
import type {
  InvitationJson,
  MembershipJson,
  OrganizationJson,
  SessionJson,
  UserJson,
} from '../src/flows/webhooks/events.js'

/** Clerk's JSON, complete and valid, with what a test cares about set. */
export function userJson(
  id: string,
  fields: Partial<UserJson> & { email?: string; verified?: boolean } = {},
): UserJson {
  const { email = `${id}@example.com`, verified = true, ...rest } = fields
  return {
    id,
    object: 'user',
    username: null,
    first_name: null,
    last_name: null,
    image_url: 'https://img.clerk.com/x',
    primary_email_address_id: 'idn_1',
    primary_phone_number_id: null,
    email_addresses: [
      {
        id: 'idn_1',
        email_address: email,
        verification: { status: verified ? 'verified' : 'unverified', strategy: 'email_code' },
      },
    ],
    phone_numbers: [],
    external_id: null,
    public_metadata: {},
    private_metadata: {},
    unsafe_metadata: {},
    banned: false,
    deprovisioned: false,
    locked: false,
    last_sign_in_at: null,
    last_active_at: null,
    created_at: 1_000,
    updated_at: 1_000,
    ...rest,
  }
}

export function organizationJson(id: string, fields: Partial<OrganizationJson> = {}): OrganizationJson {
  return {
    id,
    object: 'organization',
    name: id,
    slug: id.replace('_', '-'),
    image_url: 'https://img.clerk.com/x',
    public_metadata: {},
    private_metadata: {},
    created_at: 1_000,
    updated_at: 1_000,
    ...fields,
  }
}

export function membershipJson(
  id: string,
  orgId: string,
  userId: string,
  fields: Partial<MembershipJson> = {},
): MembershipJson {
  return {
    id,
    object: 'organization_membership',
    role: 'org:member',
    permissions: [],
    public_metadata: {},
    organization: organizationJson(orgId),
    public_user_data: {
      user_id: userId,
      identifier: `${userId}@example.com`,
      first_name: null,
      last_name: null,
    },
    created_at: 1_000,
    updated_at: 1_000,
    ...fields,
  }
}

export function invitationJson(
  id: string,
  orgId: string,
  fields: Partial<InvitationJson> = {},
): InvitationJson {
  return {
    id,
    object: 'organization_invitation',
    email_address: `${id}@example.com`,
    role: 'org:member',
    organization_id: orgId,
    status: 'pending',
    public_metadata: {},
    created_at: 1_000,
    updated_at: 1_000,
    expires_at: null,
    ...fields,
  }
}

export function sessionJson(id: string, userId: string, fields: Partial<SessionJson> = {}): SessionJson {
  return {
    id,
    object: 'session',
    client_id: 'client_1',
    user_id: userId,
    status: 'active',
    last_active_at: 1_000,
    expire_at: 2_000_000_000_000,
    abandon_at: 2_000_000_000_000,
    created_at: 1_000,
    updated_at: 1_000,
    ...fields,
  }
}

/** The envelope of a webhook. */
export function eventJson(type: string, data: object, timestamp = 1_000) {
  return { data, object: 'event', type, timestamp, instance_id: 'ins_1' }
}

/** What a store is given for a user. */
export function userSnapshot(clerkId: string, fields: Partial<UserSnapshot> = {}): UserSnapshot {
  return {
    clerkId,
    email: `${clerkId}@example.com`,
    emailVerified: true,
    username: null,
    phone: null,
    firstName: null,
    lastName: null,
    imageUrl: null,
    externalId: null,
    publicMetadata: {},
    banned: false,
    deprovisioned: false,
    locked: false,
    createdAt: 1_000,
    updatedAt: 1_000,
    lastSignInAt: null,
    lastActiveAt: null,
    version: 1_000,
    ...fields,
  }
}
