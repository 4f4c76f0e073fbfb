import type { Metadata } from './json.js'

// What the programmatic helpers take: the parameters of the official client, camel case.

interface ProfileParams {
  username?: string | null
  password?: string
  firstName?: string | null
  lastName?: string | null
  externalId?: string | null
  publicMetadata?: Metadata
  privateMetadata?: Metadata
  unsafeMetadata?: Metadata
  locale?: string | null
}

export interface CreateUserParams extends ProfileParams {
  /** Verified unless `emailAddressIdentificationStatus` says `'reserved'`. */
  emailAddress?: string | readonly string[]
  emailAddressIdentificationStatus?: readonly ('verified' | 'reserved')[]
  phoneNumber?: string | readonly string[]
  phoneNumberIdentificationStatus?: readonly ('verified' | 'reserved')[]
  passwordDigest?: string
  passwordHasher?: string
  skipPasswordChecks?: boolean
  skipPasswordRequirement?: boolean
  banned?: boolean
  locked?: boolean
  /** Milliseconds, or RFC 3339. */
  createdAt?: number | string
}

export interface UpdateUserParams extends ProfileParams {
  primaryEmailAddressId?: string
  primaryPhoneNumberId?: string
  signOutOfOtherSessions?: boolean
}

export interface CreateOrganizationParams {
  name: string
  slug?: string
  /** User id; becomes `org:admin`. */
  createdBy?: string
  maxAllowedMemberships?: number
  publicMetadata?: Metadata
  privateMetadata?: Metadata
}

export type UpdateOrganizationParams = Partial<Omit<CreateOrganizationParams, 'createdBy'>>
