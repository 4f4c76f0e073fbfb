import type { Metadata } from '../../domain/store/user.js'

/**
 * What Clerk sends in a webhook's `data`, as Clerk documents it (https://clerk.com/docs/webhooks/overview). Only the
 * fields that this package uses are checked before a handler sees them. Times are milliseconds.
 */
export interface UserJson {
  readonly id: string
  readonly object?: 'user'
  readonly username: string | null
  readonly first_name: string | null
  readonly last_name: string | null
  readonly image_url: string | null
  readonly primary_email_address_id: string | null
  readonly primary_phone_number_id: string | null
  readonly email_addresses: readonly {
    readonly id: string
    readonly email_address: string
    readonly verification: { readonly status: string; readonly strategy?: string } | null
  }[]
  readonly phone_numbers: readonly {
    readonly id: string
    readonly phone_number: string
    readonly verification: { readonly status: string; readonly strategy?: string } | null
  }[]
  readonly external_id: string | null
  readonly public_metadata: Metadata
  readonly private_metadata: Metadata
  readonly unsafe_metadata: Metadata
  readonly banned: boolean
  /** A directory has withdrawn the user. */
  readonly deprovisioned?: boolean
  readonly locked: boolean
  readonly last_sign_in_at: number | null
  readonly last_active_at: number | null
  readonly created_at: number
  readonly updated_at: number
  readonly [field: string]: unknown
}

export interface DeletedJson {
  readonly id: string
  readonly object?: string
  readonly deleted: true
  readonly [field: string]: unknown
}

export interface SessionJson {
  readonly id: string
  readonly object?: 'session'
  readonly client_id: string
  readonly user_id: string
  readonly status: string
  readonly last_active_organization_id?: string | null
  readonly last_active_at: number
  readonly expire_at: number
  readonly abandon_at: number
  readonly created_at: number
  readonly updated_at: number
  readonly user?: UserJson | null
  readonly [field: string]: unknown
}

export interface OrganizationJson {
  readonly id: string
  readonly object?: 'organization'
  readonly name: string
  readonly slug: string | null
  readonly image_url?: string | null
  readonly members_count?: number
  readonly public_metadata: Metadata
  readonly private_metadata?: Metadata
  readonly created_by?: string
  readonly created_at: number
  readonly updated_at: number
  readonly [field: string]: unknown
}

export interface MembershipJson {
  readonly id: string
  readonly object?: 'organization_membership'
  readonly role: string
  readonly permissions?: readonly string[]
  readonly public_metadata?: Metadata
  readonly organization: OrganizationJson
  readonly public_user_data: {
    readonly user_id: string
    readonly identifier: string
    readonly first_name: string | null
    readonly last_name: string | null
    readonly image_url?: string | null
    readonly [field: string]: unknown
  }
  readonly created_at: number
  readonly updated_at: number
  readonly [field: string]: unknown
}

export interface InvitationJson {
  readonly id: string
  readonly object?: 'organization_invitation'
  readonly email_address: string
  readonly role: string
  readonly organization_id: string
  readonly status: string
  readonly public_metadata?: Metadata
  readonly created_at: number
  readonly updated_at: number
  readonly expires_at?: number | null
  readonly [field: string]: unknown
}

/** `data` by event type. Types that are not here reach handlers too, with `data: unknown`. */
export interface WebhookData {
  'user.created': UserJson
  'user.updated': UserJson
  'user.deleted': DeletedJson
  'session.created': SessionJson
  'session.ended': SessionJson
  'session.removed': SessionJson
  'session.revoked': SessionJson
  'organization.created': OrganizationJson
  'organization.updated': OrganizationJson
  'organization.deleted': DeletedJson
  'organizationMembership.created': MembershipJson
  'organizationMembership.updated': MembershipJson
  'organizationMembership.deleted': MembershipJson
  'organizationInvitation.created': InvitationJson
  'organizationInvitation.accepted': InvitationJson
  'organizationInvitation.revoked': InvitationJson
}
